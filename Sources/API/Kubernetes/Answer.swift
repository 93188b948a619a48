import JSON

/// Bytes of JSON into answers of the form that was asked for.
extension AnswerForm {
    /// What is true of a moment, and of this client.
    static let uncached = APIResponse.Header("Cache-Control", "no-cache, private")

    /// - Parameter body: JSON without white space, or protobuf if that is the encoding.
    func response(
        _ status: Int, _ body: [UInt8], _ headers: [APIResponse.Header] = []
    ) -> APIResponse {
        APIResponse(
            status: status, headers: [Self.uncached, contentType] + headers, body: written(body))
    }

    /// 200 with what is in that form already.
    func response(_ written: [UInt8]) -> APIResponse {
        APIResponse(status: 200, headers: [Self.uncached, contentType], body: written)
    }

    private func written(_ body: [UInt8]) -> [UInt8] {
        if encoding == .protobuf { return body }
        // Go's encoder ends what it doesn't indent with a line feed.
        if encoding == .json, !isPretty { return body + [UInt8(ascii: "\n")] }
        // This face wrote it; if it were not JSON, it would be better as it is than not at all.
        guard let json = try? JSON(parsing: body) else { return body }
        return Array((encoding == .yaml ? YAML.text(json) : json.prettyText).utf8)
    }

    /// Errors have no columns, whatever was asked for.
    func response(_ status: Status) -> APIResponse {
        var writer = JSONWriter()
        if encoding != .protobuf { writer.object { status.write(to: &$0) } }
        var response = response(
            status.code, encoding == .protobuf ? status.protobuf : writer.bytes, status.headers)
        response.problem = status.problem
        return response
    }

    /// What there is at no path of any API.
    static let pageNotFound = APIResponse(
        status: 404,
        headers: [uncached, .text, APIResponse.Header("X-Content-Type-Options", "nosniff")],
        body: Array("404 page not found\n".utf8))
}
