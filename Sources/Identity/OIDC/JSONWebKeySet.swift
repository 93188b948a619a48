import Digest
import JSON

/// The keys of an issuer (RFC 7517) that can verify RS256 or ES256.
///
/// §5: keys of unknown kinds, with members missing or out of range, are passed over. Two usable keys of
/// one `kid` are refused with the whole set: it would be open which of them a token means.
public struct JSONWebKeySet: Hashable, Sendable {
    public struct Key: Hashable, Sendable {
        public var id: String?
        public var key: PublicKey
    }
    public let keys: [Key]
    /// Why others were passed over, for a log.
    public let skipped: [String]

    /// More than that is no issuer's key set.
    public static let keysMax = 100

    public init(parsing bytes: [UInt8]) throws(KeySetError) {
        let json: JSON
        do throws(JSONError) { json = try JSON(parsing: bytes) } catch {
            throw KeySetError("it is no JSON: \(error.what), at byte \(error.offset)")
        }
        guard let items = json["keys"]?.array else { throw KeySetError("it has no list \"keys\"") }
        guard items.count <= Self.keysMax else { throw KeySetError("it has more than \(Self.keysMax) keys") }
        var (keys, skipped): ([Key], [String]) = ([], [])
        for (index, item) in items.enumerated() {
            do throws(KeySetError) {
                keys.append(Key(id: try Self.identifier(item), key: try Self.key(item)))
            } catch {
                skipped.append("key \(index): \(error)")
            }
        }
        var ids: Set<String> = []
        for case let id? in keys.map(\.id) {
            guard ids.insert(id).inserted else { throw KeySetError("two of its keys have the kid \(id)") }
        }
        guard !keys.isEmpty else {
            throw KeySetError("it has no key that could be used. " + skipped.joined(separator: "; "))
        }
        self.keys = keys
        self.skipped = skipped
    }

    /// The key that a token names. A token without `kid` gets one if there is no choice.
    public func key(for token: JSONWebToken) -> PublicKey? {
        guard let id = token.keyID else {
            let fitting = keys.filter { $0.key.algorithm == token.algorithm }
            return fitting.count == 1 ? fitting[0].key : nil
        }
        return keys.first { $0.id == id }?.key
    }

    private static func identifier(_ item: JSON) throws(KeySetError) -> String? {
        guard let id = item["kid"] else { return nil }
        guard let text = id.string else { throw KeySetError("its kid is no string") }
        return text
    }

    private static func key(_ item: JSON) throws(KeySetError) -> PublicKey {
        // §4.2, §4.3: what it may be used for; absent means anything.
        if let use = item["use"], use.string != "sig" { throw KeySetError("its use isn't sig") }
        if let operations = item["key_ops"] {
            guard operations.array?.contains(.string("verify")) == true else {
                throw KeySetError("its key_ops have no verify")
            }
        }
        let key = try material(item)
        // §4.4: the one algorithm that it is meant for.
        if let algorithm = item["alg"], algorithm.string != key.algorithm.rawValue {
            throw KeySetError("its alg isn't \(key.algorithm.rawValue)")
        }
        return key
    }

    /// RFC 7518 §6.2 and §6.3.
    private static func material(_ item: JSON) throws(KeySetError) -> PublicKey {
        func number(_ name: String) throws(KeySetError) -> [UInt8] {
            guard let text = item[name]?.string, let bytes = Base64URL.decode(text.utf8) else {
                throw KeySetError("its \(name) is missing or no base64url")
            }
            return bytes
        }
        switch item["kty"]?.string {
        case "RSA":
            let (modulus, exponent) = (try number("n"), try number("e"))
            guard let key = PublicKey.rsa(modulus: modulus, exponent: exponent) else {
                throw KeySetError("it is no RSA key of 2048 to 8192 bits")
            }
            return key
        case "EC":
            guard item["crv"]?.string == "P-256" else { throw KeySetError("its crv isn't P-256") }
            let (x, y) = (try number("x"), try number("y"))
            guard let key = PublicKey.p256(x: x, y: y) else { throw KeySetError("it is no point on P-256") }
            return key
        case let kind: throw KeySetError("its kty is \(kind.map(\.debugDescription) ?? "missing")")
        }
    }
}

/// Why a key set, or what leads to one, can't be used.
public struct KeySetError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }
}
