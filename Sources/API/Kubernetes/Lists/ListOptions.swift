import Coordination
import Objects

/// The query of a list, checked as far as it can be without knowing the current version.
struct ListOptions: Hashable, Sendable {
    var labels: LabelSelector
    var fields: FieldSelector
    /// 0: all.
    var limit: Int
    var continuation: ContinueToken?
    var version: VersionRule

    /// Which version will do.
    enum VersionRule: Hashable, Sendable {
        case any
        case notOlderThan(UInt64)
        case exactly(UInt64)
    }

    /// Whether selectors leave something out: then nobody counts what is left.
    var isFiltered: Bool { !labels.requirements.isEmpty || !fields.requirements.isEmpty }

    init(_ request: APIRequest, _ resource: Resource, everywhere: Bool) throws(Status) {
        func value(_ name: String) -> String {
            request.query.first { $0.name == name }?.value ?? ""
        }
        labels = try LabelSelector(value("labelSelector"))
        limit = Int(clamping: max(0, try Self.number(value("limit"))))
        _ = try Self.number(value("timeoutSeconds"))
        fields = try FieldSelector(value("fieldSelector"), of: resource)
        let (version, match) = (value("resourceVersion"), value("resourceVersionMatch"))
        let token = value("continue")
        try Self.check(version, match, token)
        guard token.isEmpty else {
            guard version.isEmpty else {
                throw .badRequest("specifying resource version is not allowed when using continue")
            }
            continuation = try ContinueToken(token, everywhere: everywhere)
            self.version = .any
            return
        }
        continuation = nil
        self.version = try Self.rule(version, match, limit)
        // As from the reference's cache, which has no parts.
        if version == "0" { limit = 0 }
    }

    static func number(_ text: String) throws(Status) -> Int64 {
        guard !text.isEmpty else { return 0 }
        switch Go.signed(text) {
        case .success(let number): return number
        case .failure(let message): throw .badRequest(message.text)
        }
    }

    /// What contradicts each other.
    private static func check(_ version: String, _ match: String, _ token: String) throws(Status) {
        guard !match.isEmpty else { return }
        var problems: [Status.Cause] = []
        func forbid(_ why: String) {
            problems.append(
                Status.Cause(
                    reason: "FieldValueForbidden", message: "Forbidden: \(why)", field: "resourceVersionMatch"
                ))
        }
        if version.isEmpty { forbid("resourceVersionMatch is forbidden unless resourceVersion is provided") }
        if !token.isEmpty { forbid("resourceVersionMatch is forbidden when continue is provided") }
        if match != "Exact", match != "NotOlderThan" {
            problems.append(
                Status.Cause(
                    reason: "FieldValueNotSupported",
                    message: "Unsupported value: \(Go.quoted(match)): supported values: \"Exact\", "
                        + "\"NotOlderThan\", \"\"", field: "resourceVersionMatch"))
        }
        if match == "Exact", version == "0" {
            forbid("resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"")
        }
        if !problems.isEmpty { throw .invalidListOptions(problems) }
    }

    private static func rule(_ version: String, _ match: String, _ limit: Int) throws(Status) -> VersionRule {
        guard !version.isEmpty else { return .any }
        guard let number = try? Self.version(version).get() else {
            throw .badRequest("invalid resource version: \(message(version))")
        }
        guard number > 0 else { return .any }
        // https://kubernetes.io/docs/reference/using-api/api-concepts/#semantics-for-get-and-list: a version with
        // a limit and no match is meant exactly.
        return match == "Exact" || match.isEmpty && limit > 0 ? .exactly(number) : .notOlderThan(number)
    }

    static func version(_ text: String) -> Result<UInt64, Go.Message> { Go.unsigned(text) }

    /// What is wrong with a version.
    static func message(_ version: String) -> String {
        guard case .failure(let message) = Go.unsigned(version) else { return "" }
        return "resourceVersion: Invalid value: \(Go.quoted(version)): \(message.text)"
    }

    /// - Parameters:
    ///   - current: the version that the store shows.
    ///   - compacted: a watch from before it isn't possible.
    /// - Returns: the version that the list is of.
    func version(current: Revision, compacted: Revision) throws(Status) -> Revision {
        if let continuation {
            guard let version = continuation.version else { return current }
            guard version <= current else { throw .tooLarge(UInt64(version), current: current) }
            guard version >= compacted else {
                throw .expired(
                    continuation: ContinueToken(version: nil, after: continuation.after).text)
            }
            return version
        }
        switch version {
        case .any: return current
        case .notOlderThan(let wanted):
            guard wanted <= UInt64(current) else { throw .tooLarge(wanted, current: current) }
            return current
        case .exactly(let wanted):
            guard wanted <= UInt64(current) else { throw .tooLarge(wanted, current: current) }
            guard wanted == UInt64(current) else { throw .expired }
            return current
        }
    }
}
