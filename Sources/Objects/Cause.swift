import JSON

/// The kinds of faults, with the words of the reference. A value is shown as Go would print it.
extension Refusal.Cause {
    static func invalid(_ field: String, _ value: JSON, _ why: String) -> Self {
        Self(reason: "FieldValueInvalid", message: "Invalid value: \(Go.shown(value)): \(why)", field: field)
    }

    /// A value of the wrong type, as custom resources are told of it.
    static func wrongType(_ field: String, _ found: String, expected: String) -> Self {
        Self(
            reason: "FieldValueTypeInvalid",
            message: "Invalid value: \(Go.quoted(found)): \(field) in body must be of type \(expected): "
                + Go.quoted(found),
            field: field)
    }

    static func required(_ field: String, _ why: String) -> Self {
        Self(
            reason: "FieldValueRequired", message: why.isEmpty ? "Required value" : "Required value: \(why)",
            field: field)
    }

    static func forbidden(_ field: String, _ why: String) -> Self {
        Self(reason: "FieldValueForbidden", message: "Forbidden: \(why)", field: field)
    }

    static func tooLong(_ field: String, bytesMax: Int) -> Self {
        Self(
            reason: "FieldValueTooLong", message: "Too long: may not be more than \(bytesMax) bytes",
            field: field)
    }

    static func unsupported(_ field: String, _ value: JSON, supported: [String]) -> Self {
        Self(
            reason: "FieldValueNotSupported",
            message: "Unsupported value: \(Go.shown(value)): supported values: "
                + supported.map(Go.quoted).joined(separator: ", "),
            field: field)
    }
}
