import JSON

/// A text with claims in it: `github:{repository}:{ref}`. In the braces stands a `ClaimPath`.
public struct ClaimTemplate: Hashable, Sendable, CustomStringConvertible {
    enum Piece: Hashable, Sendable {
        case text(String)
        case claim(ClaimPath)
    }
    public let description: String
    let pieces: [Piece]

    /// Nil if a brace has no partner, or no claim's path stands between them.
    public init?(_ text: String) {
        var pieces: [Piece] = []
        var rest = Substring(text)
        while let open = rest.firstIndex(of: "{") {
            let inside = rest[rest.index(after: open)...]
            guard let close = inside.firstIndex(of: "}"), let path = ClaimPath(String(inside[..<close])),
                !rest[..<open].contains("}"), !inside[..<close].contains("{")
            else { return nil }
            if open > rest.startIndex { pieces.append(.text(String(rest[..<open]))) }
            pieces.append(.claim(path))
            rest = inside[inside.index(after: close)...]
        }
        guard !rest.contains("}") else { return nil }
        if !rest.isEmpty { pieces.append(.text(String(rest))) }
        description = text
        self.pieces = pieces
    }

    /// The text with the claims' values in their places. A claim has to be a string that is not empty
    /// and that `isPermitted`.
    func text(
        of claims: Claims, where isPermitted: (String) -> Bool
    ) throws(TokenRefusal) -> String {
        var text = ""
        for piece in pieces {
            switch piece {
            case .text(let part): text += part
            case .claim(let path):
                guard let value = path.value(in: claims)?.string, !value.isEmpty else {
                    throw TokenRefusal(
                        .rule, "\(description) takes the claim \(path), and the token has no such string.")
                }
                guard isPermitted(value) else {
                    throw TokenRefusal(
                        .rule,
                        "\(description) takes the claim \(path), and \(value.debugDescription) can't stand there."
                    )
                }
                text += value
            }
        }
        return text
    }
}

extension ClaimTemplate {
    /// With `a` in the place of each claim: to see whether it could ever be valid.
    public var sample: String {
        pieces.map { if case .text(let text) = $0 { text } else { "a" } }.joined()
    }
}
