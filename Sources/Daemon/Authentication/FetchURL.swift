/// A URL that keys may be fetched from: `https`, or `http` on this machine, since whoever is on the way
/// could put other keys in the place of the issuer's.
struct FetchURL: Equatable, Sendable {
    let text: String
    let isEncrypted: Bool
    /// Scheme, host and port, in lower case (RFC 6454).
    let origin: String

    /// Nil for anything else: another scheme, a user's name, a character that no URL has.
    init?(_ text: String) {
        guard let scheme = ["https://", "http://"].first(where: { text.lowercased().hasPrefix($0) }),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && !"\\\"<>^`{|}#".utf8.contains($0) })
        else { return nil }
        let rest = text.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }.lowercased()
        guard !authority.isEmpty, authority.utf8.allSatisfy(Self.isOfAuthority) else { return nil }
        isEncrypted = scheme == "https://"
        guard isEncrypted || Self.isLoopback(authority) else { return nil }
        self.text = text
        origin = scheme + authority
    }

    /// No "@": what stands before it is no host.
    private static func isOfAuthority(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: ".-_:[]".utf8.contains(byte)
        }
    }

    private static func isLoopback(_ authority: String) -> Bool {
        ["127.0.0.1", "localhost", "[::1]"].contains { host in
            guard authority.hasPrefix(host) else { return false }
            let rest = authority.dropFirst(host.count)
            return rest.isEmpty || (rest.first == ":" && rest.dropFirst().allSatisfy(\.isNumber))
        }
    }
}
