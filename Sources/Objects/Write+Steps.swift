import JSON

/// The steps that writes are made of, in the order of a real server.
extension Write {
    var ownership: Ownership {
        Ownership(kind: kind, manager: manager, subresource: "", now: time)
    }

    func read(_ body: Body, _ warnings: inout [String]) throws(Refusal) -> Reading {
        let json: JSON
        if let read = body.json { json = read } else { json = try kind.parse(body.bytes) }
        return try kind.decode(json, body: body, validation, &warnings)
    }

    /// What is said of names that come twice in a configuration.
    func told(_ duplicates: [String]) throws(Refusal) -> [String] {
        guard !duplicates.isEmpty, validation != .ignore else { return [] }
        let lines = duplicates.map { "  " + $0 }.joined(separator: "\n")
        let text = "error converting YAML to JSON: yaml: unmarshal errors:\n\(lines)"
        guard validation == .warn else { throw .badRequest("error strict decoding YAML: \(text)") }
        return [text]
    }

    /// - Throws: 400 if the object is of another namespace.
    func placeInNamespace(_ object: inout JSON) throws(Refusal) {
        let stated = object.metadata("namespace")
        if stated == namespace { return }
        guard stated.isEmpty || namespace.isEmpty else {
            throw .badRequest(
                "the namespace of the provided object does not match the namespace sent on the request")
        }
        object.putMetadata("namespace", namespace.isEmpty ? nil : .string(namespace), kind)
    }

    /// - Throws: 400 if the object isn't the one of the path.
    func checkName(of object: JSON) throws(Refusal) {
        let stated = object.metadata("name")
        guard !stated.isEmpty else {
            throw .badRequest(
                "the name of the object (\(name) based on URL) was undeterminable: name must be provided")
        }
        guard stated == name else {
            throw .badRequest(
                "the name of the object (\(stated)) does not match the name on the URL (\(name))")
        }
    }

    /// A uid in a body says which object is meant. - Throws: 409 if that isn't there.
    func checkUID(of object: JSON, _ live: JSON?) throws(Refusal) {
        let stated = object.metadata("uid")
        let stored = live?.metadata("uid") ?? ""
        guard stated.isEmpty || stated == stored else {
            throw .conflict(
                kind, name: name,
                "StorageError: invalid object, Code: 4, Key: \(storageKey), ResourceVersion: 0, "
                    + "AdditionalErrorMsg: Precondition failed: UID in precondition: \(stated), UID in object "
                    + "meta: \(stored)")
        }
    }

    private var storageKey: String {
        let group = kind.isCustom ? "/\(kind.group)" : ""
        let place = namespace.isEmpty ? name : "\(namespace)/\(name)"
        return "/registry\(group)/\(kind.plural)/\(place)"
    }

