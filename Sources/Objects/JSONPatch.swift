import JSON

/// RFC 6902: a list of operations, of which all succeed or none.
struct JSONPatch {
    /// As a real server has it.
    static let operationsMax = 10_000
    /// Bytes of JSON that all `copy` together may add: as many as a body may have.
    static let copiedBytesMax = 3_145_728

    /// Operations times members and items of the document: each may have to look at all of them, and
    /// everybody waits meanwhile. Ours, not a real server's; 10,000 operations on 2,000 labels are fine.
    static let workMax = 20_000_000

    private let operations: [Operation]

    private struct Operation {
        var name: String
        var path: String
        var from: String
        var value: JSON
    }

    /// Why a patch doesn't apply; a real server doesn't tell.
    private struct Failure: Error {}

    static func patched(_ live: JSON, _ body: [UInt8]) throws(Refusal) -> Patched {
        var duplicates: [String] = []
        let json = try JSON.patch(body, &duplicates)
        let patch = try JSONPatch(json)
        let object = try patch.apply(to: live)
        let faults = (duplicates + Self.unknown(json)).map { "json patch \($0)" }
        let members = (object.members ?? []).sorted { $0.name < $1.name }
        return Patched(object: .object(members), strictFaults: faults)
    }

    /// - Throws: 400 if it is no list of operations, 413 if there are too many.
    init(_ json: JSON) throws(Refusal) {
        guard let items = json.array else {
            throw Self.undecodable(json, "value of type []handlers.jsonPatchOp")
        }
        var operations: [Operation] = []
        for item in items {
            guard case .object = item else {
                throw Self.undecodable(item, "value of type handlers.jsonPatchOp")
            }
            operations.append(
                Operation(
                    name: try Self.text(item, "op"), path: try Self.text(item, "path"),
                    from: try Self.text(item, "from"), value: item["value"] ?? .null))
        }
        guard operations.count <= Self.operationsMax else {
            throw Self.tooMany(operations.count, max: Self.operationsMax)
        }
        self.operations = operations
    }

    private static func tooMany(_ count: Int, max: Int) -> Refusal {
        Refusal(
            413, "RequestEntityTooLarge",
            "The allowed maximum operations in a JSON patch is \(max), got \(count)")
    }

    private static func text(_ operation: JSON, _ name: String) throws(Refusal) -> String {
        switch operation[name] {
        case nil, .null: return ""
        case .string(let text): return text
        case let value?: throw undecodable(value, "struct field jsonPatchOp.\(name) of type string")
        }
    }

    private static func undecodable(_ json: JSON, _ into: String) -> Refusal {
        .badRequest("error decoding patch: json: cannot unmarshal \(Go.word(json)) into Go \(into)")
    }

    private static func unknown(_ patch: JSON) -> [String] {
        (patch.array ?? []).enumerated().flatMap { index, operation in
            (operation.members ?? []).filter { !["op", "path", "from", "value"].contains($0.name) }
                .map { "unknown field \(Go.quoted("[\(index)].\($0.name)"))" }
        }
    }

    /// - Throws: 422, whatever the reason; 413 if it were too much work.
    func apply(to document: JSON) throws(Refusal) -> JSON {
        let stepsMax = Self.workMax / max(document.size, 1)
        guard operations.count <= stepsMax else { throw Self.tooMany(operations.count, max: stepsMax) }
        var document = document
        var copied = 0
        for operation in operations {
            do throws(Failure) {
                try Self.apply(operation, to: &document, &copied)
            } catch {
                throw .unprocessable
            }
        }
        return document
    }

    private static func apply(
        _ operation: Operation, to document: inout JSON, _ copied: inout Int
    ) throws(Failure) {
        let path = try pointer(operation.path)
        switch operation.name {
        case "add": try add(operation.value, at: path, to: &document)
        case "remove": _ = try remove(at: path, from: &document)
        case "replace": try replace(at: path, with: operation.value, in: &document)
        case "move":
            let from = try pointer(operation.from)
            // RFC 6902 §4.4: "The "from" location MUST NOT be a proper prefix of the "path" location".
            guard !from.contains(path) || from.tokens == path.tokens else { throw Failure() }
            try add(remove(at: from, from: &document), at: path, to: &document)
        case "copy":
            guard let value = document.value(at: try pointer(operation.from).tokens) else { throw Failure() }
            copied += value.text.utf8.count
            guard copied <= copiedBytesMax else { throw Failure() }
            try add(value, at: path, to: &document)
        case "test": try test(operation.value, at: path, in: document)
        default: throw Failure()
        }
    }

    private static func pointer(_ text: String) throws(Failure) -> JSONPointer {
        guard let pointer = JSONPointer(text) else { throw Failure() }
        return pointer
    }

    /// RFC 6902 §4.1: into an array it is inserted, behind the last one with `-`; a member is replaced.
    private static func add(_ value: JSON, at path: JSONPointer, to document: inout JSON) throws(Failure) {
        guard let token = path.tokens.last else {
            document = value
            return
        }
        let isDone = document.change(at: path.tokens.dropLast()) { container in
            switch container {
            case .object(var members):
                if let index = members.index(of: token) {
                    members[index].value = value
                } else {
                    members.append(JSONMember(token, value))
                }
                container = .object(members)
            case .array(var items):
                guard let index = token == "-" ? items.count : JSON.index(token, below: items.count + 1)
                else { return false }
                items.insert(value, at: index)
                container = .array(items)
            default: return false
            }
            return true
        }
        guard isDone else { throw Failure() }
    }

    private static func remove(at path: JSONPointer, from document: inout JSON) throws(Failure) -> JSON {
        guard let token = path.tokens.last, let value = document.value(at: path.tokens) else {
            throw Failure()
        }
        _ = document.change(at: path.tokens.dropLast()) { container in
            switch container {
            case .object(let members): container = .object(members.filter { $0.name != token })
            case .array(var items):
                items.remove(at: JSON.index(token, below: items.count)!)
                container = .array(items)
            default: break
            }
            return true
        }
        return value
    }

    /// RFC 6902 §4.3: "The target location MUST exist for the operation to be successful."
    private static func replace(
        at path: JSONPointer, with value: JSON, in document: inout JSON
    ) throws(Failure) {
        let isDone = document.change(at: path.tokens) { place in
            place = value
            return true
        }
        guard isDone else { throw Failure() }
    }

    /// That nothing is there is tested with null, if the place could be there: clients do so with
    /// annotations.
    private static func test(_ value: JSON, at path: JSONPointer, in document: JSON) throws(Failure) {
        if let found = document.value(at: path.tokens) {
            guard found.means(value) else { throw Failure() }
        } else {
            guard case .null = value, case .object? = document.value(at: path.tokens.dropLast()) else {
                throw Failure()
            }
        }
    }
}

extension JSON {
    /// RFC 6902 §4.6: members in any order, numbers by their value.
    func means(_ other: JSON) -> Bool {
        func ordered(_ members: [JSONMember]) -> [JSONMember] { members.sorted { $0.name < $1.name } }
        return switch (self, other) {
        case (.object(let mine), .object(let theirs)):
            mine.count == theirs.count
                && zip(ordered(mine), ordered(theirs)).allSatisfy {
                    $0.name == $1.name && $0.value.means($1.value)
                }
        case (.array(let mine), .array(let theirs)):
            mine.count == theirs.count && zip(mine, theirs).allSatisfy { $0.means($1) }
        case (.number(let mine), .number(let theirs)):
            mine.text == theirs.text || mine.real != nil && mine.real == theirs.real
        default: self == other
        }
    }
}
