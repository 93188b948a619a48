import JSON

/// What clients attach to an object: labels, annotations, owners, finalizers, who manages which field.
///
/// It is stored with the object's record as JSON, of which the core knows nothing: equal bytes are equal
/// metadata. What the daemon itself says of an object (name, uid, version, its own annotations) isn't in it.
///
/// Answers repeat most of it as it is. So it stays text, of which is known where each member stands, and only what
/// is asked for is read.
struct AttachedMetadata: Hashable, Sendable {
    /// What can be attached, in the order of the reference.
    enum Member: String, CaseIterable {
        case generateName, generation, deletionTimestamp, deletionGracePeriodSeconds, labels, annotations,
            ownerReferences, finalizers, managedFields
    }

    /// To be stored: an object of JSON without white space, its members in that order and none of them empty; no
    /// bytes if nothing is attached.
    private(set) var bytes: [UInt8] = []
    private var values: [Place] = []

    private struct Place: Hashable {
        var member: Member
        var range: Range<Int>
    }

    init() {}

    /// As it was stored. What isn't JSON is no metadata: nobody but this type writes it.
    init(stored bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        var places: [Place] = []
        places.reserveCapacity(4)
        var members = Member.allCases[...]
        let isRead = JSONOutline.read(bytes) { bytes, found in
            let name = UnsafeBufferPointer(rebasing: bytes[found.name])
            guard let index = members.firstIndex(where: { $0.isNamed(name) }) else { return }
            places.append(Place(member: members[index], range: found.value))
            members = members[(index + 1)...]
        }
        guard isRead else { return }
        self.bytes = bytes
        values = places
    }

    /// - Parameters:
    ///   - object: the outcome of a write.
    ///   - labels: names of labels that are the daemon's.
    ///   - annotations: names of annotations that are the daemon's.
    init(of object: JSON, without labels: Set<String>, _ annotations: Set<String>) {
        guard let metadata = object["metadata"] else { return }
        var writer = JSONWriter(capacity: 384)
        writer.object { writer in
            for member in Member.allCases {
                guard var value = metadata[member.rawValue] else { continue }
                switch member {
                case .labels: value = value.without(labels)
                case .annotations: value = value.without(annotations)
                default: break
                }
                if value.members?.isEmpty ?? value.array?.isEmpty ?? false { continue }
                writer.name(text: member.rawValue)
                let start = writer.bytes.count
                writer.value(value)
                values.append(Place(member: member, range: start..<writer.bytes.count))
            }
        }
        if !values.isEmpty { bytes = writer.bytes }
    }

    private func range(of member: Member) -> Range<Int>? { values.first { $0.member == member }?.range }

    subscript(member: Member) -> JSON? {
        range(of: member).flatMap { try? JSON(parsing: Array(bytes[$0])) }
    }

    /// Writes the member as it is, if it is there.
    func write(_ member: Member, to writer: inout JSONWriter) {
        guard let range = range(of: member) else { return }
        writer.name(text: member.rawValue)
        writer.bytes.append(contentsOf: bytes[range])
    }

    var labels: [String: String] { strings(.labels) }
    var annotations: [String: String] { strings(.annotations) }
    /// Whether it was deleted and waits for its finalizers.
    var isBeingDeleted: Bool { range(of: .deletionTimestamp) != nil }
    /// Whether something has to be done before the object may go.
    var hasFinalizers: Bool { range(of: .finalizers) != nil }

    private func strings(_ member: Member) -> [String: String] {
        guard let members = self[member]?.members else { return [:] }
        return Dictionary(members.map { ($0.name, $0.value.string ?? "") }) { _, last in last }
    }
}

extension AttachedMetadata.Member {
    fileprivate func isNamed(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        var text = rawValue
        return text.withUTF8 { $0.count == name.count && $0.elementsEqual(name) }
    }
}

extension JSON {
    fileprivate func without(_ names: Set<String>) -> JSON {
        guard !names.isEmpty, let members, members.contains(where: { names.contains($0.name) }) else {
            return self
        }
        return .object(members.filter { !names.contains($0.name) })
    }
}
