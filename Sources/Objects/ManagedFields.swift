import JSON

/// Who owns which fields: `metadata.managedFields`.
///
/// Each manager has a set of fields. Whoever updates an object owns afterwards what the update set, and
/// others lose those fields. Whoever applies a configuration owns all that it names, together with others
/// who have the same value there; a different value is a conflict, until it is forced, and then the others
/// lose the field. What a manager named the last time and doesn't name any more is taken away, unless
/// somebody else owns it. All of it is union, difference and intersection of sets of paths.
struct ManagedFields: Hashable, Sendable {
    var entries: [Entry] = []

    struct Entry: Hashable, Sendable {
        var id: ID
        /// The version of the fields. For updates it is a part of who the manager is.
        var apiVersion: String
        /// RFC 3339 with seconds, in UTC. Nil: nothing of the object changed with it.
        var time: String?
        var fields: FieldSet
    }

    /// Tells one entry from another.
    struct ID: Hashable, Sendable {
        var manager: String
        var operation: Operation
        var subresource: String
    }

    /// The raw value sorts as the reference sorts.
    enum Operation: String, Hashable, Sendable {
        case apply = "Apply"
        case update = "Update"
    }

    /// Of more than so many managers who updated, the oldest become one.
    static let updatersMax = 10
    static let mergedName = "ancient-changes"

    /// Nil: they can't be read, as nobody but a client would write them.
    init?(_ json: JSON?) {
        guard let json else { return }
        guard let items = json.array else { return nil }
        var places: [Entry.Key: Int] = [:]
        for item in items {
            guard let entry = Entry(item) else { return nil }
            if let place = places[entry.key] {
                entries[place] = entry
            } else {
                places[entry.key] = entries.count
                entries.append(entry)
            }
        }
    }

    init() {}

    func index(of entry: Entry) -> Int? { entries.firstIndex { $0.isSame(as: entry) } }

    /// Takes fields away from everybody.
    mutating func remove(_ fields: FieldSet, except kept: Int? = nil) {
        guard !fields.isEmpty else { return }
        for index in entries.indices where index != kept {
            entries[index].fields = entries[index].fields.subtracting(fields)
        }
    }

    /// Nil: nobody owns anything, and there is no such member.
    var json: JSON? {
        // Mostly there is one.
        if entries.count == 1, !entries[0].fields.isEmpty { return .array([entries[0].json]) }
        let owning = entries.filter { !$0.fields.isEmpty }.sorted { $0.comes(before: $1) }
        return owning.isEmpty ? nil : .array(owning.map(\.json))
    }

    /// Unites the oldest updaters of each version, until there are no more than `updatersMax`. The united one
    /// has the time of the youngest in it.
    mutating func cap() {
        guard entries.count > Self.updatersMax else { return }
        let updaters = entries.filter { $0.id.operation == .update && !$0.fields.isEmpty }
        guard updaters.count > Self.updatersMax else { return }
        var first: [String: Entry] = [:]
        var united: [String: Entry] = [:]
        var gone: Set<Entry.Key> = []
        for entry in updaters.sorted(by: { $0.isOlder(than: $1) }) {
            guard updaters.count - gone.count + united.count > Self.updatersMax else { break }
            guard let older = united[entry.apiVersion] ?? first[entry.apiVersion] else {
                first[entry.apiVersion] = entry
                continue
            }
            gone.insert(entry.key)
            if let single = first.removeValue(forKey: entry.apiVersion) { gone.insert(single.key) }
            var both = entry
            both.id = ID(manager: Self.mergedName, operation: .update, subresource: "")
            both.fields = older.fields.union(entry.fields)
            united[entry.apiVersion] = both
        }
        entries.removeAll { gone.contains($0.key) }
        for entry in united.values { unite(entry) }
    }

    /// With one that has been united before, if it is too young to be among the oldest.
    private mutating func unite(_ entry: Entry) {
        if let index = index(of: entry) {
            entries[index].fields = entries[index].fields.union(entry.fields)
        } else {
            entries.append(entry)
        }
    }
}

extension ManagedFields.Entry {
    init?(_ json: JSON) {
        func text(_ name: String) -> String { json[name]?.string ?? "" }
        guard let operation = ManagedFields.Operation(rawValue: text("operation")),
            text("fieldsType") == "FieldsV1", let fields = FieldSet(json["fieldsV1"] ?? .object([]))
        else { return nil }
        self.init(
            id: .init(manager: text("manager"), operation: operation, subresource: text("subresource")),
            apiVersion: text("apiVersion"), time: json["time"]?.string, fields: fields)
    }

    var json: JSON {
        var members = [
            JSONMember("manager", .string(id.manager)),
            JSONMember("operation", .string(id.operation.rawValue)),
            JSONMember("apiVersion", .string(apiVersion)),
        ]
        if let time { members.append(JSONMember("time", .string(time))) }
        members.append(JSONMember("fieldsType", .string("FieldsV1")))
        members.append(JSONMember("fieldsV1", fields.json))
        if !id.subresource.isEmpty { members.append(JSONMember("subresource", .string(id.subresource))) }
        return .object(members)
    }

    /// Whoever applies is the same with another version; whoever updates is not.
    struct Key: Hashable {
        var id: ManagedFields.ID
        var apiVersion: String
    }

    var key: Key { Key(id: id, apiVersion: id.operation == .apply ? "" : apiVersion) }

    func isSame(as other: Self) -> Bool { key == other.key }

    fileprivate func comes(before other: Self) -> Bool {
        (id.operation.rawValue, time ?? "", id.manager, apiVersion, id.subresource)
            < (
                other.id.operation.rawValue, other.time ?? "", other.id.manager, other.apiVersion,
                other.id.subresource
            )
    }

    fileprivate func isOlder(than other: Self) -> Bool {
        (time ?? "", id.manager, apiVersion, id.subresource)
            < (other.time ?? "", other.id.manager, other.apiVersion, other.id.subresource)
    }

    /// As a conflict names it.
    var shown: String {
        var text = Go.quoted(id.manager)
        if !id.subresource.isEmpty { text += " with subresource \(Go.quoted(id.subresource))" }
        return id.operation == .update ? "\(text) using \(apiVersion)" : text
    }
}
