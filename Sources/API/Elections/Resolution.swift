import Coordination
import JSON

/// A marker by its name, by an alias, or by a beginning that no other marker's name has.
public enum Resolution: Hashable, Sendable {
    case name(DoneMarker)
    case alias(AliasRecord, DoneMarker)
    case prefix(DoneMarker)
    /// The first names that begin so, and how many there are; more, if they were not all counted.
    case ambiguous([String], count: Int, more: Bool)
    case nothing

    /// How many names an ambiguous answer shows, and up to how many it counts.
    public static let shown = 20
    public static let counted = 100
}

extension Elections {
    public func resolution(_ resolution: Resolution, of text: String, in namespace: String) -> APIResponse {
        switch resolution {
        case .name(let marker): return resolved(marker, "name", nil)
        case .alias(let alias, let marker): return resolved(marker, "alias", alias)
        case .prefix(let marker): return resolved(marker, "prefix", nil)
        case .ambiguous(let names, let count, let more):
            let shown = names.prefix(Resolution.shown)
            return Problem(
                .ambiguous,
                "\(more ? "More than \(count)" : "\(count)") done markers in namespace \(namespace) begin with "
                    + "\(quoted(text)). Say more of the name."
            ).with {
                $0.member("candidates", Array(shown))
                $0.member("count", count)
                $0.member("more", more)
            }.response
        case .nothing:
            return Problem(
                .notFound,
                "There is no done marker \(text) in namespace \(namespace), no alias of that name, and no marker "
                    + "whose name begins so."
            ).with { $0.member("namespace", namespace) }.response
        }
    }

    private func resolved(_ marker: DoneMarker, _ matched: String, _ alias: AliasRecord?) -> APIResponse {
        .json { writer in
            writer.member("matched", matched)
            writer.member("marker") { write(marker, to: &$0) }
            if let alias { writer.member("alias") { write(alias, to: &$0) } }
        }
    }
}
