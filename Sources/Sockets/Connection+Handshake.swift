/// Before the first request of a TLS connection, and what TLS says beside requests.
extension Connection {
    /// As many steps as the round allows. The time for all of it runs from the beginning: dripping
    /// bytes doesn't prolong it.
    func shakeHands() {
        guard readable, let tls = transport?.tls else { return }
        guard server.mayShakeHands() else { return server.loop.queue(self) }
        switch tls.handshake() {
        case .done:
            server.counters.tls.completed(tls.version, resumed: tls.isResumed)
            phase = .reading
            began = server.loop.now
            if server.isDraining { return awaitLastRequest() }
            server.loop.schedule(self, at: began + server.limits.headTime)
        case .wouldBlock(let isDry):
            readable = !isDry || peerEnded
            if readable { server.loop.queue(self) }
        case .failed(let failure): handshakeFailed(failure)
        }
    }

    func handshakeFailed(_ failure: HandshakeFailure) {
        server.counters.tls.failed(failure)
        server.handler?.handshakeFailed(failure, of: peer)
        switch failure {
        case .cutOff, .timedOut: close()
        case .plainHTTP:
            transport?.writeRaw(Self.speakTLS)
            endHandshake()
        case .refused: endHandshake()
        }
    }

    /// What the peer was told, an alert or an answer, should reach it, as at the end of an answer.
    private func endHandshake() {
        phase = .lingering
        transport?.shutDownWriting()
        server.loop.schedule(self, at: server.loop.now + server.limits.lingerTime)
    }

    private static let speakTLS: StaticString =
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 36\r\nConnection: close\r\n\r\nthis port speaks TLS: use https://\r\n"

    /// While nothing is read, close_notify is the end that RDHUP is for plain bytes; FIN may never follow.
    func lookForEnd() {
        guard readable, let tls = transport?.tls else { return }
        switch tls.peek() {
        case .bytes(0, _): server.loop.queue(self)
        case .bytes: break
        case .wouldBlock: readable = false
        case .ended: peerEnded = true
        case .failed: broken = true
        }
    }
}
