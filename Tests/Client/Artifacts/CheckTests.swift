import JSON
import Testing

@testable import Client

@Suite struct `A file and its marker` {
    let folder = Folder()
    static let x = Artifact(
        name: "image", digest: "sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
        size: 1)

    static func marker(_ artifacts: [Artifact]) -> Marker {
        Marker(
            .object([
                "name": .string("build"), "revision": .number(Int64(5)), "outcome": .string("Succeeded"),
                "artifacts": .array(artifacts.map(\.json)),
            ]))!
    }

    private func check(_ text: String, as name: String?, _ artifacts: [Artifact], file: String = "a.tar")
        -> FileCheck
    {
        FileCheck(folder.file(file, text), as: name, in: Self.marker(artifacts))
    }

    @Test func `match`() {
        let check = check("x", as: "image", [Self.x])
        #expect(check.verdict == .matches)
        #expect(check.exitCode == 0)
        #expect(check.digest == Self.x.digest)
    }

    @Test(arguments: [("", "it has 0 bytes, and the marker has 1: 1 are missing"), ("xyz", "2 are too many")])
    func `differ by size, without being hashed`(text: String, said: String) {
        let check = check(text, as: "image", [Self.x])
        #expect(check.verdict == .sizeDiffers)
        #expect(check.exitCode == 79)
        #expect(check.digest == nil)
        #expect(check.text.contains(said))
    }

    @Test func `differ by digest, also where the marker has no size`() {
        var unsized = Self.x
        unsized.size = nil
        for (artifact, text) in [(Self.x, "y"), (unsized, "xx")] {
            let check = check(text, as: "image", [artifact])
            #expect(check.verdict == .digestDiffers)
            #expect(check.exitCode == 79)
            #expect(check.text.contains(Self.x.digest) && check.text.contains(check.digest ?? "?"))
        }
        #expect(check("x", as: "image", [unsized]).verdict == .matches)
    }

    @Test func `an artifact that isn't named is the only one, or the one of the file's name`() {
        let other = Artifact(name: "a.tar", digest: Self.x.digest, size: 1)
        let wrong = Artifact(name: "b.tar", digest: "sha256:0", size: 1)
        #expect(check("x", as: nil, [Self.x]).artifact == "image")
        #expect(check("x", as: nil, [wrong, other]).verdict == .matches)
        let unknown = check("x", as: nil, [wrong, Self.x])
        #expect(unknown.verdict == .noSuchArtifact)
        #expect(unknown.text.hasSuffix("It has 'b.tar', 'image'"))
    }

    @Test func `a name that the marker hasn't is never another's`() {
        let check = check("x", as: "sbom", [Self.x])
        #expect(check.verdict == .noSuchArtifact)
        #expect(check.exitCode == 78)
        #expect(self.check("x", as: nil, []).exitCode == 78)
    }

    @Test func `a file that can't be read is no difference`() {
        let check = FileCheck(folder.at("nothing"), as: "image", in: Self.marker([Self.x]))
        #expect(check.verdict == .unreadable)
        #expect(check.exitCode == 66)
    }
}

@Suite struct `Markers that differ` {
    static func body(_ result: [String: String], _ artifacts: [Artifact] = [], reason: String? = nil) -> JSON
    {
        .object([
            "outcome": .string("Succeeded"), "reason": reason.map { .string($0) }, "result": .strings(result),
            "artifacts": .array(artifacts.map(\.json)),
        ])
    }

    @Test func `say which fields do`() {
        let ours = Self.body(
            ["a": "1", "b": "2", "c": "3"], [Artifact(name: "x", digest: "sha256:1", size: 5)])
        let theirs = Self.body(
            ["a": "1", "b": "9", "d": "4"], [Artifact(name: "x", digest: "sha256:1", size: 6)], reason: "why")
        #expect(
            MarkerDifference.sentences(ours, theirs) == [
                #"reason is absent here and "why" there"#, #"result.b is "2" here and "9" there"#,
                #"result.c is "3" here and absent there"#, #"result.d is absent here and "4" there"#,
                #"artifact x is "sha256:1, 5 bytes" here and "sha256:1, 6 bytes" there"#,
            ])
        #expect(MarkerDifference.sentences(ours, ours).isEmpty)
    }

    /// What somebody wrote into a result tells the terminal nothing, and fills no screen.
    @Test func `in lines of their own`() {
        let long = String(repeating: "x", count: 5_000)
        let said = MarkerDifference.sentences(
            Self.body(["a": long + "1"]), Self.body(["a": long + "2\u{1b}[2J\n"]))
        #expect(said.count == 1)
        #expect(said[0].count < 300)
        #expect(!said[0].contains { $0.isNewline || $0 == "\u{1b}" })
    }
}
