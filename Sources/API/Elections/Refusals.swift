import Coordination
import JSON

/// The one switch from the core's refusals to problems. Nobody else knows status codes.
extension Elections {
    public func problem(for rejection: Rejection) -> Problem {
        switch rejection {
        case .holdEnded(let token, let record, let current): return holdEnded(token, record, current)
        case .notTheHolder(let holder):
            return Problem(
                .notTheHolder,
                "The fencing token is right, but \(quoted(holder)) holds it. Send the holderIdentity of the "
                    + "campaign that was elected, with the same credentials."
            ).with { $0.member("currentHolder", holder) }
        case .wayConflict(let current, let asked):
            return Problem(
                .markerModeConflict,
                "This name is in use with \"marker\": \"\(current.word)\", and the request says "
                    + "\"\(asked.word)\". Use another name, or the same marker everywhere."
            ).with {
                $0.member("current", current.word)
                $0.member("asked", asked.word)
            }
        case .modeConflict(let current, let asked): return modeConflict(current, asked)
        case .namesConflict(let current, let asked):
            return Problem(
                .namesConflict,
                "The same holderIdentity and campaignID hold or wait for other names "
                    + "(\(current.joined(separator: ", "))) than the request asks for (\(asked.joined(separator: ", "))). "
                    + "Ask for the same ones again, resign what is held, or use another campaignID."
            ).with {
                $0.member("current", current)
                $0.member("asked", asked)
            }
        case .about(let key, let rejection):
            var problem = problem(for: rejection).with { $0.member("about", key.name) }
            problem.detail = "\(quoted(key.name)), and so all of the names: \(problem.detail)"
            return problem
        case .abandonedHolds(let abandoned): return abandonedHolds(abandoned)
        case .notAbandoned(let token):
            return Problem(
                .notFound,
                "No abandoned hold of this name has the fencing token \(token). GET the lease to see which do."
            ).with { $0.member("fencingToken", token) }
        case .reserved(let key):
            return .field(
                "name",
                "Names that end in .hold- and a number are the leases of holds that share a name; \(quoted(key.name)) "
                    + "can't be campaigned for.", allowed: "a name that doesn't end in .hold-<number>")
        case .inputsMismatch(let stored, let given):
            return Problem(
                .inputsMismatch,
                "This name stands for other inputs (\(stored)) than the request's (\(given)). Derive the name from "
                    + "the inputs, or delete the old marker."
            ).with {
                $0.member("stored", stored)
                $0.member("given", given)
            }
        case .lockHasNoMarker:
            return Problem(
                .lockHasNoMarker,
                "This hold is a lock (\"marker\": \"none\") and ends without a done marker: resign.")
        case .markerDiffers(let marker): return differs(marker)
        case .held(let view): return held(view)
        case .notFound(let key):
            return Self.notFound(
                "There is neither a lease nor a done marker of the name \(key.name) in namespace \(key.namespace) "
                    + "that this could apply to.", key)
        case .revisionDiffers(let current):
            return Problem(
                .revisionDiffers,
                "The marker's revision is \(current) by now. Read it again before you decide what to do."
            ).with { $0.member("current", current) }
        case .aheadOfTime(let token, let current): return aheadOfTime(token, current)
        case .aliased(let marker, let aliases): return aliased(marker, aliases)
        case .alias(let refusal): return problem(for: refusal)
        case .namespaceTerminating(let name):
            return Problem(
                .namespaceTerminating,
                "The namespace \(name) is being deleted, and all that is in it: nothing begins in it any more, and "
                    + "no work of it can be completed. When it is gone, the same name begins anew."
            ).with { $0.member("namespace", name) }
        case .exists, .restoreQuarantine, .markerExists, .namespaceExists, .namespaceNotFound, .namespaceHeld:
            preconditionFailure("this face writes no objects")
        case .tooMany(let bound, let limit): return tooMany(bound, limit)
        case .quotaExceeded(let bound, let namespace, let limit, let used):
            return quotaExceeded(bound, namespace, limit: limit, used: used)
        }
    }

    static func notFound(_ detail: String, _ key: Key) -> Problem {
        Problem(.notFound, detail).with {
            $0.member("namespace", key.namespace)
            $0.member("name", key.name)
        }
    }

    private func holdEnded(_ token: FencingToken, _ record: HoldRecord?, _ current: LeaseView?) -> Problem {
        var detail = "The hold with fencing token \(token) is not the present one"
        if let end = record?.end {
            detail = "The hold with fencing token \(token) ended at \(end.at.text): \(end.how.word)"
        }
        let holder = current?.record.hold ?? current?.shared.first?.hold
        if let current, current.sharedCount > 1 {
            detail += "; \(current.sharedCount) others share the name now"
        } else if let holder {
            detail += "; \(quoted(holder.holder)) holds the lease now, with token \(holder.token)"
        }
        detail += ". Stop its work; to go on, campaign again."
        return Problem(.holdEnded, detail).with {
            $0.member("fencingToken", token)
            $0.member("end", record?.end?.how.word)
            $0.member("reason", record?.end?.reason)
            $0.member("endTime", record?.end?.at)
            $0.member("currentHolder", holder?.holder)
            $0.member("currentToken", holder?.token)
        }
    }

    private func differs(_ marker: DoneMarker) -> Problem {
        Problem(
            .markerDiffers,
            "A done marker with other contents is there, of revision \(marker.revision), and markers don't change. "
                + "Delete it with ?revision=\(marker.revision), or use another name."
        ).with { writer in writer.member("marker") { write(marker, to: &$0) } }
    }

    private func held(_ view: LeaseView) -> Problem {
        let hold = view.record.hold ?? view.shared.first?.hold
        let holder = hold.map { "\(quoted($0.holder)) holds it, with token \($0.token)" }
        return Problem(
            .held,
            "The work of this name is under way: \(holder ?? "somebody holds it"). Wait for its end, or revoke it."
        ).with { writer in writer.member("lease") { write(view, to: &$0) } }
    }

    private func modeConflict(_ current: Mode, _ asked: Mode) -> Problem {
        Problem(
            .modeConflict,
            "This name is in use with \(current.described), and the request asks for \(asked.described). Shared and "
                + "exclusive holds go together; permits go with the same number only. Use the same everywhere, or "
                + "another name."
        ).with { writer in
            writer.member("current") { write(current, to: &$0) }
            writer.member("asked") { write(asked, to: &$0) }
        }
    }

    private func abandonedHolds(_ abandoned: AbandonedHolds) -> Problem {
        let first = abandoned.holds.first.map { ", first \(quoted($0.holder)) with token \($0.token)" } ?? ""
        return Problem(
            .abandonedHolds,
            "\(abandoned.holds.count + abandoned.beyond) holds of this name ended without their holders\(first): their "
                + "work may be half done, and the request said failOnAbandoned. Look after it, then clear each with "
                + "clear-abandoned; or let a run of the same work end well."
        ).with { write(abandoned, to: &$0) }
    }
}
