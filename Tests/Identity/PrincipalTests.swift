import Testing

@testable import Identity

@Suite struct `Who may do what` {
    @Test(arguments: [
        ("*", "ci", true), ("*", "a", true), ("ci", "ci", true), ("ci", "ci-op", false), ("ci", "xci", false),
        ("ci-*", "ci-", true), ("ci-*", "ci-op", true), ("ci-*", "ci", false), ("ci-*", "xci-op", false),
        ("*-op", "ci-op", true), ("*-op", "ci-op-x", false), ("*-op", "op", false), ("c*p", "ci-op", true),
        ("c*p", "cp", true), ("c*p", "c", false), ("a*b*c", "axbxbxc", true), ("a*b*c", "axcxb", false),
        ("a*ab", "aab", true), ("a*ab", "ab", false), ("**", "x", true), ("*a*", "bab", true),
        ("*a*", "bbb", false), ("release", "", false),
    ])
    func `a star stands for any characters, and the pattern for the whole`(
        pattern: String, namespace: String, matches: Bool
    ) throws {
        #expect(try #require(Glob(pattern)).matches(namespace) == matches)
    }

    @Test(arguments: [
        "", "A", "ci?", "ci_op", "ci.op", "[a]", "ci op", "ä", String(repeating: "a", count: 64),
    ])
    func `a pattern that no namespace could match is refused`(pattern: String) {
        #expect(Glob(pattern) == nil)
    }

    /// Stars that could match in many ways must not take time that grows with their number.
    @Test func `many stars are no burden`() throws {
        let pattern = String(repeating: "a*", count: 31) + "b"
        #expect(try #require(Glob(pattern)).matches(String(repeating: "a", count: 63)) == false)
    }

    @Test(arguments: [
        (Role.viewer, [true, false, false]), (.runner, [true, true, false]), (.admin, [true, true, true]),
    ])
    func `each role may do what those before it may`(role: Role, permitted: [Bool]) throws {
        let principal = Principal(
            identity: "anna", role: role, namespaces: try ["ci-*", "release"].map { try #require(Glob($0)) })
        for (needed, may) in zip(Role.allCases, permitted) {
            #expect(principal.permits(needed, in: "ci-op") == may)
            #expect(principal.permits(needed, in: "release") == may)
            #expect(!principal.permits(needed, in: "ci"))
            #expect(!principal.permits(needed, in: "prod"))
            // The daemon as a whole takes a role, and no namespace.
            #expect(principal.permits(needed, in: nil) == may)
        }
    }
}

@Suite struct `What Authorization says` {
    @Test(arguments: [
        ([], Credentials.none), (["Bearer abc"], .bearer("abc")), (["bearer abc"], .bearer("abc")),
        (["BEARER   abc"], .bearer("abc")), (["Basic YTpi"], .none), (["Bearerabc"], .none), ([""], .none),
        (["Bearer"], .malformed), (["Bearer "], .malformed), (["Bearer a b"], .malformed),
        (["Bearer a\tb"], .malformed), (["Bearer ä"], .malformed), (["Bearer a", "Bearer a"], .malformed),
        (["Basic YTpi", "Bearer a"], .malformed),
    ])
    func `there is one token, or none, or it is refused`(fields: [String], credentials: Credentials) {
        #expect(Credentials(authorization: fields) == credentials)
    }
}
