/// The file of tokens, one a line:
///
///     # who, what, where
///     sha256:<64 hexadecimal digits> identity=ci-op role=runner namespaces=ci-op-*,release
///
/// The digest comes first, then `identity`, `role` and `namespaces` in any order, each once. Words are
/// parted by spaces or tabs; a word that begins with `#` begins a comment. An identity may have several
/// lines, with different digests: so a new token can be given out before the old one goes.
public enum TokenFile {
    public static let identityRule = "1 to 253 of the characters A-Z a-z 0-9 . _ - + : / @"
    public static let namespacesRule = "patterns of a-z 0-9 - and *, each at most 63 long, parted by commas"
    public static let roleRule = Role.allCases.map(\.rawValue).joined(separator: ", ")

    /// - Parameter path: how errors call it.
    public static func read(_ text: [UInt8], path: String) throws(TokenFileError) -> TokenTable {
        var entries: [TokenTable.Entry] = []
        var lines: [TokenDigest: Int] = [:]
        let parted = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, bytes) in parted.enumerated() {
            let place = Place(path: path, line: index + 1)
            guard let line = String(validating: bytes, as: UTF8.self) else {
                throw place.error("is not UTF-8")
            }
            guard let entry = try entry(line, place) else { continue }
            if let earlier = lines.updateValue(place.line, forKey: entry.digest) {
                throw place.error("sha256: the same token stands in line \(earlier)")
            }
            entries.append(entry)
        }
        return TokenTable(entries)
    }

    /// The line for a new token.
    public static func line(_ entry: TokenTable.Entry) -> String {
        let principal = entry.principal
        return "\(entry.digest) identity=\(principal.identity) role=\(principal.role.rawValue) "
            + "namespaces=\(principal.namespaces.map(\.description).joined(separator: ","))"
    }

    public static func isIdentity(_ text: String) -> Bool {
        (1...253).contains(text.utf8.count)
            && text.unicodeScalars.allSatisfy { scalar in
                switch scalar {
                case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "-", "+", ":", "/", "@": true
                default: false
                }
            }
    }

    /// nil for a line without a token.
    private static func entry(_ line: String, _ place: Place) throws(TokenFileError) -> TokenTable.Entry? {
        let words = line.split { $0 == " " || $0 == "\t" || $0 == "\r" }.prefix { !$0.hasPrefix("#") }
        guard let first = words.first else { return nil }
        guard let digest = TokenDigest(String(first)) else {
            // Not shown: it may be the secret.
            throw place.error(
                first.hasPrefix(Secret.prefix)
                    ? "sha256: this is a secret; the line needs its digest, as `batond token create` prints it"
                    : "sha256: the line has to begin with sha256: and 64 digits of lower-case hexadecimal")
        }
        let fields = try fields(words.dropFirst(), place)
        return TokenTable.Entry(digest: digest, principal: try principal(fields, place))
    }

    private static func fields(
        _ words: ArraySlice<Substring>, _ place: Place
    ) throws(TokenFileError) -> [String: String] {
        var fields: [String: String] = [:]
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            guard parts.count == 2, ["identity", "role", "namespaces"].contains(name) else {
                throw place.error("\(name): there are identity=, role= and namespaces=")
            }
            guard fields.updateValue(String(parts[1]), forKey: name) == nil else {
                throw place.error("\(name): is there twice")
            }
        }
        return fields
    }

    private static func principal(
        _ fields: [String: String], _ place: Place
    ) throws(TokenFileError) -> Principal {
        guard let identity = fields["identity"] else { throw place.error("identity: is missing") }
        guard isIdentity(identity) else {
            throw place.error("identity: \(identity) is not valid; it is \(identityRule)")
        }
        guard let roleName = fields["role"] else { throw place.error("role: is missing") }
        guard let role = Role(rawValue: roleName) else {
            throw place.error("role: \(roleName) is not one of \(roleRule)")
        }
        guard let list = fields["namespaces"] else { throw place.error("namespaces: is missing") }
        var namespaces: [Glob] = []
        for pattern in list.split(separator: ",", omittingEmptySubsequences: false) {
            guard let glob = Glob(String(pattern)) else {
                throw place.error("namespaces: \(pattern) is not valid; they are \(namespacesRule)")
            }
            guard !namespaces.contains(glob) else { throw place.error("namespaces: \(glob) is there twice") }
            namespaces.append(glob)
        }
        return Principal(identity: identity, role: role, namespaces: namespaces)
    }

    private struct Place {
        var path: String
        var line: Int

        func error(_ what: String) -> TokenFileError { TokenFileError("\(path):\(line): \(what)") }
    }
}

/// Why a file of tokens is not read: names the file, the line and the field.
public struct TokenFileError: Error, CustomStringConvertible, Sendable {
    public let description: String
    init(_ description: String) { self.description = description }
}
