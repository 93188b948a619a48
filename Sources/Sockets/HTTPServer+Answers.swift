import Wire

/// What the daemon says. An exchange that is over (answered, or its peer gone) makes `.gone` of
/// any of these, and nothing else happens.
extension HTTPServer {
    /// The whole answer. `.gone` if the peer was known to be gone before its first byte was written:
    /// for a parked request also by a FIN. `peerGone` isn't called then, unless it already was.
    /// With `closing` the connection ends after it.
    @discardableResult
    public func respond(
        _ exchange: ExchangeID, status: Int, headers: Headers = Headers(), body: [UInt8] = [],
        closing: Bool = false
    ) -> Delivery {
        guard let connection = connection(of: exchange) else { return .gone }
        return connection.answer(status: status, headers: headers, body: body, closing: closing)
    }

    @discardableResult
    public func respond(_ exchange: ExchangeID, _ answer: Answer, closing: Bool = false) -> Delivery {
        respond(
            exchange, status: answer.status, headers: answer.headers, body: answer.body, closing: closing)
    }

    /// The answer comes later: no time limit applies, and the peer's going is told at once, a
    /// silent one's after about 15 s. One that has already half-closed counts as gone.
    public func park(_ exchange: ExchangeID) {
        connection(of: exchange)?.park()
    }

    /// An answer of unknown length: chunked, or for HTTP/1.0 up to the connection's end. As for a
    /// parked request, the peer's going is told at once: by `peerGone`, also if this returns `.gone`.
    @discardableResult
    public func beginStream(_ exchange: ExchangeID, status: Int, headers: Headers) -> Delivery {
        guard let connection = connection(of: exchange) else { return .gone }
        return connection.beginStream(status: status, headers: headers)
    }

    /// A piece of a stream. A reader that leaves too much unread is cut off: `.gone`, and `peerGone`
    /// with `.tooSlow`.
    @discardableResult
    public func send(_ exchange: ExchangeID, _ bytes: [UInt8]) -> Delivery {
        guard let connection = connection(of: exchange) else { return .gone }
        return connection.send(bytes)
    }

    /// A piece of a stream that many get, as it is framed already.
    @discardableResult
    public func send(_ exchange: ExchangeID, _ piece: StreamPiece) -> Delivery {
        guard let connection = connection(of: exchange) else { return .gone }
        return connection.send(piece)
    }

    /// How many bytes of a stream can be sent now without its reader being cut off; nil if it is over.
    public func room(for exchange: ExchangeID) -> Int? {
        connection(of: exchange)?.room
    }

    /// A piece of a stream that says nothing but that we are there. It may be left out.
    @discardableResult
    public func sendSignOfLife(_ exchange: ExchangeID, _ bytes: [UInt8]) -> Delivery {
        guard let connection = connection(of: exchange) else { return .gone }
        return connection.sendSignOfLife(bytes)
    }

    /// The end of a stream.
    @discardableResult
    public func finish(_ exchange: ExchangeID) -> Delivery {
        guard let connection = connection(of: exchange) else { return .gone }
        return connection.finish()
    }

    /// The same with a last piece, for which there is room always: it may say that there was no room for others.
    @discardableResult
    public func finish(_ exchange: ExchangeID, _ last: StreamPiece) -> Delivery {
        guard let connection = connection(of: exchange) else { return .gone }
        guard connection.send(last, isLast: true) == .sent else { return .gone }
        return connection.finish()
    }

    /// Bytes of this exchange's answer that the kernel hasn't taken yet; nil if it is over.
    public func backlog(of exchange: ExchangeID) -> Int? {
        connection(of: exchange)?.backlogBytes
    }

    /// Who asks; nil if the exchange is over.
    public func peer(of exchange: ExchangeID) -> Peer? {
        connection(of: exchange)?.peer
    }
}
