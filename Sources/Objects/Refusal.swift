import JSON

/// A write that is refused: what a Status of the Kubernetes API says, before it is rendered.
///
/// Messages and codes are those of a real API server; clients show them, and some match them.
public struct Refusal: Error, Hashable, Sendable {
    /// The HTTP status code.
    public var code: Int
    /// For programs, "Conflict" and such. Nil where a real server gives none, as with most of 500.
    public var reason: String?
    public var message: String
    /// Nil: the Status has no `details`. Some have empty ones.
    public var details: Details?

    public struct Details: Hashable, Sendable {
        public var name = ""
        public var group = ""
        /// The resource ("leases") or the kind ("Lease"), as the reference has it for this error.
        public var kind = ""
        public var uid = ""
        public var causes: [Cause] = []
        /// 0: there is nothing to wait for.
        public var retryAfterSeconds = 0
    }

    /// One of several things that are wrong.
    public struct Cause: Hashable, Sendable {
        /// "FieldValueInvalid" and such.
        public var reason: String
        public var message: String
        /// A path such as `spec.leaseDurationSeconds`.
        public var field: String
    }

    init(_ code: Int, _ reason: String?, _ message: String, _ details: Details? = nil) {
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
    }
}

extension Refusal {
    static func badRequest(_ message: String) -> Refusal { Refusal(400, "BadRequest", message) }

    /// What a real server's handlers did not expect: a code, a message, nothing else.
    static func unexpected(_ message: String) -> Refusal { Refusal(500, nil, message) }

    /// What is said of a patch that doesn't fit, without telling which part.
    static let unprocessable = Refusal(
        422, "Invalid", "the server rejected our request due to an error in our request", Details())

    public static func notFound(_ kind: ObjectKind, name: String) -> Refusal {
        Refusal(404, "NotFound", "\(kind.resource) \(Go.quoted(name)) not found", kind.details(name))
    }

    public static func alreadyExists(_ kind: ObjectKind, name: String) -> Refusal {
        Refusal(
            409, "AlreadyExists", "\(kind.resource) \(Go.quoted(name)) already exists", kind.details(name))
    }

    /// 409. - Parameter why: what stands behind the colon.
    public static func conflict(_ kind: ObjectKind, name: String, _ why: String) -> Refusal {
        Refusal(
            409, "Conflict", "Operation cannot be fulfilled on \(kind.resource) \(Go.quoted(name)): \(why)",
            kind.details(name))
    }

    /// 400: the body of an apply is no YAML. - Parameter why: the words of its reader.
    public static func undecodableConfiguration(_ why: String) -> Refusal {
        badRequest("error decoding YAML: error converting YAML to JSON: \(why)")
    }

    /// The stored object is newer than the one that was changed.
    public static func modified(_ kind: ObjectKind, name: String) -> Refusal {
        conflict(
            kind, name: name,
            "the object has been modified; please apply your changes to the latest version and try again")
    }

    /// A new object in a namespace that is being deleted.
    public static func terminating(_ kind: ObjectKind, name: String, namespace: String) -> Refusal {
        var details = kind.details(name)
        details.causes = [
            Cause(
                reason: "NamespaceTerminating", message: "namespace \(namespace) is being terminated",
                field: "metadata.namespace")
        ]
        return Refusal(
            403, "Forbidden",
            "\(kind.resource) \(Go.quoted(name)) is forbidden: unable to create new content in namespace "
                + "\(namespace) because it is being terminated", details)
    }

    /// A thousand bad labels shall not make an answer of megabytes.
    private static let faultsMax = 100

    /// Faults of an object. Said of its kind, not of its resource. A message repeats no fault, while the
    /// causes do: some checks are made twice.
    static func invalid(_ kind: ObjectKind, name: String, _ faults: [Cause]) -> Refusal {
        invalid(group: kind.group, kind: kind.kind, name: name, faults)
    }

    /// 422 for one field. - Parameter why: what is wrong with it.
    public static func invalid(_ kind: ObjectKind, name: String, _ field: String, _ why: String) -> Refusal {
        let cause = Cause(reason: "FieldValueInvalid", message: "Invalid value: \(why)", field: field)
        return invalid(kind, name: name, [cause])
    }

    static func invalid(group: String, kind: String, name: String, _ faults: [Cause]) -> Refusal {
        let faults = Array(faults.prefix(faultsMax))
        var texts: [String] = []
        for fault in faults {
            let text = "\(fault.field): \(fault.message)"
            if !texts.contains(text) { texts.append(text) }
        }
        let what = texts.count == 1 ? texts[0] : "[\(texts.joined(separator: ", "))]"
        let qualified = group.isEmpty ? kind : "\(kind).\(group)"
        return Refusal(
            422, "Invalid", "\(qualified) \(Go.quoted(name)) is invalid: \(what)",
            Details(name: name, group: group, kind: kind, causes: faults))
    }

    /// A patch whose outcome can't be read. - Parameter value: the outcome, or the patch.
    static func invalidPatch(_ value: String, _ why: String) -> Refusal {
        invalid(group: "", kind: "", name: "", [.invalid("patch", .string(value), why)])
    }
}

extension ObjectKind {
    func details(_ name: String) -> Refusal.Details {
        Refusal.Details(name: name, group: group, kind: plural)
    }
}
