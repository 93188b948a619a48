import Objects

/// `metadata.name=a,metadata.namespace!=b`: which objects of a list are wanted, by the few fields that can be
/// asked for.
struct FieldSelector: Hashable, Sendable {
    struct Requirement: Hashable, Sendable {
        var field: String
        var value: String
        var isEqual: Bool
    }

    var requirements: [Requirement] = []

    func matches(_ object: KubernetesObject) -> Bool {
        requirements.allSatisfy { requirement in
            (object.field(requirement.field) == requirement.value) == requirement.isEqual
        }
    }

    /// The one name that it leaves, if it leaves one.
    var name: String? {
        requirements.first { $0.field == "metadata.name" && $0.isEqual }?.value
    }

    init(_ text: String, of resource: Resource) throws(Status) {
        for term in Self.parted(text, at: ",") where !term.isEmpty {
            let requirement = try Self.requirement(term, of: text)
            guard resource.fields.contains(requirement.field) else {
                throw .badRequest(resource.unknownField(requirement.field))
            }
            requirements.append(requirement)
        }
    }

    private static func requirement(_ term: String, of text: String) throws(Status) -> Requirement {
        // The sign that comes first counts, and of two that begin at one place the longer.
        let bytes = Array(term.utf8)
        for index in bytes.indices {
            for sign in ["!=", "==", "="] where bytes[index...].starts(with: sign.utf8) {
                let value = String(decoding: bytes[(index + sign.utf8.count)...], as: UTF8.self)
                guard let plain = unescaped(value) else {
                    throw .badRequest("invalid field selector: invalid escape sequence in value: \(value)")
                }
                return Requirement(
                    field: String(decoding: bytes[..<index], as: UTF8.self), value: plain,
                    isEqual: sign != "!=")
            }
        }
        throw .badRequest("invalid selector: '\(text)'; can't understand '\(term)'")
    }

    /// At each comma that has no backslash before it.
    private static func parted(_ text: String, at separator: Character) -> [String] {
        var terms = [""]
        var isEscaped = false
        for character in text {
            if !isEscaped, character == separator {
                terms.append("")
            } else {
                terms[terms.count - 1].append(character)
            }
            isEscaped = !isEscaped && character == "\\"
        }
        return terms
    }

    /// A backslash stands before a comma, an equals sign or itself. nil: before something else.
    private static func unescaped(_ value: String) -> String? {
        var plain = ""
        var isEscaped = false
        for character in value {
            if isEscaped {
                guard character == "\\" || character == "," || character == "=" else { return nil }
                plain.append(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else {
                guard character != "=" else { return nil }
                plain.append(character)
            }
        }
        return isEscaped ? nil : plain
    }
}

extension Resource {
    /// What a field selector may name.
    fileprivate var fields: [String] {
        self == .namespaces
            ? ["metadata.name", "name", "status.phase"] : ["metadata.name", "metadata.namespace"]
    }

    fileprivate func unknownField(_ name: String) -> String {
        self == .leases
            ? "\(Go.quoted(name)) is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
            : "field label not supported: \(name)"
    }
}

extension KubernetesObject {
    fileprivate func field(_ name: String) -> String {
        switch name {
        case "metadata.name", "name": metadata.name
        case "metadata.namespace": metadata.namespace ?? ""
        default: phase ?? ""
        }
    }
}
