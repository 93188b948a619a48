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

/// `spec` of a done marker: it says one of two words, and says it for good.
enum DoneMarkerRules {
    static let outcomes = ["Succeeded", "Failed"]

    static func faults(_ draft: Draft) -> [Refusal.Cause] {
        let spec = draft.object["spec"]
        var faults: [Refusal.Cause] = []
        if let outcome = spec?["outcome"], !outcomes.contains(outcome.string ?? "") {
            faults.append(.unsupported("spec.outcome", outcome, supported: outcomes))
        }
        if let seconds = spec?["retentionSeconds"], seconds.integer ?? 0 < 0 {
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
