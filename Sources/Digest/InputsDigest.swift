/// The digest of what a piece of work depends on, for a name and as a proof.
///
/// SHA-256 over each input in the order given, as a netstring
/// (`<byte length>:<bytes>,`). The lengths keep `["ab", "c"]` and `["a", "bc"]`
/// apart. The test vectors stand in the documentation too, for clients in other
/// languages: they never change.
public struct InputsDigest: Sendable, Equatable, CustomStringConvertible {
    public let bytes: [UInt8]

    public init(_ inputs: [[UInt8]]) {
        var hash = SHA256()
        for input in inputs {
            hash.update(Array("\(input.count):".utf8))
            hash.update(input)
            hash.update(Array(",".utf8))
        }
        bytes = hash.finish()
    }

    /// The bytes are the strings' UTF-8.
    public init(_ inputs: [String]) { self.init(inputs.map { Array($0.utf8) }) }

    /// `sha256:` and 64 digits.
    public var description: String { "sha256:" + hex }

    /// An index for people, not a proof: 12 digits.
    public var short: String { String(hex.prefix(12)) }

    private var hex: String { Hex.encode(bytes) }
}
