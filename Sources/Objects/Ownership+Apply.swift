import JSON

/// Server-side apply.
extension Ownership {
    /// The name of who set everything before an object without managers was first applied.
    private static let beforeName = "before-first-apply"

    /// Merges a configuration into an object. It names what the manager wants, not more.
    ///
    /// - Parameters:
    ///   - live: what is stored; an empty object if there is nothing.
    ///   - force: take what others own, instead of the conflict.
    /// - Returns: the object with its managed fields.
    /// - Throws: 400 for another kind or managed fields in it, 409 for conflicts, 500 for what doesn't fit
    ///   the schema, as a real server has it.
    func applying(_ configuration: JSON, to live: JSON, force: Bool) throws(Refusal) -> JSON {
        try checkType(of: configuration)
        guard configuration.metadata["managedFields"] == nil else {
            throw .badRequest("metadata.managedFields must be nil")
        }
        var managed = ManagedFields(live.metadata["managedFields"]) ?? ManagedFields()
        if managed.entries.isEmpty { managed = before(live) }
        let outcome: Merged
        do throws(Conflicts) {
            outcome = try merged(configuration, live, managed, force: force)
        } catch {
            guard manager == LastApplied.manager else { throw error.refusal }
            let rest = error.allowing(LastApplied.fields(of: live, kind))
            guard rest.isEmpty else { throw rest.refusal }
            outcome = try forced(configuration, live, managed)
        }
        return LastApplied.synchronized(try finished(outcome, live), with: configuration, by: manager, kind)
    }

    private func checkType(of configuration: JSON) throws(Refusal) {
        let apiVersion = configuration["apiVersion"]?.string ?? ""
        let name = configuration["kind"]?.string ?? ""
        let parts = apiVersion.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let group = parts.count == 2 ? parts[0] : ""
        guard name == kind.kind, group == kind.group, !apiVersion.isEmpty else {
            throw .badRequest("invalid object type: \(group)/\(parts.last ?? ""), Kind=\(name)")
        }
        guard apiVersion == kind.apiVersion else {
            throw .badRequest(
                "Incorrect version specified in apply patch. Specified patch version: \(apiVersion), "
                    + "expected: \(kind.apiVersion)")
        }
        let faults = SchemaCheck.faults(of: configuration, kind.structure)
        guard faults.isEmpty else {
            throw .unexpected("failed to create typed patch object (\(described(configuration))): \(faults)")
        }
    }

    private func described(_ configuration: JSON) -> String {
        "\(configuration.metadata("namespace"))/\(configuration.metadata("name")); \(kind.apiVersion), "
            + "Kind=\(kind.kind)"
    }

    private func before(_ live: JSON) -> ManagedFields {
        let before = Ownership(kind: kind, manager: Self.beforeName, subresource: subresource, now: now)
        return ManagedFields(before.updating(live, from: kind.empty).metadata["managedFields"])
            ?? ManagedFields()
    }

    private struct Merged {
        var object: JSON
        var managed: ManagedFields
        /// The applier's.
        var index: Int
    }

    private func forced(_ configuration: JSON, _ live: JSON, _ managed: ManagedFields) throws(Refusal)
        -> Merged
    {
        do throws(Conflicts) {
            return try merged(configuration, live, managed, force: true)
        } catch {
            throw error.refusal
        }
    }

    private func merged(
        _ configuration: JSON, _ live: JSON, _ managed: ManagedFields, force: Bool
    ) throws(Conflicts) -> Merged {
        var managed = managed
        let (mine, last) = take(FieldSet.named(in: configuration, kind.structure), in: &managed)
        var object = ApplyMerge.merged(live, configuration, kind.structure)
        let owned = managed.entries.reduce(FieldSet()) { $0.union($1.fields) }
        ApplyMerge.remove(last.subtracting(owned), from: &object, kind.structure)
        let changes = Comparison(from: live, to: object, kind.structure)
        let conflicts = Conflicts(of: changes.written, with: managed, except: mine)
        guard force || conflicts.isEmpty else { throw conflicts }
        managed.remove(changes.changed, except: mine)
        return Merged(object: object, managed: managed, index: mine)
    }

    /// - Returns: which entry is the applier's, and what it owned before.
    private func take(_ fields: FieldSet, in managed: inout ManagedFields) -> (Int, FieldSet) {
        var entry = ManagedFields.Entry(
            id: .init(manager: manager, operation: .apply, subresource: subresource),
            apiVersion: kind.apiVersion, time: nil, fields: fields)
        guard let index = managed.index(of: entry) else {
            managed.entries.append(entry)
            return (managed.entries.count - 1, FieldSet())
        }
        let last = managed.entries[index].fields
        entry.time = managed.entries[index].time
        managed.entries[index] = entry
        return (index, last)
    }

    /// The merged object as an object of its kind. The time is only noted if something of it changed.
    private func finished(_ merged: Merged, _ live: JSON) throws(Refusal) -> JSON {
        var managed = merged.managed
        var reading: Reading
        do throws(Reading.Fault) {
            reading = try kind.read(merged.object)
        } catch {
            throw .unexpected(
                "failed to convert new typed object (\(described(merged.object))) to object: \(error.text)")
        }
        guard reading.faults.isEmpty else {
            throw .invalid(kind, name: reading.object.metadata("name"), reading.faults)
        }
        for field in kind.structure.fields where !field.isWritable {
            reading.object.put(field.name, live[field.name], in: kind.structure)
        }
        let before = live.metadata["managedFields"]
        reading.object.putMetadata("managedFields", before, kind)
        if reading.object != live { managed.entries[merged.index].time = now }
        managed.cap()
        reading.object.putMetadata("managedFields", managed.json, kind)
        return reading.object
    }
}

/// Fields that others own, and have another value in.
struct Conflicts: Error {
    private var all: [(manager: ManagedFields.Entry, path: String, fields: FieldSet)] = []

    var isEmpty: Bool { all.isEmpty }

    init(of written: FieldSet, with managed: ManagedFields, except mine: Int) {
        for (index, entry) in managed.entries.enumerated() where index != mine {
            for path in entry.fields.intersection(written).single {
                all.append((entry, path.paths[0], path))
            }
        }
        all.sort { $0.manager.shown < $1.manager.shown }
    }

    /// What is left without conflicts about these fields.
    func allowing(_ fields: FieldSet) -> Conflicts {
        var rest = self
        rest.all.removeAll { $0.fields.subtracting(fields).isEmpty }
        return rest
    }

    var refusal: Refusal {
        let causes = all.map {
            Refusal.Cause(
                reason: "FieldManagerConflict", message: "conflict with \($0.manager.shown)", field: $0.path)
        }
        return Refusal(409, "Conflict", message, Refusal.Details(causes: causes))
    }

    private var message: String {
        if all.count == 1 {
            return "Apply failed with 1 conflict: conflict with \(all[0].manager.shown): \(all[0].path)"
        }
        var lines: [String] = []
        for (index, conflict) in all.enumerated() {
            if index == 0 || all[index - 1].manager.shown != conflict.manager.shown {
                lines.append("conflicts with \(conflict.manager.shown):")
            }
            lines.append("- \(conflict.path)")
        }
        return "Apply failed with \(all.count) conflicts: \(lines.joined(separator: "\n"))"
    }
}

extension FieldSet {
    /// Each path as a set of its own.
    fileprivate var single: [FieldSet] {
        nodes.flatMap { node in
            (node.isMember ? [FieldSet([Node(node.element)])] : [])
                + node.below.single.map { FieldSet([Node(node.element, isMember: false, below: $0)]) }
        }
    }
}
