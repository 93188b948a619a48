import Wire

/// From bytes to requests.
extension Connection {
    /// Reads and hands over, one request at a time, as much as one round allows.
    func read() {
        var reads = 0
        while phase == .reading || phase == .lingering {
            if phase == .reading, !early.isEmpty {
                feedEarly()
                continue
            }
            guard readable else { return }
            guard reads < server.limits.readsPerRound else { return server.loop.queue(self) }
            reads += 1
            readOnce()
        }
    }

    private func readOnce() {
        let buffer = server.readBuffer
        let isDropped = phase == .lingering
        guard let outcome = isDropped ? transport?.readRaw(into: buffer) : transport?.read(into: buffer)
        else { return }
        switch outcome {
        case .bytes(let count, let isDry):
            // An end behind it has been told by EPOLLRDHUP, or will be.
            if isDry, !peerEnded { readable = false }
            server.counters.bytesIn += count
            guard phase == .reading else { return }
            let used = feed(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            if used < count, phase != .closed, phase != .lingering {
                early.append(UnsafeRawBufferPointer(rebasing: buffer[used..<count]))
            }
        case .wouldBlock: readable = false
        case .ended:
            readable = false
            peerEnded = true
            inputEnded = true
            if phase == .lingering { close() }
        case .failed:
            readable = false
            broken = true
            if phase == .lingering { close() }
        }
    }

    private func feedEarly() {
        // Taken out meanwhile: a request's end may close the connection and empty the queue.
        var taken = early
        early = ByteQueue()
        let used = taken.withUnsafeBytes { feed($0) }
        taken.drop(used)
        if phase != .closed, phase != .lingering { early = taken }
    }

    /// Returns how much of it was used: up to the end of a request that isn't answered yet.
    private func feed(_ bytes: UnsafeRawBufferPointer) -> Int {
        isFeeding = true
        defer { isFeeding = false }
        var input = bytes
        do throws(WireError) {
            while phase == .reading, let event = try parser.next(&input) {
                switch event {
                case .head(let head): headArrived(head, moreIsHere: !input.isEmpty)
                case .body(let part): try bodyArrived(part)
                case .end: requestArrived()
                }
            }
        } catch {
            refuse(error)
        }
        if phase == .reading { setTime() }
        return bytes.count - input.count
    }

    private func headArrived(_ head: RequestHead, moreIsHere: Bool) {
        self.head = head
        isHeadTimed = false
        began = server.loop.now
        guard head.hasBody else { return }
        terms = ResponseEncoder.Terms(head)
        if let answer = server.handler?.refusal(of: head) {
            server.counters.refusals += 1
            return answerAndClose(answer)
        }
        // Only a claim so far; more memory comes with more of the body.
        if case .length(let count) = head.framing { body.reserveCapacity(min(count, 16 * 1024)) }
        if head.expectsContinue, !moreIsHere {
            // RFC 9110 §10.1.1: may be left out when some of the body has come.
            server.encoder.bytes.removeAll(keepingCapacity: true)
            server.encoder.appendContinue()
            if putEncoded() == .gone { close() }
        }
    }

    private func bodyArrived(_ part: UnsafeRawBufferPointer) throws(WireError) {
        guard server.bodyBytesHeld + part.count <= server.limits.bodyBytesInAll else {
            throw WireError(status: 503, detail: "too many bodies arrive at once; try again")
        }
        server.bodyBytesHeld += part.count
        body.append(contentsOf: part)
    }

    func dropRequest() {
        server.bodyBytesHeld -= body.count
        head = nil
        body = []
    }

    private func requestArrived() {
        guard let head else { return }
        let request = Request(head: head, body: body)
        dropRequest()
        terms = ResponseEncoder.Terms(head)
        phase = .answering
        exchange = server.nextExchange()
        server.counters.requests += 1
        if isFlushed { server.loop.schedule(self, at: TimerWheel.never) } else { setWriteTime() }
        server.handler?.received(request, id)
    }

    /// A request must come to its end, however slowly its bytes drip.
    private func setTime() {
        let limits = server.limits
        if head != nil {
            let earned = Int64(body.count) * 1_000_000_000 / limits.bodyRate
            server.loop.schedule(self, at: began + limits.bodyTime + earned)
        } else if parser.isInHead, !isHeadTimed {
            isHeadTimed = true
            server.loop.schedule(self, at: server.loop.now + limits.headTime)
        }
    }

    /// A breach of the grammar, a limit or a time: where the next request begins is unknown.
    func refuse(_ error: WireError) {
        server.counters.refusals += 1
        if let head { terms = ResponseEncoder.Terms(head) } else { terms = ResponseEncoder.Terms() }
        guard let answer = server.handler?.answer(to: error, of: head, from: peer) else { return close() }
        answerAndClose(answer)
    }

    private func answerAndClose(_ answer: Answer) {
        dropRequest()
        _ = write(status: answer.status, headers: answer.headers, body: answer.body, closing: true)
    }
}
