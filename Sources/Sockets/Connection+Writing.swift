import Wire

/// From answers to bytes.
extension Connection {
    /// Bodies from here on are sent from where they lie, not copied behind their heads.
    private static let copiedBodyBytes = 8 * 1024

    func answer(status: Int, headers: Headers, body: [UInt8], closing: Bool) -> Delivery {
        guard phase == .answering || phase == .parked else {
            assertionFailure("a stream is ended by finish")
            return .gone
        }
        if phase == .parked, transport?.peerHasLeft ?? true {
            close()
            return .gone
        }
        return write(status: status, headers: headers, body: body, closing: closing)
    }

    /// Writes a whole answer and goes on to the next request, or to the end.
    func write(status: Int, headers: Headers, body: [UInt8], closing: Bool) -> Delivery {
        if closing || server.isDraining { terms.keepAlive = false }
        server.encoder.bytes.removeAll(keepingCapacity: true)
        let separately =
            body.count > Connection.copiedBodyBytes && !terms.isHead && ResponseEncoder.hasBody(status)
        let delivery: Delivery
        if separately {
            guard server.backlogBytesHeld + body.count <= server.limits.backlogBytesInAll else {
                return refuseLongAnswer()
            }
            server.encoder.appendHead(
                status: status, headers: headers, bodyLength: body.count, terms: terms,
                date: server.dateField())
            delivery = putEncoded(andThen: body)
        } else {
            server.encoder.append(
                status: status, headers: headers, body: body, terms: terms, date: server.dateField())
            delivery = putEncoded()
        }
        if delivery == .gone { close() } else { answered() }
        return delivery
    }

    /// In the place of an answer of which nothing has been sent.
    private func refuseLongAnswer() -> Delivery {
        refuse(WireError(status: 503, detail: "too many long answers wait to be read; try again"))
        return .sent
    }

    func park() {
        guard phase == .answering else { return }
        phase = .parked
        if isTCP { transport?.watchForSilence(server.limits.silenceSeconds) }
        // A close_notify may be among what came behind the request.
        if readable, transport?.tls != nil { server.loop.queue(self) }
        if peerEnded || broken { lose(.closed) }
    }

    func beginStream(status: Int, headers: Headers) -> Delivery {
        guard phase == .answering || phase == .parked else {
            assertionFailure("an exchange has one answer")
            return .gone
        }
        if phase == .answering { park() }
        guard phase == .parked, transport?.peerHasLeft == false else {
            lose(.closed)
            return .gone
        }
        if terms.isHTTP10 || server.isDraining { terms.keepAlive = false }
        server.encoder.bytes.removeAll(keepingCapacity: true)
        server.encoder.beginStream(status: status, headers: headers, terms: terms, date: server.dateField())
        phase = .streaming
        return putOrLose()
    }

    func send(_ bytes: [UInt8]) -> Delivery {
        guard phase == .streaming else { return .gone }
        if terms.isHead || bytes.isEmpty { return .sent }
        guard mayHold(bytes.count) else {
            lose(.tooSlow)
            return .gone
        }
        server.encoder.bytes.removeAll(keepingCapacity: true)
        if terms.isHTTP10 {
            server.encoder.bytes.append(contentsOf: bytes)
        } else {
            server.encoder.appendChunk(bytes)
        }
        return putOrLose()
    }

    /// What the kernel doesn't take is copied: only for a reader that is behind.
    func send(_ piece: StreamPiece, isLast: Bool = false) -> Delivery {
        guard phase == .streaming else { return .gone }
        if terms.isHead || piece.count == 0 { return .sent }
        guard isLast || mayHold(piece.count) else {
            lose(.tooSlow)
            return .gone
        }
        let delivery = piece.withBytes(isChunked: !terms.isHTTP10) {
            put($0, UnsafeRawBufferPointer(start: nil, count: 0))
        }
        if delivery == .gone { lose(.closed) }
        return delivery
    }

    func finish() -> Delivery {
        guard phase == .streaming else { return .gone }
        if !terms.isHTTP10, !terms.isHead {
            server.encoder.bytes.removeAll(keepingCapacity: true)
            server.encoder.appendLastChunk()
            guard putOrLose() == .sent else { return .gone }
        }
        answered()
        return .sent
    }

    /// Whether so much more may wait here. What a peer that has read all is sent next goes to the kernel.
    private func mayHold(_ count: Int) -> Bool {
        guard !isFlushed else { return true }
        return backlogBytes + count <= server.limits.writeBacklogBytes
            && server.backlogBytesHeld + count <= server.limits.backlogBytesInAll
    }

    /// How much `mayHold` admits.
    var room: Int {
        guard !isFlushed else { return Int.max }
        return max(
            0,
            min(
                server.limits.writeBacklogBytes - backlogBytes,
                server.limits.backlogBytesInAll - server.backlogBytesHeld))
    }

