import Testing

@testable import Digest

@Suite struct `Names from inputs` {
    /// Made by another implementation; other languages' clients are held to them.
    @Test(arguments: [
        ([], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ([""], "643d76d2766c1c66bf6df40630304dc3b86aa16ace3849a62e16419d2ed3cce7"),
        (["abc"], "d7863618cccd3bb7b6a1e37bb28ab7d01db8c49467a3e497e630f325b4fabf74"),
        (["ab", "c"], "c574c25172ecac17c428975b6e876d2a98a72d84660fc96686f942390b360cd8"),
        (["a", "bc"], "d16f37a638ba770eff5e5da16e42c72f44dc44fd4da2eeffa698877ed1fd986c"),
        (["Gr\u{FC}\u{DF}e"], "30727f0e1dd10e0b38f3c74d7068193ddf6b6438558dd20ba2bab6a4b5a4a56b"),
    ])
    func `inputs are hashed as netstrings`(inputs: [String], digest: String) {
        #expect(InputsDigest(inputs).description == "sha256:" + digest)
    }

    @Test func `a name is the base and twelve digits`() throws {
        #expect(try DerivedName.derive("release-import", inputs: ["abc"]) == "release-import-d7863618cccd")
    }

    @Test(arguments: ["a", "0", "a-b", "a--b", "a.b", "ci.import-4.17", String(repeating: "a", count: 240)])
    func `a subdomain is accepted as it is`(base: String) throws {
        #expect(try DerivedName.derive(base, inputs: []).hasPrefix(base + "-"))
    }

    @Test(arguments: [
        ("", NameError.Rule.isEmpty, 0),
        ("Release", .character("R"), 0),
        ("a_b", .character("_"), 1),
        ("a b", .character(" "), 1),
        ("a/b", .character("/"), 1),
        ("b\u{E4}cker", .character("\u{E4}"), 1),
        ("-a", .dashAtEdge, 0),
        ("a-", .dashAtEdge, 1),
        ("a.-b", .dashAtEdge, 2),
        ("a-.b", .dashAtEdge, 1),
        (".a", .dotWithoutLabel, 0),
        ("a.", .dotWithoutLabel, 1),
        ("a..b", .dotWithoutLabel, 2),
        (String(repeating: "a", count: 241), .tooLong(241, max: 240), 240),
    ])
    func `anything else is refused, with the rule and the place`(
        base: String, rule: NameError.Rule, position: Int
    ) {
        #expect(throws: NameError(name: base, rule: rule, position: position)) {
            try DerivedName.derive(base, inputs: [])
        }
    }

    @Test func `the refusal can be read`() {
        let error = NameError(name: "a_b", rule: .character("_"), position: 1)
        #expect(
            error.description
                == "'a_b' can't be the base of a name: '_' at character 2; only a-z, 0-9, '-' and '.' are allowed"
        )
    }
}
