import Coordination
import JSON

/// Why an alias wasn't moved, and why a marker can't go.
extension Elections {
    func aliasNotFound(_ key: Key) -> Problem {
        Self.notFound("There is no alias \(key.name) in namespace \(key.namespace).", key)
    }

    func aliased(_ marker: Key, _ aliases: [String]) -> Problem {
        Problem(
            .aliased,
            "The done marker \(marker.name) can't be deleted: \(Self.shown(aliases)) "
                + "\(aliases.count == 1 ? "points" : "point") at it. Move or delete the "
                + "\(aliases.count == 1 ? "alias" : "aliases") first."
        ).with { $0.member("aliases", Array(aliases.prefix(Resolution.shown))) }
    }

    private static func shown(_ aliases: [String]) -> String {
        let named = aliases.prefix(3).joined(separator: ", ")
        let more = aliases.count > 3 ? " and \(aliases.count - 3) more" : ""
        return "\(aliases.count == 1 ? "the alias" : "the aliases") \(named)\(more)"
    }

    func problem(for refusal: AliasRefusal) -> Problem {
        switch refusal {
        case .notFound(let key): return aliasNotFound(key)
        case .differs(let key, let record): return differs(key, record)
        case .backwards(let record, let target): return backwards(record, target)
        case .noTarget(let key, let isAlias):
            let hint =
                isAlias
                ? "\(key.name) is an alias, and an alias points at a done marker only" : "mark it first"
            return noTarget(
                isAlias ? "IsAlias" : "NotFound",
                "There is no done marker \(key.name) in namespace \(key.namespace) to point at: \(hint).",
                key.name)
        case .targetFailed(let marker):
            return noTarget(
                "Failed", "The work of \(marker.key.name) failed: no alias is moved to a Failed marker.",
                marker.key.name)
        case .targetGone(let key, let target, let current):
            let now =
                current.map { "that name's marker is another one by now, of revision \($0)" }
                ?? "it was deleted"
            return noTarget(
                "Gone",
                "The alias \(key.name) can't go back to \(target.name), marker revision \(target.revision): "
                    + "\(now). Name another move of its history, or set it.", target.name)
        case .noPrevious(let record):
            return noTarget(
                "NoPrevious",
                "The alias \(record.key.name) has pointed at nothing but \(record.target.name).", nil)
        case .noMove(let key, let revision):
            return noTarget(
                "NoSuchMove",
                "The history of the alias \(key.name) has no move of revision \(revision) to go back to.", nil
            )
        }
    }

    private func differs(_ key: Key, _ record: AliasRecord?) -> Problem {
        let found =
            record.map { "points at \($0.target.name), since revision \($0.revision)" } ?? "isn't there"
        return Problem(
            .aliasDiffers,
            "The alias \(key.name) \(found): not what was expected. Read it again before you decide what to do."
        ).with { writeAlias(record, to: &$0) }
    }

    private func backwards(_ record: AliasRecord, _ target: AliasTarget) -> Problem {
        Problem(
            .aliasBackwards,
            "\(target.name) is older (marker revision \(target.revision)) than \(record.target.name) "
                + "(\(record.target.revision)), which the alias \(record.key.name) points at. Something newer came "
                + "first; to go back on purpose, roll back, or say allowOlder."
        ).with { writer in
            writeAlias(record, to: &writer)
            write(target, to: &writer)
        }
    }

    private func writeAlias(_ record: AliasRecord?, to writer: inout JSONWriter) {
        guard let record else { return writer.null("alias") }
        writer.member("alias") { write(record, to: &$0) }
    }

    private func noTarget(_ reason: String, _ detail: String, _ target: String?) -> Problem {
        Problem(.noTarget, detail).with {
            $0.member("reason", reason)
            $0.member("target", target)
        }
    }
}
