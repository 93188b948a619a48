import Digest

/// The grammar of `--artifact`:
///
///     NAME=FILE
///     NAME=sha256:HEX[,SIZE]
///
/// NAME is all before the first `=`. What begins with `sha256:` behind it is a digest,
/// never a file, whatever files there are: a call means the same in every folder. A file
/// called so is given as `./sha256:…`.
public enum ArtifactArgument: Equatable, Sendable {
    case file(name: String, path: String)
    /// Hashed elsewhere, by a registry for example.
    case known(Artifact)

    public struct Malformed: Error, Equatable, Sendable {
        public let text: String
    }

    public var name: String {
        switch self {
        case .file(let name, _): name
        case .known(let artifact): artifact.name
        }
    }

    /// In the order of their names, since the server compares lists: the same ones in
    /// another order are the same marker.
    public static func parse(all texts: [String]) throws(Malformed) -> [ArtifactArgument] {
        var found: [String: ArtifactArgument] = [:]
        for text in texts {
            let argument = try parse(text)
            guard found.updateValue(argument, forKey: argument.name) == nil else {
                throw Malformed(text: "the artifact '\(argument.name)' comes twice")
            }
        }
        return found.sorted { $0.key < $1.key }.map(\.value)
    }

    public static func parse(_ text: String) throws(Malformed) -> ArtifactArgument {
        let (name, value) = try split(text)
        guard value.hasPrefix(scheme) else { return .file(name: name, path: value) }
        let parts = value.dropFirst(scheme.count)
            .split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts[0].utf8.count == 64, Hex.decode(String(parts[0])) != nil else {
            throw Malformed(
                text: "'\(value)' isn't a digest: 'sha256:' and 64 hexadecimal digits in lower case are "
                    + "expected. A file called so is given as './\(value)'")
        }
        let digest = scheme + parts[0]
        guard parts.count == 2 else { return .known(Artifact(name: name, digest: digest)) }
        guard let size = size(parts[1]) else {
            throw Malformed(text: "'\(parts[1])' isn't a size: a whole number of bytes is expected")
        }
        return .known(Artifact(name: name, digest: digest, size: size))
    }

    /// NAME=FILE, whatever FILE looks like.
    public static func split(_ text: String) throws(Malformed) -> (name: String, value: String) {
        guard let sign = text.utf8.firstIndex(of: UInt8(ascii: "=")) else {
            throw Malformed(text: "'\(text)' has no name: NAME=FILE is expected")
        }
        let name = String(text[..<sign])
        let value = String(text[text.utf8.index(after: sign)...])
        let isClean = name.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
        guard (1...nameBytesMax).contains(name.utf8.count), isClean else {
            throw Malformed(
                text: "an artifact's name has 1 to \(nameBytesMax) bytes and no control characters, and "
                    + "that of '\(text)' doesn't")
        }
        if value.isEmpty { throw Malformed(text: "'\(text)' names no file") }
        return (name, value)
    }

    /// JSON's numbers are whole up to 2^53.
    private static func size(_ text: Substring) -> Int64? {
        let isPlain = (1...16).contains(text.utf8.count) && text.utf8.allSatisfy { (48...57).contains($0) }
        guard isPlain, let size = Int64(text), size < 1 << 53 else { return nil }
        return size
    }

    private static let scheme = "sha256:"
    /// The server's own limit.
    static let nameBytesMax = 1_024
}
