/// Bodies that aren't even looked into, or that their reader can't read.
extension Refusal {
    /// 400, with the words of the reader.
    public static func undecodable(_ why: String) -> Refusal { badRequest(why) }

    /// 415, for a body of a type that isn't read here. - Parameter accepted: those that are.
    public static func unsupportedBody(accepted: [String]) -> Refusal {
        Refusal(
            415, "UnsupportedMediaType",
            "the body of the request was in an unknown format - accepted media types include: "
                + accepted.joined(separator: ", "))
    }

    /// 413. - Parameter limit: in bytes.
    public static func bodyTooLarge(limit: Int) -> Refusal {
        Refusal(413, "RequestEntityTooLarge", "Request entity too large: limit is \(limit)")
    }
}

extension ObjectKind {
    /// 400: the body says what it is, and can't be read as that. - Parameter type: what it says.
    public func unreadable(_ why: String, as type: (kind: String, apiVersion: String)) -> Refusal {
        let version = type.apiVersion.split(separator: "/").last.map(String.init) ?? ""
        return .badRequest(
            "\(type.kind) in version \(Go.quoted(version)) cannot be handled as a \(kind): \(why)")
    }
}
