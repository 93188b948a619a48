/// The name of a lease that stands for work on certain inputs:
/// `<base>-<first 12 digits of their digest>`.
public enum DerivedName {
    /// RFC 1123 allows 253; the dash and twelve digits take 13 of them.
    public static let baseCharactersMax = 240

    public static func derive(_ base: String, inputs: [String]) throws(NameError) -> String {
        try derive(base, InputsDigest(inputs))
    }

    public static func derive(_ base: String, _ digest: InputsDigest) throws(NameError) -> String {
        try check(base)
        return "\(base)-\(digest.short)"
    }

    /// A DNS-1123 subdomain, as Kubernetes names objects: labels of lower-case
    /// letters, digits and '-', divided by dots, each beginning and ending with a
    /// letter or digit. What doesn't fit is refused: a mangled name would meet
    /// another's by chance.
    public static func check(_ base: String) throws(NameError) {
        func broken(_ rule: NameError.Rule, at position: Int = 0) -> NameError {
            NameError(name: base, rule: rule, position: position)
        }
        let characters = Array(base.unicodeScalars)
        if characters.isEmpty { throw broken(.isEmpty) }
        for (position, character) in characters.enumerated() {
            if character == "." {
                if !follows(characters, position) { throw broken(.dotWithoutLabel, at: position) }
            } else if !isLetterOrDigit(character), character != "-" {
                throw broken(.character(character), at: position)
            } else if character == "-", isAtLabelEdge(characters, position) {
                throw broken(.dashAtEdge, at: position)
            }
        }
        if characters.count > baseCharactersMax {
            throw broken(.tooLong(characters.count, max: baseCharactersMax), at: baseCharactersMax)
        }
    }

    private static func isLetterOrDigit(_ character: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(character) || ("0"..."9").contains(character)
    }

    /// Whether a dot stands between two labels.
    private static func follows(_ characters: [Unicode.Scalar], _ dot: Int) -> Bool {
        dot > 0 && dot < characters.count - 1 && characters[dot - 1] != "."
    }

    private static func isAtLabelEdge(_ characters: [Unicode.Scalar], _ position: Int) -> Bool {
        position == 0 || position == characters.count - 1
            || characters[position - 1] == "." || characters[position + 1] == "."
    }
}

/// Which rule a name breaks, and where.
public struct NameError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Rule: Sendable, Equatable {
        case isEmpty
        case character(Unicode.Scalar)
        case dashAtEdge
        case dotWithoutLabel
        case tooLong(Int, max: Int)
    }

    public let name: String
    public let rule: Rule
    /// In characters, from 0.
    public let position: Int

    public var description: String { "'\(name)' can't be the base of a name: \(reason)" }

    private var reason: String {
        let place = "at character \(position + 1)"
        return switch rule {
        case .isEmpty: "it is empty"
        case .character(let character):
            "\(Self.shown(character)) \(place); only a-z, 0-9, '-' and '.' are allowed"
        case .dashAtEdge: "'-' \(place); each part begins and ends with a letter or digit"
        case .dotWithoutLabel: "'.' \(place); a dot stands between two parts"
        case .tooLong(let count, let max): "it has \(count) characters, and \(max) are allowed"
        }
    }

    private static func shown(_ character: Unicode.Scalar) -> String {
        let isPlain = character.isASCII && character.value > 0x20 && character.value < 0x7f
        let code = String(character.value, radix: 16, uppercase: true)
        return isPlain
            ? "'\(character)'" : "U+" + String(repeating: "0", count: max(0, 4 - code.count)) + code
    }
}
