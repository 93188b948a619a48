/// One line of the file of tokens, on its way to what it means.
struct TokenLine {
    var path: String
    var number: Int

    func error(_ what: String) -> TokenFileError { TokenFileError("\(path):\(number): \(what)") }

    /// Parted by spaces, up to a comment; nil if there is none. Quotes are taken off.
    func words(_ text: String) throws(TokenFileError) -> [String]? {
        var words: [String] = []
        var rest = text.unicodeScalars[...]
        while true {
            rest = rest.drop(while: Self.isSpace)
            guard let first = rest.first, first != "#" else { return words.isEmpty ? nil : words }
            words.append(try word(&rest))
        }
    }

    /// One word; quotes may stand around what follows its first colon.
    private func word(_ rest: inout Substring.UnicodeScalarView) throws(TokenFileError) -> String {
        let end = rest.firstIndex(where: Self.isSpace) ?? rest.endIndex
        guard let colon = rest[..<end].firstIndex(of: ":"), rest.index(after: colon) < rest.endIndex,
            rest[rest.index(after: colon)] == "\""
        else {
            defer { rest = rest[end...] }
            return String(rest[..<end])
        }
        var word = String(rest[...colon])
        rest = rest[rest.index(colon, offsetBy: 2)...]
        while let quote = rest.firstIndex(of: "\"") {
            word += String(rest[..<quote])
            rest = rest[rest.index(after: quote)...]
            // Twice it is one of the text's own.
            guard rest.first == "\"" else {
                guard rest.first.map(Self.isSpace) ?? true else { break }
                return word
            }
            word += "\""
            rest = rest.dropFirst()
        }
        throw error("a quote without its partner; within quotes a quote is written twice")
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar == " " || scalar == "\t" || scalar == "\r"
    }

    /// What the line begins with.
    func proof(_ word: String) throws(TokenFileError) -> TokenFile.Proof {
        if word.hasPrefix("certificate:") {
            let subject = String(word.dropFirst("certificate:".count))
            guard !subject.isEmpty else { throw error("certificate: the subject is missing") }
            return .certificate(subject)
        }
        if word.hasPrefix("uid:") {
            let number = word.dropFirst("uid:".count)
            guard let user = UInt32(number), String(user) == number else {
                throw error("uid: \(number) is no user's number")
            }
            return .user(user)
        }
        guard let digest = TokenDigest(word) else {
            // Not shown: it may be the secret.
            throw error(
                word.hasPrefix(Secret.prefix)
                    ? "sha256: this is a secret; the line needs its digest, as `batond token create` prints it"
                    : "sha256: the line has to begin with sha256: and 64 digits of lower-case hexadecimal, "
                        + "certificate: or uid:")
        }
        return .secret(digest)
    }

    func fields(_ words: ArraySlice<String>) throws(TokenFileError) -> [String: String] {
        var fields: [String: String] = [:]
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            guard parts.count == 2, ["identity", "role", "namespaces"].contains(name) else {
                throw error("\(name): there are identity=, role= and namespaces=")
            }
            guard fields.updateValue(String(parts[1]), forKey: name) == nil else {
                throw error("\(name): is there twice")
            }
        }
        return fields
    }

    /// - Parameter standard: the identity of a line that has none.
    func principal(
        _ fields: [String: String], default standard: String? = nil
    ) throws(TokenFileError) -> Principal {
        guard let identity = try identity(fields) ?? standard else { throw error("identity: is missing") }
        return Principal(identity: identity, role: try role(fields), namespaces: try namespaces(fields))
    }

    func certificate(_ pattern: String, _ fields: [String: String]) throws(TokenFileError) -> CertificateRule
    {
        let identity = try identity(fields)
        // A pattern's subjects are known only when they come.
        let isOne = !pattern.utf8.contains(UInt8(ascii: "*"))
        guard identity != nil || !isOne || CertificateRule.identity(of: pattern) != nil else {
            throw error("identity: is missing, and the subject can't be made one")
        }
        return CertificateRule(
            pattern: pattern, identity: identity, role: try role(fields), namespaces: try namespaces(fields))
    }

    private func identity(_ fields: [String: String]) throws(TokenFileError) -> String? {
        guard let identity = fields["identity"] else { return nil }
        guard TokenFile.isIdentity(identity) else {
            throw error("identity: \(identity) is not valid; it is \(TokenFile.identityRule)")
        }
        return identity
    }

    private func role(_ fields: [String: String]) throws(TokenFileError) -> Role {
        guard let name = fields["role"] else { throw error("role: is missing") }
        guard let role = Role(rawValue: name) else {
            throw error("role: \(name) is not one of \(TokenFile.roleRule)")
        }
        return role
    }

    private func namespaces(_ fields: [String: String]) throws(TokenFileError) -> [Glob] {
        guard let list = fields["namespaces"] else { throw error("namespaces: is missing") }
        var namespaces: [Glob] = []
        for pattern in list.split(separator: ",", omittingEmptySubsequences: false) {
            guard let glob = Glob(String(pattern)) else {
                throw error("namespaces: \(pattern) is not valid; they are \(TokenFile.namespacesRule)")
            }
            guard !namespaces.contains(glob) else { throw error("namespaces: \(glob) is there twice") }
            namespaces.append(glob)
        }
        return namespaces
    }
}
