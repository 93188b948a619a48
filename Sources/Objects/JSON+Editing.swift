import JSON

/// Objects in the order of their structure, changed in place.
extension [JSONMember] {
    /// Where a member of that name stands.
    func index(of name: String) -> Int? {
        let count = name.utf8.count
        return firstIndex { $0.name.utf8.count == count && $0.name == name }
    }

    /// Sets a member where the structure wants it.
    mutating func put(_ member: JSONMember, in structure: Structure) {
        if let index = index(of: member.name) { return self[index].value = member.value }
        let place = structure.index(of: member.name) ?? structure.fields.count
        // Mostly it stands where the last ones are.
        let last = lastIndex { (structure.index(of: $0.name) ?? 0) <= place }
        insert(member, at: last.map { $0 + 1 } ?? 0)
    }
}

extension JSON {
    /// Sets a member, or takes it away.
    mutating func put(_ name: String, _ value: JSON?, in structure: Structure) {
        var members = self.members ?? []
        // Lets go of the only other reference, so that the array is changed in place.
        self = .null
        if let value {
            members.put(JSONMember(name, value), in: structure)
        } else if let index = members.index(of: name) {
            members.remove(at: index)
        }
        self = .object(members)
    }

    /// Changes a member that is an object; one that isn't there is an empty one before.
    mutating func change(_ name: String, in structure: Structure, _ body: (inout JSON) -> Void) {
        var members = self.members ?? []
        self = .null
        if let index = members.index(of: name) {
            body(&members[index].value)
        } else {
            var value = JSON.object([])
            body(&value)
            members.put(JSONMember(name, value), in: structure)
        }
        self = .object(members)
    }

    /// `metadata`, in an object.
    var metadata: JSON { self["metadata"] ?? .object([]) }

    /// A text of the metadata; "" if there is none.
    func metadata(_ name: String) -> String { self["metadata"]?[name]?.string ?? "" }

    /// The texts of a list in the metadata.
    func metadataList(_ name: String) -> [String] {
        self["metadata"]?[name]?.array?.compactMap(\.string) ?? []
    }

    mutating func putMetadata(_ name: String, _ value: JSON?, _ kind: ObjectKind) {
        change("metadata", in: kind.structure) { $0.put(name, value, in: .metadata) }
    }
}
