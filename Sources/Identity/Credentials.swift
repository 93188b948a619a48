/// What a request's `Authorization` says.
public enum Credentials: Hashable, Sendable {
    /// There is none, or it is of another scheme.
    case none
    case bearer(String)
    /// Something that can't be right: no token behind `Bearer`, or several fields.
    case malformed

    /// - Parameter fields: the values of all the fields `Authorization`.
    public init(authorization fields: [String]) {
        guard let field = fields.first else {
            self = .none
            return
        }
        // RFC 9110 §5.3, §11.6.2: the field is no list, so that there is one at most. Refuse, don't choose.
        guard fields.count == 1 else {
            self = .malformed
            return
        }
        let bytes = Array(field.utf8)
        let scheme = bytes.prefix { $0 != UInt8(ascii: " ") }
        // §11.1: the scheme is case-insensitive.
        guard scheme.map({ $0 | 0x20 }) == Array("bearer".utf8) else {
            self = .none
            return
        }
        // RFC 6750 §2.1: "Bearer" 1*SP b64token
        let token = bytes[scheme.endIndex...].drop { $0 == UInt8(ascii: " ") }
        let isToken = !token.isEmpty && token.allSatisfy { (0x21...0x7E).contains($0) }
        self = isToken ? .bearer(String(decoding: token, as: UTF8.self)) : .malformed
    }
}
