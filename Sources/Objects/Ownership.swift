import JSON

/// Somebody who writes, and when: what becomes of `metadata.managedFields`.
struct Ownership {
    let kind: ObjectKind
    let manager: String
    /// "status", or "" for the object itself.
    let subresource: String
    /// RFC 3339 with seconds, in UTC.
    let now: String

    /// What an update, whatever its method, makes of who owns what.
    ///
    /// The manager owns afterwards what it changed; others lose what is changed or gone. A client may write
    /// the managed fields themselves: if they can be read they count instead of the stored ones, a single
    /// empty entry clears them, and none at all leaves them as they were, since many clients drop them.
    ///
    /// - Returns: the object with its managed fields.
    func updating(_ object: JSON, from live: JSON) -> JSON {
        let changes = Comparison(from: live, to: object, kind.structure)
        let written = object.metadata["managedFields"]
        var object = object
        // The ordinary renewal: the manager changes again what nobody but it owns.
        if written == nil || written == live.metadata["managedFields"],
            let renewed = renewed(live.metadata["managedFields"], changes)
        {
            object.putMetadata("managedFields", renewed, kind)
            return object
        }
        var managed = Self.managed(written, live)
        if !managed.entries.isEmpty { managed.remove(changes.changed) }
        own(changes.written, in: &managed)
        managed.cap()
        object.putMetadata("managedFields", managed.json, kind)
        return object
    }

    /// Nil: it is not so simple.
    private func renewed(_ live: JSON?, _ changes: Comparison) -> JSON? {
        guard let live, changes.added.isEmpty, changes.removed.isEmpty else { return nil }
        if changes.modified.isEmpty { return live }
        guard case .array(var items) = live, items.count == 1, case .object(var entry) = items[0],
            let fields = items[0]["fieldsV1"], changes.modified.isWithin(fields),
            items[0]["manager"]?.string == manager, items[0]["operation"]?.string == "Update",
            items[0]["apiVersion"]?.string == kind.apiVersion, subresource.isEmpty,
            items[0]["subresource"] == nil, let time = entry.index(of: "time")
        else { return nil }
        entry[time].value = .string(now)
        items[0] = .object(entry)
        return .array(items)
    }

    private static func managed(_ written: JSON?, _ live: JSON) -> ManagedFields {
        // One entry with nothing in it: a client gives up all ownership.
        if let items = written?.array, items.count == 1, items[0].members?.isEmpty ?? false {
            return ManagedFields()
        }
        if let managed = ManagedFields(written), !managed.entries.isEmpty { return managed }
        return ManagedFields(live.metadata["managedFields"]) ?? ManagedFields()
    }

    private func own(_ fields: FieldSet, in managed: inout ManagedFields) {
        guard !fields.isEmpty else { return }
        var mine = ManagedFields.Entry(
            id: .init(manager: manager, operation: .update, subresource: subresource),
            apiVersion: kind.apiVersion, time: now, fields: fields)
        if let index = managed.index(of: mine) {
            mine.fields = mine.fields.union(managed.entries[index].fields)
            managed.entries[index] = mine
        } else {
            managed.entries.append(mine)
        }
    }
}

extension FieldSet {
    /// Whether all of it is in a set that is still JSON. For sets without containers among their members.
    fileprivate func isWithin(_ json: JSON) -> Bool {
        // Both are in order, as this module writes them; where a client did otherwise it looks like a no.
        var rest = (json.members ?? [])[...]
        return nodes.allSatisfy { node in
            while let first = rest.first, first.name < node.element { rest.removeFirst() }
            guard let below = rest.first, below.name == node.element else { return false }
            guard node.isMember else { return node.below.isWithin(below.value) }
            // An element that has nothing below is meant itself.
            return node.below.isEmpty && below.value.members?.isEmpty ?? false
        }
    }
}
