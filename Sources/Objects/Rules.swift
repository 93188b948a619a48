import JSON

/// An object that is about to be stored.
struct Draft {
    var object: JSON
    /// What is stored now. Nil: nothing.
    var live: JSON?
}

/// `spec` of a Lease. `strategy` and `preferredHolder` belong to a feature that is off by default; they are
/// taken and not kept.
enum LeaseRules {
    static func prepare(_ object: inout JSON, _ live: JSON?) {
        let spec = object["spec"]?.members ?? []
        let dropped = ["strategy", "preferredHolder"]
        guard spec.contains(where: { dropped.contains($0.name) }) else { return }
        object.put(
            "spec", .object(spec.filter { !dropped.contains($0.name) }), in: ObjectKind.lease.structure)
    }

    static func faults(_ draft: Draft) -> [Refusal.Cause] {
        let spec = draft.object["spec"]
        var faults: [Refusal.Cause] = []
        if let duration = spec?["leaseDurationSeconds"], duration.integer ?? 0 <= 0 {
            faults.append(.invalid("spec.leaseDurationSeconds", duration, "must be greater than 0"))
        }
        if let transitions = spec?["leaseTransitions"], transitions.integer ?? 0 < 0 {
            faults.append(
                .invalid("spec.leaseTransitions", transitions, "must be greater than or equal to 0"))
        }
        return faults
    }
}

/// `spec` and `status` of a namespace are the server's.
enum NamespaceRules {
    private static let spec = JSON.object(["finalizers": .array([.string("kubernetes")])])
    private static let status = JSON.object(["phase": .string("Active")])

    static func prepare(_ object: inout JSON, _ live: JSON?) {
        let structure = ObjectKind.namespace.structure
        object.put("spec", live?["spec"] ?? spec, in: structure)
        object.put("status", live?["status"] ?? status, in: structure)
    }
}

/// `spec` of a done marker: it says one of two words, and says it for good.
enum DoneMarkerRules {
    static let outcomes = ["Succeeded", "Failed"]

    static func prepare(_ object: inout JSON, _ live: JSON?) {
        object.put("status", live?["status"], in: ObjectKind.doneMarker.structure)
        // How often the spec changed, which it doesn't.
        let generation = live?.metadata["generation"] ?? .number(Int64(1))
        object.putMetadata("generation", generation, .doneMarker)
    }

    static func faults(_ draft: Draft) -> [Refusal.Cause] {
        let spec = draft.object["spec"]
        var faults: [Refusal.Cause] = []
        if let outcome = spec?["outcome"], !outcomes.contains(outcome.string ?? "") {
            faults.append(.unsupported("spec.outcome", outcome, supported: outcomes))
        }
        if let seconds = spec?["retentionSeconds"], seconds.double ?? 0 < 0 {
            faults.append(
                .invalid(
                    "spec.retentionSeconds", seconds,
                    "spec.retentionSeconds in body should be greater than or equal to 0"))
        }
        // As a transition rule of a custom resource is told.
        if let live = draft.live?["spec"], let spec, !says(spec, theSameAs: live) {
            faults.append(
                Refusal.Cause(
                    reason: "FieldValueInvalid",
                    message: "Invalid value: \"object\": a done marker doesn't change", field: "spec"))
        }
        return faults
    }

    /// What the server adds, such as who completed it, a client may leave out.
    private static func says(_ spec: JSON, theSameAs live: JSON) -> Bool {
        let added = ["holderIdentity", "principal", "fencingToken", "attempt", "startTime", "endTime"]
        let names = Set(((spec.members ?? []) + (live.members ?? [])).map(\.name))
        return names.allSatisfy { name in
            spec[name] == live[name] || spec[name] == nil && added.contains(name)
        }
    }
}
