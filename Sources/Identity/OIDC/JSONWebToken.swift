import Digest
import JSON

/// A signed token as it was sent: a JWS in compact serialization (RFC 7515 §7.1) whose payload is
/// claims (RFC 7519). Nothing in it is true before its signature has been verified.
public struct JSONWebToken: Sendable {
    public let algorithm: SigningAlgorithm
    /// `kid`: which of the issuer's keys signed it.
    public let keyID: String?
    public let claims: Claims
    /// What was signed: header and payload as they were sent, with the point between.
    let signed: [UInt8]
    let signature: [UInt8]

    /// A longer one isn't read. Those of GitHub and Kubernetes have 1 to 2 KiB.
    public static let bytesMax = 8 * 1024

    /// Whether it could be one: a secret of the tokens file has no points.
    public static func isLike(_ text: String) -> Bool { text.utf8.contains(UInt8(ascii: ".")) }

    public init(parsing text: String) throws(TokenRefusal) {
        guard text.utf8.count <= Self.bytesMax else {
            throw Self.malformed("is longer than \(Self.bytesMax) bytes")
        }
        let bytes = Array(text.utf8)
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw Self.malformed("has \(parts.count) parts instead of 3") }
        let header = try Self.object(parts[0], "header")
        try Self.checkAlgorithmIsSafe(header)
        guard let algorithm = header["alg"]?.string.flatMap(SigningAlgorithm.init) else {
            throw Self.wrongAlgorithm(header["alg"])
        }
        // RFC 7515 §4.1.11: what is listed there must be understood, and none of it is here.
        guard header["crit"] == nil else {
            throw Self.malformed("has a header with \"crit\": there is no extension that batond knows")
        }
        if let id = header["kid"], id.string == nil { throw Self.malformed("has a kid that is no string") }
        guard let signature = Base64URL.decode(parts[2]), !signature.isEmpty else {
            throw Self.malformed("has a signature that is no base64url")
        }
        self.algorithm = algorithm
        keyID = header["kid"]?.string
        claims = Claims(try Self.object(parts[1], "payload"))
        signed = Array(bytes[..<parts[1].endIndex])
        self.signature = signature
    }

    public func isSigned(by key: PublicKey) -> Bool {
        key.verifies(signature, of: signed, by: algorithm)
    }

    /// An object without a name twice: two readers of one text must not see two tokens.
    private static func object(_ part: ArraySlice<UInt8>, _ name: String) throws(TokenRefusal) -> JSON {
        guard let bytes = Base64URL.decode(part) else {
            throw malformed("has a \(name) that is no base64url without padding")
        }
        let json: JSON
        do throws(JSONError) { json = try JSON(parsing: bytes) } catch {
            throw malformed("has a \(name) that is no JSON: \(error.what), at byte \(error.offset)")
        }
        guard json.members != nil else { throw malformed("has a \(name) that is \(json.kind)") }
        return json
    }

    private static func checkAlgorithmIsSafe(_ header: JSON) throws(TokenRefusal) {
        let name = header["alg"]?.string?.lowercased() ?? ""
        if name == "none" { throw TokenRefusal(.algorithm, "The token has alg none: nobody has signed it.") }
        guard !name.hasPrefix("hs") else {
            throw TokenRefusal(
                .algorithm,
                "The token has alg \(name.uppercased()), which signs with a shared secret. \(permitted)")
        }
    }

    private static func wrongAlgorithm(_ value: JSON?) -> TokenRefusal {
        let shown = value?.string.map { "alg \($0.prefix(20).debugDescription)" } ?? "no alg"
        return TokenRefusal(.algorithm, "The token has \(shown). \(permitted)")
    }

    private static let permitted = "RS256 and ES256 are taken."

    private static func malformed(_ what: String) -> TokenRefusal {
        TokenRefusal(.malformed, "The token \(what).")
    }
}