    /// A line that only shows that we are there. One whose peer the kernel asks already is left out:
    /// if it is gone, new bytes would put off the moment at which that is known.
    func sendSignOfLife(_ bytes: [UInt8]) -> Delivery {
        guard phase == .streaming, isTCP, isFlushed, transport?.peerIsSilent == true else {
            return send(bytes)
        }
        return .sent
    }

    private func putOrLose() -> Delivery {
        let delivery = putEncoded()
        if delivery == .gone { lose(.closed) }
        return delivery
    }

    private func answered() {
        exchange = 0
        if isFlushed { return flushed() }
        phase = .flushing
        setWriteTime()
    }

    private func flushed() {
        guard terms.keepAlive else { return closeAfterAnswer() }
        phase = .reading
        isHeadTimed = false
        // A stream that ended in a drain had promised its peer to go on: a request may be on its way.
        let time = server.isDraining ? server.limits.drainGrace : server.limits.idleTime
        server.loop.schedule(self, at: server.loop.now + time)
        if readable || inputEnded || !early.isEmpty, !isFeeding { server.loop.queue(self) }
    }

    // MARK: Bytes

    /// Whether the kernel has all that was written.
    var isFlushed: Bool { backlog.isEmpty && (transport?.unsentBytes ?? 0) == 0 }

    /// Gives the encoder's bytes to the kernel; what it doesn't take waits. `.gone` if the connection
    /// turned out to be broken, before a byte of these was taken.
    func putEncoded() -> Delivery {
        server.encoder.bytes.withUnsafeBytes { put($0, UnsafeRawBufferPointer(start: nil, count: 0)) }
    }

    private func putEncoded(andThen body: [UInt8]) -> Delivery {
        server.encoder.bytes.withUnsafeBytes { first in body.withUnsafeBytes { put(first, $0) } }
    }

    private func put(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Delivery {
        guard isFlushed else {
            wait(for: first)
            wait(for: second)
            return .sent
        }
        let outcome = second.isEmpty ? transport?.write(first) : transport?.write(first, second)
        guard let taken = taken(outcome) else { return .gone }
        if taken < first.count { wait(for: UnsafeRawBufferPointer(rebasing: first[taken...])) }
        let ofSecond = max(0, taken - first.count)
        if ofSecond < second.count { wait(for: UnsafeRawBufferPointer(rebasing: second[ofSecond...])) }
        if !isFlushed { beginOwing() }
        return .sent
    }

    /// How much was taken, 0 if there is no room; nil if the connection is broken.
    private func taken(_ outcome: Transport.Writing?) -> Int? {
        switch outcome {
        case .bytes(let count):
            server.counters.bytesOut += count
            return count
        case .wouldBlock: return 0
        case .failed, nil:
            broken = true
            return nil
        }
    }

    private func wait(for bytes: UnsafeRawBufferPointer) {
        backlog.append(bytes)
        server.backlogBytesHeld += bytes.count
    }

    private func drop(_ count: Int) {
        backlog.drop(count)
        server.backlogBytesHeld -= count
    }

    /// From now on the peer has something to read.
    private func beginOwing() {
        began = server.loop.now
        takenBytes = 0
        if isWriteTimed { setWriteTime() }
    }

    /// The kernel has room again.
    func flush() {
        while !isFlushed {
            guard let count = moved() else { return lose(.closed) }
            guard count > 0 else { return }
            takenBytes += count
            if isWriteTimed { setWriteTime() }
        }
        guard isWriteTimed else { return }
        server.loop.schedule(self, at: TimerWheel.never)
        if phase == .flushing { flushed() }
    }

    /// How much went on its way: first what TLS has of what was counted as written, then the backlog.
    private func moved() -> Int? {
        guard let unsent = transport?.unsentBytes, unsent > 0 else {
            let count = taken(backlog.withUnsafeBytes { transport?.write($0) })
            if let count { drop(count) }
            return count
        }
        switch transport?.flush() {
        case .bytes(let count): return count
        case .wouldBlock: return 0
        case .failed, nil:
            broken = true
            return nil
        }
    }

    /// In all other phases something else is timed, which covers what is said meanwhile.
    private var isWriteTimed: Bool {
        switch phase {
        case .answering, .parked, .streaming, .flushing: true
        case .handshaking, .reading, .lingering, .closed: false
        }
    }

    /// An answer must come to its end, however slowly it is read.
    func setWriteTime() {
        let limits = server.limits
        // In whole seconds: a stream may be behind for long, and the product must not overflow.
        let earned = Int64(takenBytes) / limits.bodyRate * 1_000_000_000
        server.loop.schedule(self, at: began + limits.writeTime + earned)
    }
}
