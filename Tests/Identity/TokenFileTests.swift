import Digest
import Testing

@testable import Identity

@Suite struct `The file of tokens` {
    static let digest = "sha256:" + String(repeating: "0", count: 63) + "1"
    static let other = "sha256:" + String(repeating: "a", count: 64)

    private func read(_ text: String) throws(TokenFileError) -> TokenTable {
        try TokenFile.read(Array(text.utf8), path: "tokens")
    }

    @Test func `one token a line, comments and empty lines between`() throws {
        let table = try read(
            """
            # who, what, where

            \(Self.digest) identity=ci-op role=runner namespaces=ci-op-*,release
            \t\(Self.other)\tnamespaces=*  role=admin identity=ops@example.org # the operators\r
              # the end
            """)
        #expect(table.entries.map(\.principal.identity) == ["ci-op", "ops@example.org"])
        #expect(table.entries.map(\.principal.role) == [.runner, .admin])
        #expect(table.entries[0].principal.namespaces.map(\.description) == ["ci-op-*", "release"])
        #expect(table.entries.map(\.digest.description) == [Self.digest, Self.other])
    }

    @Test func `an empty file lets nobody in`() throws {
        #expect(try read("").authenticate(TokenDigest(of: "")) == nil)
    }

    @Test func `an identity may have several tokens`() throws {
        let table = try read(
            "\(Self.digest) identity=a role=runner namespaces=*\n\(Self.other) identity=a role=runner namespaces=*"
        )
        #expect(table.entries.count == 2)
    }

    @Test(arguments: [
        ("btk_abc identity=a role=runner namespaces=*", "tokens:1: sha256: this is a secret"),
        ("sha256:12 identity=a role=runner namespaces=*", "tokens:1: sha256: the line has to begin with"),
        ("identity=a role=runner namespaces=*", "tokens:1: sha256: the line has to begin with"),
        (digest.uppercased(), "tokens:1: sha256: the line has to begin with"),
        ("\n\n\(digest) role=runner namespaces=*", "tokens:3: identity: is missing"),
        ("\(digest) identity= role=runner namespaces=*", "tokens:1: identity:  is not valid"),
        ("\(digest) identity=a,b role=runner namespaces=*", "tokens:1: identity: a,b is not valid"),
        ("\(digest) identity=a namespaces=*", "tokens:1: role: is missing"),
        (
            "\(digest) identity=a role=root namespaces=*",
            "tokens:1: role: root is not one of viewer, runner, admin"
        ),
        ("\(digest) identity=a role=Runner namespaces=*", "tokens:1: role: Runner is not one of"),
        ("\(digest) identity=a role=runner", "tokens:1: namespaces: is missing"),
        ("\(digest) identity=a role=runner namespaces=", "tokens:1: namespaces:  is not valid"),
        ("\(digest) identity=a role=runner namespaces=a,,b", "tokens:1: namespaces:  is not valid"),
        ("\(digest) identity=a role=runner namespaces=A", "tokens:1: namespaces: A is not valid"),
        ("\(digest) identity=a role=runner namespaces=a,b,a", "tokens:1: namespaces: a is there twice"),
        ("\(digest) identity=a role=runner role=admin namespaces=*", "tokens:1: role: is there twice"),
        ("\(digest) identity=a role=runner namespaces=* until=noon", "tokens:1: until: there are identity="),
        ("\(digest) identity=a role=runner namespaces=* admin", "tokens:1: admin: there are identity="),
        (
            "\(digest) identity=a role=runner namespaces=*\n#\n\(digest) identity=b role=runner namespaces=*",
            "tokens:3: sha256: the same token stands in line 1"
        ),
    ])
    func `a wrong line is refused with its number and its field`(text: String, message: String) {
        do throws(TokenFileError) {
            _ = try read(text)
            Issue.record("accepted: \(text)")
        } catch {
            #expect(error.description.hasPrefix(message), "\(error)")
            #expect(!error.description.contains("btk_abc"), "a secret in a log")
        }
    }

