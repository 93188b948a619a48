/// From what `--artifact` names to what a marker records, some bytes at a time.
public struct ArtifactReader {
    private var rest: ArraySlice<ArtifactArgument>
    private var found: [Artifact] = []
    private var hash: FileHash?

    public init(_ arguments: [ArtifactArgument]) { rest = arguments[...] }

    /// All artifacts at the end, nil before.
    public mutating func advance() throws(ArtifactFault) -> [Artifact]? {
        switch rest.first {
        case nil: return found
        case .known(let artifact):
            found.append(artifact)
            rest.removeFirst()
        case .file(let name, let path):
            do throws(ArtifactFault) { try read(name, path) } catch {
                throw ArtifactFault(error.kind, "the artifact '\(name)': \(error.text)")
            }
        }
        return nil
    }

    private mutating func read(_ name: String, _ path: String) throws(ArtifactFault) {
        if hash == nil { hash = try FileHash(path) }
        guard let hash else { return }
        guard let digest = try hash.advance() else { return }
        found.append(Artifact(name: name, digest: digest, size: hash.size))
        self.hash = nil
        rest.removeFirst()
    }

    public static func all(_ arguments: [ArtifactArgument]) throws(ArtifactFault) -> [Artifact] {
        var reader = ArtifactReader(arguments)
        while true { if let found = try reader.advance() { return found } }
    }
}
