import JSON

/// What the query of a write asks for.
public struct WriteOptions: Hashable, Sendable {
    /// `fieldManager`; "" if it isn't there.
    public var fieldManager = ""
    /// Every `dryRun`.
    public var dryRun: [String] = []
    /// `fieldValidation`; "" if it isn't there.
    public var fieldValidation = ""
    /// `force`; nil if it isn't there.
    public var force: Bool?

    public init() {}

    /// Whether nothing is to be stored.
    public var isDryRun: Bool { !dryRun.isEmpty }

    /// Warn is the default.
    public var validation: FieldValidation { FieldValidation(rawValue: fieldValidation) ?? .warn }

    /// Which write the options belong to.
    public enum Verb: Hashable, Sendable {
        case create
        case update
        case patch(PatchKind)

        fileprivate var optionsKind: String {
            switch self {
            case .create: "CreateOptions"
            case .update: "UpdateOptions"
            case .patch: "PatchOptions"
            }
        }
    }

    /// - Throws: 422 with all that is wrong.
    public func check(for verb: Verb) throws(Refusal) {
        var faults: [Refusal.Cause] = []
        if case .patch(let kind) = verb {
            if kind != .apply, force != nil {
                faults.append(.forbidden("force", "may not be specified for non-apply patch"))
            }
            if kind == .apply, fieldManager.isEmpty {
                faults.append(.required("fieldManager", "is required for apply patch"))
            }
        }
        faults += managerFaults + Self.faults(ofDryRun: dryRun)
        if !fieldValidation.isEmpty, FieldValidation(rawValue: fieldValidation) == nil {
            faults.append(
                .unsupported(
                    "fieldValidation", .string(fieldValidation), supported: ["", "Ignore", "Strict", "Warn"]))
        }
        try Self.refuse(verb.optionsKind, faults)
    }

    static func refuse(_ kind: String, _ faults: [Refusal.Cause]) throws(Refusal) {
        guard faults.isEmpty else {
            throw .invalid(group: "meta.k8s.io", kind: kind, name: "", faults)
        }
    }

    private var managerFaults: [Refusal.Cause] {
        var faults: [Refusal.Cause] = []
        if fieldManager.utf8.count > Manager.nameMax {
            faults.append(.tooLong("fieldManager", bytesMax: Manager.nameMax))
        }
        for (index, scalar) in fieldManager.unicodeScalars.enumerated() where !Go.isPrintable(scalar) {
            faults.append(
                .invalid(
                    "fieldManager", .string(fieldManager),
                    "invalid character U+\(Self.codepoint(scalar)) (at position \(index))"))
        }
        return faults
    }

    private static func codepoint(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    static func faults(ofDryRun values: [String]) -> [Refusal.Cause] {
        guard values.contains(where: { $0 != "All" }) else { return [] }
        return [.unsupported("dryRun", .array(values.map(JSON.string)), supported: ["All"])]
    }
}