    @Test func `bytes that are no UTF-8 are refused`() {
        #expect(throws: TokenFileError.self) { try TokenFile.read([0x23, 0x0A, 0xFF], path: "tokens") }
    }

    @Test func `a line that was made is read again as it was`() throws {
        var generator = SystemRandomNumberGenerator()
        let secret = Secret.make(from: &generator)
        let namespaces = ["ci-*", "release"].compactMap { Glob($0) }
        let principal = Principal(identity: "ci-op", role: .runner, namespaces: namespaces)
        let entry = TokenTable.Entry(digest: TokenDigest(of: secret), principal: principal)
        let table = try read(TokenFile.line(entry))
        #expect(table.entries == [entry])
        #expect(table.authenticate(TokenDigest(of: secret)) == principal)
        #expect(table.authenticate(TokenDigest(of: secret + "x")) == nil)
    }

    @Test func `what changed is told by identity`() throws {
        func line(_ digit: Character, _ rest: String) -> String {
            "sha256:\(String(repeating: digit, count: 64)) \(rest) namespaces=*\n"
        }
        let old = try read(
            line("1", "identity=stays role=runner") + line("2", "identity=goes role=runner")
                + line("3", "identity=rises role=viewer") + line("4", "identity=rotates role=runner"))
        let new = try read(
            line("5", "identity=comes role=runner") + line("1", "identity=stays role=runner")
                + line("3", "identity=rises role=admin") + line("4", "identity=rotates role=runner")
                + line("6", "identity=rotates role=runner"))
        let changes = TokenChanges(from: old, to: new)
        #expect(changes.added == ["comes"])
        #expect(changes.removed == ["goes"])
        #expect(changes.changed == ["rises", "rotates"])
    }
}

@Suite struct `A token` {
    @Test func `is told by its digest, wherever it stands in the table`() {
        let secrets = (0..<50).map { "btk_\($0)" }
        let table = TokenTable(
            secrets.map { secret in
                TokenTable.Entry(
                    digest: TokenDigest(of: secret),
                    principal: Principal(identity: secret, role: .viewer, namespaces: []))
            })
        for secret in secrets { #expect(table.authenticate(TokenDigest(of: secret))?.identity == secret) }
        for wrong in ["", "btk_", "btk_50", "BTK_1"] {
            #expect(table.authenticate(TokenDigest(of: wrong)) == nil)
        }
    }

    /// FIPS 180's example.
    @Test func `has the SHA-256 that sha256sum gives`() {
        #expect(
            TokenDigest(of: "abc").description
                == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    @Test func `differs if a single bit does`() throws {
        let zero = try #require(TokenDigest("sha256:" + String(repeating: "0", count: 64)))
        #expect(zero.sameness(as: zero) == 1)
        for position in 0..<64 {
            for digit in ["1", "2", "4", "8"] {
                var text = Array(repeating: "0", count: 64)
                text[position] = digit
                let other = try #require(TokenDigest("sha256:" + text.joined()))
                #expect(zero.sameness(as: other) == 0)
            }
        }
    }

    @Test func `is 43 characters of base64url behind its prefix, and never the same`() {
        var generator = SystemRandomNumberGenerator()
        let secrets = (0..<100).map { _ in Secret.make(from: &generator) }
        #expect(Set(secrets).count == 100)
        for secret in secrets {
            #expect(secret.hasPrefix("btk_") && secret.utf8.count == 47)
            #expect(
                secret.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") })
        }
    }

    /// RFC 4648 §10, without padding; and the two characters that base64url has of its own.
    @Test(arguments: [
        ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
        ("foobar", "Zm9vYmFy"), ("??>", "Pz8-"), ("???", "Pz8_"),
    ])
    func `is written as RFC 4648 has it`(text: String, written: String) {
        #expect(Base64URL.encode(text.utf8) == written)
    }
}
