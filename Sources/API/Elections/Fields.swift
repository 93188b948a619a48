import Coordination
import JSON

/// The members of a request's object, each known. Every reader names the field that is wrong.
struct Fields {
    private let members: [JSONMember]
    /// What is before the name in an error: "" or "artifacts[0].".
    private let path: String

    /// The body of a request.
    init(_ request: APIRequest, allowed: [String]) throws(Problem) {
        guard MediaTypes.isJSON(request.contentType) else { throw Self.wrongType(request.contentType ?? "") }
        guard !request.body.isEmpty else {
            throw Problem(.invalidJSON, "The body is empty. It has to be a JSON object.").with {
                $0.member("offset", 0)
            }
        }
        let value: JSON
        do { value = try JSON(parsing: request.body) } catch { throw .json(error) }
        try self.init(value, path: "", allowed: allowed)
    }

    /// An object within it.
    init(_ value: JSON, path: String, allowed: [String]) throws(Problem) {
        guard case .object(let members) = value else { throw Self.noObject(value, path) }
        self.members = members
        self.path = path
        for member in members where !allowed.contains(member.name) {
            throw .field(
                path + member.name,
                "There is no field \(quoted(path + member.name)) here. Known: \(allowed.joined(separator: ", ")).",
                allowed: allowed)
        }
    }

    subscript(name: String) -> JSON? { members.first { $0.name == name }?.value }

    func required(_ name: String) -> Problem {
        .field(path + name, "The field \(path)\(name) is required.", allowed: "present")
    }

    func problem(_ name: String, _ detail: String, allowed: String) -> Problem {
        .field(path + name, "\(path)\(name) \(detail)", allowed: allowed)
    }

    func wrongKind(_ name: String, _ value: JSON, wanted: String) -> Problem {
        let hint = value == .null ? " Leave it out instead." : ""
        return problem(name, "is \(value.kind); it has to be \(wanted).\(hint)", allowed: wanted)
    }

    func string(_ name: String) throws(Problem) -> String? {
        guard let value = self[name] else { return nil }
        guard case .string(let text) = value else { throw wrongKind(name, value, wanted: "a string") }
        return text
    }

    /// A word that ends up in names, lines and logs: not empty, no control characters.
    func word(_ name: String, max: Int) throws(Problem) -> String? {
        guard let text = try string(name) else { return nil }
        guard (1...max).contains(text.utf8.count) else {
            throw wrongText(name, "\(text.utf8.count) bytes", "1 to \(max) bytes without control characters")
        }
        guard !Names.hasControl(text) else {
            throw wrongText(name, "a control character", "1 to \(max) bytes without control characters")
        }
        return text
    }

    /// An array of strings, of which there may be so many; nil if it is absent.
    func words(_ name: String, count: ClosedRange<Int>) throws(Problem) -> [String]? {
        guard let value = self[name] else { return nil }
        let rule = "\(count.lowerBound) to \(count.upperBound) strings"
        guard case .array(let items) = value else {
            throw wrongKind(name, value, wanted: "an array of \(rule)")
        }
        guard count.contains(items.count) else {
            throw problem(name, "has \(items.count); it has to have \(rule).", allowed: rule)
        }
        var words: [String] = []
        for (index, item) in items.enumerated() {
            guard case .string(let word) = item else {
                throw wrongKind("\(name)[\(index)]", item, wanted: "a string")
            }
            words.append(word)
        }
        return words
    }

    /// Text for people, which may have several lines.
    func text(_ name: String, max: Int) throws(Problem) -> String? {
        guard let text = try string(name) else { return nil }
        guard text.utf8.count <= max else {
            throw wrongText(name, "\(text.utf8.count) bytes", "at most \(max) bytes without U+0000")
        }
        guard !text.utf8.contains(0) else {
            throw wrongText(name, "a U+0000", "at most \(max) bytes without U+0000")
        }
        return text
    }

    private func wrongText(_ name: String, _ found: String, _ rule: String) -> Problem {
        problem(name, "has \(found); it may have \(rule).", allowed: rule)
    }

    func integer(_ name: String, in range: ClosedRange<Int64>) throws(Problem) -> Int64? {
        guard let value = self[name] else { return nil }
        guard case .number(let number) = value else { throw wrongKind(name, value, wanted: "a number") }
        guard let integer = number.integer, range.contains(integer) else {
            throw Query.notInRange(path + name, value.numberText, range)
        }
        return integer
    }

    func flag(_ name: String) throws(Problem) -> Bool? {
        guard let value = self[name] else { return nil }
        guard case .bool(let flag) = value else { throw wrongKind(name, value, wanted: "true or false") }
        return flag
    }

    func digest(_ name: String) throws(Problem) -> String? {
        guard let text = try string(name) else { return nil }
        guard Names.isDigest(text) else {
            let rule = "\"sha256:\" and 64 hexadecimal digits in lower case"
            throw problem(name, "is \(quoted(text)); it has to be \(rule).", allowed: rule)
        }
        return text
    }

    func choice<Value>(_ name: String, _ choices: [(String, Value)]) throws(Problem) -> Value? {
        guard let text = try string(name) else { return nil }
        if let choice = choices.first(where: { $0.0 == text }) { return choice.1 }
        let allowed = choices.map { $0.0 }
        throw .field(
            path + name,
            "\(path)\(name) can't be \(quoted(text)). Allowed: \(allowed.joined(separator: ", ")).",
            allowed: allowed)
    }

    private static func noObject(_ value: JSON, _ path: String) -> Problem {
        guard path.isEmpty else {
            let field = String(path.dropLast())
            return .field(field, "\(field) is \(value.kind); it has to be an object.", allowed: "an object")
        }
        return Problem(.invalidJSON, "The body is \(value.kind); it has to be a JSON object.").with {
            $0.member("offset", 0)
        }
    }

    private static func wrongType(_ contentType: String) -> Problem {
        Problem(
            .unsupportedMediaType,
            "The body's Content-Type is \(quoted(contentType)); it has to be application/json "
                + "(with curl: -H 'Content-Type: application/json')."
        ).with { $0.member("allowed", [MediaTypes.json]) }
    }
}
