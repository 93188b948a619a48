import JSON

/// What becomes of fields that an object doesn't have, and of those that come twice.
public enum FieldValidation: String, Hashable, Sendable, CaseIterable {
    case ignore = "Ignore"
    /// The write goes on; the answer carries a `Warning` header for each.
    case warn = "Warn"
    case strict = "Strict"
}

/// An object read from a body or from what a patch made: its members in order, times in UTC, nothing
/// unknown in it.
struct Reading {
    var object: JSON
    /// `unknown field "spec.bogus"`: to be warned of, or refused.
    var strictFaults: [String]
    /// What a custom resource's schema forbids; told together with what validation finds.
    var faults: [Refusal.Cause]

    /// Why there is no object.
    struct Fault: Error {
        var text: String
        /// The type has another version than the path. Said without the words around it.
        var isVersion = false
    }
}

extension ObjectKind {
    /// A body's JSON, with duplicate names kept for `decode`.
    /// - Throws: 400, in the words of Go's decoder.
    public func parse(_ body: [UInt8]) throws(Refusal) -> JSON {
        do throws(JSONError) {
            return try JSON(lenientlyParsing: body)
        } catch {
            throw unreadable(
                "couldn't get version/kind; json parse error: \(GoSyntax.fault(in: body))", body: body)
        }
    }

    /// 400: the body isn't even a text of its kind. - Parameter why: the words of the reader of JSON or YAML.
    public func unreadable(_ why: String, body: [UInt8]) -> Refusal {
        .badRequest(
            "the object provided is unrecognized (must be of type \(kind)): \(why) (\(summary(body)))")
    }

    /// The beginning of a body; anything but an object in hexadecimal.
    private func summary(_ body: [UInt8]) -> String {
        guard let first = body.first else { return "<empty>" }
        let beginning = body.prefix(30)
        let end = body.count > 30 ? " ..." : ""
        if first == UInt8(ascii: "{") { return String(decoding: beginning, as: UTF8.self) + end }
        var digits: [UInt8] = []
        for byte in beginning { digits.append(hexadecimal: byte) }
        return String(decoding: digits, as: UTF8.self) + end
    }

    /// A body of POST or PUT as an object. - Parameter body: for an error that shows its bytes.
    func decode(
        _ json: JSON, body: Write.Body, _ validation: FieldValidation, _ warnings: inout [String]
    ) throws(Refusal) -> Reading {
        let type: ObjectType
        do throws(Reading.Fault) { type = try ObjectType(json, default: self) } catch {
            throw unreadable(error.text, body: body.bytes)
        }
        var reading: Reading
        do throws(Reading.Fault) { reading = try read(json, as: type) } catch {
            guard !error.isVersion else { throw .badRequest(error.text) }
            throw cannotHandle(type, error.text)
        }
        reading.strictFaults.insert(contentsOf: body.strictFaults, at: 0)
        if reading.strictFaults.isEmpty { return reading }
        switch validation {
        case .ignore: break
        case .warn: warnings += reading.strictFaults
        case .strict: throw cannotHandle(type, reading.strictFaults.strictError)
        }
        return reading
    }

    private func cannotHandle(_ type: ObjectType, _ why: String) -> Refusal {
        .badRequest(
            "\(type.kind) in version \(Go.quoted(type.version)) cannot be handled as a \(kind): \(why)")
    }

    /// - Throws: the fault of what a patch made.
    func read(_ json: JSON) throws(Reading.Fault) -> Reading {
        try read(json, as: ObjectType(json, default: self))
    }

    private func read(_ json: JSON, as type: ObjectType) throws(Reading.Fault) -> Reading {
        if let text = type.fault(as: self) { throw Reading.Fault(text: text) }
        var decoder = Decoder(isCustom: isCustom)
        var object = decoder.object(json.members ?? [], structure)
        if let text = decoder.typeFault { throw Reading.Fault(text: text) }
        if type.apiVersion != apiVersion {
            throw Reading.Fault(
                text: "the API version in the data (\(type.apiVersion)) does not match the expected API "
                    + "version (\(apiVersion))", isVersion: true)
        }
        complete(&object)
        return Reading(object: object, strictFaults: decoder.strictFaults, faults: decoder.faults)
    }

    /// Kind and version first, and metadata; of the built-in kinds `spec` as well, which is never missing.
    private func complete(_ object: inout JSON) {
        var members = object.members ?? []
        object = .null
        if members.index(of: "kind") == nil { members.put(JSONMember("kind", .string(kind)), in: structure) }
        if members.index(of: "apiVersion") == nil {
            members.put(JSONMember("apiVersion", .string(apiVersion)), in: structure)
        }
        for field in isCustom ? ["metadata"] : ["metadata", "spec"] where members.index(of: field) == nil {
            members.put(JSONMember(field, .object([])), in: structure)
        }
        object = .object(members)
    }

    /// What a new object is compared with: nothing is in it.
    var empty: JSON {
        var object = JSON.object([])
        complete(&object)
        return object
    }
}

extension [String] {
    var strictError: String { "strict decoding error: " + joined(separator: ", ") }
}

/// Kind and version of an object; what isn't said is as the path says.
struct ObjectType {
    var kind: String
    var apiVersion: String

    init(_ json: JSON, default path: ObjectKind) throws(Reading.Fault) {
        let prefix = "couldn't get version/kind; json parse error: json: cannot unmarshal"
        switch json {
        case .object, .null: break
        default:
            throw Reading.Fault(
                text: "\(prefix) \(Go.word(json)) into Go value of type struct { APIVersion string "
                    + #""json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }"#)
        }
        func text(_ name: String) throws(Reading.Fault) -> String {
            switch json.members?.last(where: { $0.name == name })?.value {
            case nil, .null: return ""
            case .string(let text): return text
            case let value?:
                throw Reading.Fault(
                    text: "\(prefix) \(Go.word(value)) into Go struct field .\(name) of type string")
            }
        }
        kind = try text("kind")
        apiVersion = try text("apiVersion")
        if kind.isEmpty { kind = path.kind }
        if apiVersion.isEmpty { apiVersion = path.apiVersion }
        guard apiVersion.utf8.count(where: { $0 == UInt8(ascii: "/") }) <= 1 else {
            throw Reading.Fault(text: "unexpected GroupVersion string: \(apiVersion)")
        }
    }

    var version: String {
        apiVersion.split(separator: "/", omittingEmptySubsequences: false).last.map(String.init)!
    }

    /// Why it isn't an object of that kind. Other versions of it are read before they are refused.
    func fault(as expected: ObjectKind) -> String? {
        let isKnown =
            apiVersion == expected.apiVersion
            || expected.otherVersions.contains { "\(expected.group)/\($0)" == apiVersion }
        if isKnown, kind == expected.kind { return nil }
        if apiVersion == expected.apiVersion, kind == expected.kind + "List" {
            let group = expected.group.isEmpty ? "core" : expected.group.prefix { $0 != "." }
            return "converting (\(version).\(kind)) to (\(group).\(expected.kind)): unknown conversion"
        }
        return "no kind \(Go.quoted(kind)) is registered for version \(Go.quoted(apiVersion)) in scheme "
            + "\"pkg/api/legacyscheme/scheme.go:30\""
    }
}
