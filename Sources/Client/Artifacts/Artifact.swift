import JSON

/// What a done marker says of a file: its name there, its digest, its size.
public struct Artifact: Equatable, Sendable {
    public var name: String
    /// `sha256:` and 64 hexadecimal digits in lower case.
    public var digest: String
    /// In bytes; nil if whoever recorded it didn't say.
    public var size: Int64?

    public init(name: String, digest: String, size: Int64? = nil) {
        self.name = name
        self.digest = digest
        self.size = size
    }

    public init?(_ json: JSON) {
        guard let name = json["name"]?.string, let digest = json["digest"]?.string else { return nil }
        self.init(name: name, digest: digest, size: json["size"]?.integer)
    }

    public var json: JSON {
        .object(["name": .string(name), "digest": .string(digest), "size": size.map { .number($0) }])
    }
}

extension Marker {
    public var artifacts: [Artifact] { json["artifacts"]?.array?.compactMap(Artifact.init) ?? [] }
}

/// Why an artifact can't be recorded or checked: a sentence for a person.
public struct ArtifactFault: Error, Equatable, Sendable {
    public enum Kind: Equatable, Sendable { case missing, unreadable, notAFile, changed }
    public let kind: Kind
    public let text: String

    init(_ kind: Kind, _ text: String) {
        self.kind = kind
        self.text = text
    }
}
