extension APIResponse {
    /// The header by which an answer, its log lines and its audit entries are found.
    public static let requestID = "X-Request-Id"

    /// Says whose answer this is: in the header, and in a problem also in its body, since people paste
    /// bodies. `id` has nothing in it that JSON or a header would have to escape.
    public mutating func identify(as id: String) {
        headers.append(Header(Self.requestID, id))
        guard problem != nil, body.last == UInt8(ascii: "}") else { return }
        body.removeLast()
        body.append(contentsOf: ",\"requestID\":\"\(id)\"}".utf8)
    }
}
