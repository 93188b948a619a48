import JSON

/// A file held against what a marker says of it.
public struct FileCheck: Equatable, Sendable {
    public enum Verdict: String, Equatable, Sendable {
        case matches
        case sizeDiffers = "size-differs"
        case digestDiffers = "digest-differs"
        case noSuchArtifact = "no-such-artifact"
        case unreadable
    }

    public var artifact: String
    public var path: String
    public var verdict: Verdict
    /// For a person.
    public var text: String
    public var expected: Artifact?
    /// As far as it was looked at: a file of another size isn't hashed.
    public var size: Int64?
    public var digest: String?

    /// - Parameter artifact: nil for the only one, or the one that is called as the file.
    public init(_ path: String, as artifact: String?, in marker: Marker) {
        self.artifact = artifact ?? ""
        self.path = path
        guard let expected = Self.find(artifact, path, marker.artifacts) else {
            verdict = .noSuchArtifact
            text = Self.absent(artifact, path, marker)
            return
        }
        self.artifact = expected.name
        self.expected = expected
        do throws(ArtifactFault) {
            let hash = try FileHash(path)
            size = hash.size
            if let wanted = expected.size, wanted != hash.size {
                verdict = .sizeDiffers
                text = Self.otherSize(path, expected.name, has: hash.size, wanted: wanted)
                return
            }
            let digest = try hash.digest()
            self.digest = digest
            verdict = digest == expected.digest ? .matches : .digestDiffers
            text =
                digest == expected.digest
                ? "\(path) is '\(expected.name)': \(hash.size) bytes, \(digest)"
                : "\(path) isn't '\(expected.name)': its digest is \(digest), and the marker has \(expected.digest)"
        } catch {
            verdict = .unreadable
            text = error.text
        }
    }

    public var exitCode: Int32 {
        switch verdict {
        case .matches: 0
        case .sizeDiffers, .digestDiffers: ExitCodes.differs
        case .noSuchArtifact: ExitCodes.noMarker
        case .unreadable: ExitCodes.noInput
        }
    }

    public var json: JSON {
        .object([
            "artifact": .string(artifact), "file": .string(path), "verdict": .string(verdict.rawValue),
            "message": .string(text), "expected": expected?.json, "size": size.map { .number($0) },
            "digest": digest.map { .string($0) },
        ])
    }

    private static func find(_ name: String?, _ path: String, _ artifacts: [Artifact]) -> Artifact? {
        if let name { return artifacts.first { $0.name == name } }
        if artifacts.count == 1 { return artifacts[0] }
        let base = path.split(separator: "/").last.map(String.init)
        return artifacts.first { $0.name == base }
    }

    private static func absent(_ name: String?, _ path: String, _ marker: Marker) -> String {
        let names = marker.artifacts.map { "'\($0.name)'" }.joined(separator: ", ")
        if names.isEmpty { return "the marker \(marker.name) has no artifacts" }
        guard let name else { return "which artifact of \(marker.name) is \(path)? It has \(names)" }
        return "the marker \(marker.name) has no artifact '\(name)'. It has \(names)"
    }

    private static func otherSize(_ path: String, _ name: String, has: Int64, wanted: Int64) -> String {
        let off = has < wanted ? "\(wanted - has) are missing" : "\(has - wanted) are too many"
        return "\(path) isn't '\(name)': it has \(has) bytes, and the marker has \(wanted): \(off)"
    }
}
