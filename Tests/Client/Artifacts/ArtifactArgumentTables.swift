import Testing

@testable import Client

@Suite struct `Artifacts as arguments` {
    static let hex = String(repeating: "0123456789abcdef", count: 4)

    @Test(arguments: [
        ("image=out/image.tar", "image", "out/image.tar"), ("a=b=c", "a", "b=c"), ("a==", "a", "="),
        ("out/x.tar=x.tar", "out/x.tar", "x.tar"), ("a= b ", "a", " b "),
        ("a=./sha256:00", "a", "./sha256:00"),
        ("a=SHA256:00", "a", "SHA256:00"), ("a=sha256", "a", "sha256"), ("größe=ß", "größe", "ß"),
        ("a=md5:00", "a", "md5:00"), ("a=sha512:00", "a", "sha512:00"), ("sha256:00=a", "sha256:00", "a"),
        (" =a", " ", "a"), ("a=-", "a", "-"),
    ])
    func `name a file`(text: String, name: String, path: String) throws {
        #expect(try ArtifactArgument.parse(text) == .file(name: name, path: path))
    }

    @Test(
        arguments: [
            ("", nil), (",0", 0), (",1", 1), (",073", 73), (",9007199254740991", 9_007_199_254_740_991),
        ] as [(String, Int64?)])
    func `or a digest, with or without a size`(rest: String, size: Int64?) throws {
        let artifact = Artifact(name: "a", digest: "sha256:" + Self.hex, size: size)
        #expect(try ArtifactArgument.parse("a=sha256:\(Self.hex)\(rest)") == .known(artifact))
    }

    /// Whatever files there are: no file is looked for under any of these names.
    @Test(arguments: [
        "a=sha256:", "a=sha256:0", "a=sha256:\(hex)0", "a=sha256:\(hex.dropLast())",
        "a=sha256:\(hex.uppercased())",
        "a=sha256:\(hex.dropLast())g", "a=sha256: \(hex.dropLast())", "a=sha256:\(hex),", "a=sha256:\(hex),x",
        "a=sha256:\(hex),-1", "a=sha256:\(hex),+1", "a=sha256:\(hex),1.0", "a=sha256:\(hex),1,2",
        "a=sha256:\(hex), 1", "a=sha256:\(hex),9007199254740992", "a=sha256:\(hex),99999999999999999999",
        "a=sha256:\(hex),0x10", "a=sha256:\(hex),size=1", "a=sha256:\(hex),١", "a=sha256:\(hex) ",
    ])
    func `what begins as a digest has to be one`(text: String) {
        #expect(throws: ArtifactArgument.Malformed.self) { try ArtifactArgument.parse(text) }
    }

    @Test(arguments: ["", "=", "a", "=a", "a=", "image.tar", "a\n=b", "\u{0}=b", "a\u{7f}=b", "sha256:00"])
    func `anything else is refused`(text: String) {
        let error = #expect(throws: ArtifactArgument.Malformed.self) { try ArtifactArgument.parse(text) }
        #expect(error?.text.isEmpty == false)
    }

    @Test func `a name has a limit, in bytes`() {
        let most = String(repeating: "ß", count: 512)
        #expect(throws: Never.self) { try ArtifactArgument.parse("\(most)=a") }
        #expect(throws: ArtifactArgument.Malformed.self) { try ArtifactArgument.parse("\(most)x=a") }
    }

    @Test func `several are in the order of their names, and none comes twice`() throws {
        let all = try ArtifactArgument.parse(all: ["b=1", "a=2", "B=3"])
        #expect(all.map(\.name) == ["B", "a", "b"])
        #expect(throws: ArtifactArgument.Malformed(text: "the artifact 'a' comes twice")) {
            try ArtifactArgument.parse(all: ["a=1", "a=sha256:\(Self.hex)"])
        }
    }
}
