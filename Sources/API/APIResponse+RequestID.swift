extension APIResponse {
    /// A problem says in its body, too, whose answer it is: people paste bodies, and not headers. `id` has
    /// nothing in it that JSON would have to escape.
    public func identified(as id: String) -> APIResponse {
        guard problem != nil, body.last == UInt8(ascii: "}") else { return self }
        var copy = self
        copy.body.removeLast()
        copy.body.append(contentsOf: ",\"requestID\":\"\(id)\"}".utf8)
        return copy
    }
}