    /// What the server alone sets in a new object.
    func wipe(_ object: inout JSON) {
        let own = ["creationTimestamp", "uid", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"]
        let metadata = object["metadata"]?.members ?? []
        guard metadata.contains(where: { own.contains($0.name) }) else { return }
        object.put("metadata", .object(metadata.filter { !own.contains($0.name) }), in: kind.structure)
    }

    /// Owners that are named twice, in every detail, are named once.
    func unifyOwners(_ object: inout JSON, _ warnings: inout [String]) {
        guard let owners = object.metadata["ownerReferences"]?.array, owners.count > 1 else { return }
        var unique: [JSON] = []
        var twice: [String] = []
        var seen: Set<JSON> = []
        for owner in owners {
            if seen.insert(owner).inserted {
                unique.append(owner)
            } else {
                twice.append(owner["uid"]?.string ?? "")
            }
        }
        guard !twice.isEmpty else { return }
        object.putMetadata("ownerReferences", .array(unique), kind)
        warnings.append(
            ".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, "
                + "and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) "
                + "observed: \(twice.joined(separator: ", "))")
    }

    /// A namespace is labelled with its name.
    func setDefaultLabel(_ object: inout JSON) {
        guard kind.isNamespace, !object.metadata("name").isEmpty else { return }
        let label = JSONMember("kubernetes.io/metadata.name", .string(object.metadata("name")))
        var labels = object.metadata["labels"]?.members ?? []
        labels.removeAll { $0.name == label.name }
        labels.append(label)
        object.putMetadata("labels", .object(labels.sorted { $0.name < $1.name }), kind)
    }

    /// The name, if only what it begins with is given.
    func generateName(_ object: inout JSON, using random: inout some RandomNumberGenerator) {
        let base = object.metadata("generateName")
        guard !base.isEmpty, object.metadata("name").isEmpty else { return }
        object.putMetadata("name", .string(Names.generated(base, using: &random)), kind)
        setDefaultLabel(&object)
    }

    func created(_ reading: Reading, uid: String, _ warnings: [String]) throws(Refusal) -> Outcome {
        var object = reading.object
        kind.prepare(&object, nil)
        let version = object.metadata("resourceVersion")
        object.change("metadata", in: kind.structure) { metadata in
            metadata.put("uid", .string(uid), in: .metadata)
            metadata.put("resourceVersion", nil, in: .metadata)
            metadata.put("creationTimestamp", .string(time), in: .metadata)
        }
        let faults =
            MetadataRules.creation(object, kind) + reading.faults
            + kind.faults(Draft(object: object, live: nil))
        guard faults.isEmpty else { throw .invalid(kind, name: object.metadata("name"), faults) }
        if let version = UInt64(version), version != 0 {
            throw .unexpected("resourceVersion should not be set on objects to be created")
        }
        return Outcome(object: object, effect: .created, warnings: warnings)
    }

    func changed(_ reading: Reading, _ live: JSON, _ warnings: [String]) throws(Refusal) -> Outcome {
        var object = reading.object
        try checkVersion(of: &object, live)
        kind.prepare(&object, live)
        keep(&object, live)
        // A real server checks the metadata twice, and tells of it twice.
        let metadata = MetadataRules.update(object, from: live)
        let faults =
            metadata + metadata + reading.faults + kind.faults(Draft(object: object, live: live))
        guard faults.isEmpty else { throw .invalid(kind, name: name, faults) }
        if object.isSame(as: live) {
            return Outcome(object: live, effect: .unchanged, warnings: warnings)
        }
        let isGone =
            object.metadata["deletionTimestamp"] != nil && object.metadata["finalizers"] == nil
            && object["spec"]?["finalizers"] == nil
        return Outcome(object: object, effect: isGone ? .removed : .changed, warnings: warnings)
    }

    /// - Throws: 422 without a version, 409 with another, 500 if it is no number.
    private func checkVersion(of object: inout JSON, _ live: JSON) throws(Refusal) {
        let stated = object.metadata("resourceVersion")
        let stored = live.metadata("resourceVersion")
        let version = stated.isEmpty ? 0 : try Go.unsigned(stated)
        if version == 0 {
            guard kind.isUpdatedUnconditionally else {
                // Here a real server calls the resource a kind.
                throw .invalid(
                    group: kind.group, kind: kind.plural, name: name,
                    [
                        .invalid(
                            "metadata.resourceVersion", .number(Int64(0)), "must be specified for an update")
                    ])
            }
        } else if version != UInt64(stored) {
            throw .modified(kind, name: name)
        }
        if stated != stored { object.putMetadata("resourceVersion", .string(stored), kind) }
    }

    /// What an update can't change, and doesn't have to repeat.
    private func keep(_ object: inout JSON, _ live: JSON) {
        let stored = live.metadata
        if object.metadata("uid").isEmpty { object.putMetadata("uid", stored["uid"], kind) }
        if object.metadata["creationTimestamp"] != stored["creationTimestamp"] {
            object.putMetadata("creationTimestamp", stored["creationTimestamp"], kind)
        }
        guard let deletion = stored["deletionTimestamp"] else { return }
        object.putMetadata("deletionTimestamp", deletion, kind)
        if let seconds = stored["deletionGracePeriodSeconds"],
            object.metadata["deletionGracePeriodSeconds"] == nil
        {
            object.putMetadata("deletionGracePeriodSeconds", seconds, kind)
        }
    }
}

extension JSON {
    /// Whether two objects differ at most in the times of their managed fields.
    fileprivate func isSame(as other: JSON) -> Bool {
        // The spec stands behind the metadata, and is what mostly differs.
        isAlike(other) { name, mine, theirs in
            guard name == "metadata" else { return mine == theirs }
            return mine.isAlike(theirs) { name, mine, theirs in
                guard name == "managedFields", let mine = mine.array, let theirs = theirs.array else {
                    return mine == theirs
                }
                return mine.count == theirs.count && zip(mine, theirs).allSatisfy { $0.isTimeless($1) }
            }
        }
    }

    /// Whether two entries of managed fields differ at most in their times.
    private func isTimeless(_ other: JSON) -> Bool {
        func timeless(_ entry: JSON) -> [JSONMember] { (entry.members ?? []).filter { $0.name != "time" } }
        return timeless(self) == timeless(other)
    }

    /// Whether two objects have members of the same names in the same order, each with values that pass. From the
    /// last to the first.
    private func isAlike(_ other: JSON, _ isSame: (String, JSON, JSON) -> Bool) -> Bool {
        guard let mine = members, let theirs = other.members, mine.count == theirs.count else { return false }
        return mine.indices.reversed().allSatisfy {
            mine[$0].name == theirs[$0].name && isSame(mine[$0].name, mine[$0].value, theirs[$0].value)
        }
    }
}
