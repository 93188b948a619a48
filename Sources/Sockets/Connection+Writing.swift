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

    func park() {
        guard phase == .answering else { return }
        phase = .parked
        if isTCP { transport?.watchForSilence() }
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
        guard backlog.count + bytes.count <= server.limits.writeBacklogBytes else {
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

    private func putOrLose() -> Delivery {
        let delivery = putEncoded()
        if delivery == .gone { lose(.closed) }
        return delivery
    }

    private func answered() {
        exchange = 0
        if backlog.isEmpty { flushed() } else { phase = .flushing }
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

    /// Gives the encoder's bytes to the kernel; what it doesn't take waits. `.gone` if the connection
    /// turned out to be broken, before a byte of these was taken.
    func putEncoded() -> Delivery {
        server.encoder.bytes.withUnsafeBytes { bytes in
            guard backlog.isEmpty else {
                backlog.append(bytes)
                return .sent
            }
            guard let taken = taken(transport?.write(bytes)) else { return .gone }
            if taken < bytes.count { wait(for: UnsafeRawBufferPointer(rebasing: bytes[taken...])) }
            return .sent
        }
    }

    private func putEncoded(andThen body: [UInt8]) -> Delivery {
        server.encoder.bytes.withUnsafeBytes { first in
            body.withUnsafeBytes { second in
                guard backlog.isEmpty else {
                    backlog.append(first)
                    backlog.append(second)
                    return .sent
                }
                guard let taken = taken(transport?.write(first, second)) else { return .gone }
                if taken < first.count { wait(for: UnsafeRawBufferPointer(rebasing: first[taken...])) }
                let ofBody = max(0, taken - first.count)
                if ofBody < second.count { wait(for: UnsafeRawBufferPointer(rebasing: second[ofBody...])) }
                return .sent
            }
        }
    }

    /// How much the kernel took, 0 if it has no room; nil if the connection is broken.
    private func taken(_ outcome: Transport.Outcome?) -> Int? {
        switch outcome {
        case .bytes(let count):
            server.counters.bytesOut += count
            return count
        case .wouldBlock: return 0
        case .ended, .failed, nil:
            broken = true
            return nil
        }
    }

    private func wait(for bytes: UnsafeRawBufferPointer) {
        if backlog.isEmpty { setWriteTime() }
        backlog.append(bytes)
    }

    /// The kernel has room again.
    func flush() {
        while !backlog.isEmpty {
            guard let count = taken(backlog.withUnsafeBytes({ transport?.write($0) })) else {
                return lose(.closed)
            }
            guard count > 0 else { return }
            backlog.drop(count)
            setWriteTime()
        }
        server.loop.schedule(self, at: TimerWheel.never)
        if phase == .flushing { flushed() }
    }

    private func setWriteTime() {
        server.loop.schedule(self, at: server.loop.now + server.limits.writeTime)
    }
}
