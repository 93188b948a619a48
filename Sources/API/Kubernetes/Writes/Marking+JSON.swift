import Coordination
import JSON

extension Marking {
    /// A done marker as a client creates it. Who puts it, under which token and when, is the daemon's to say: what the
    /// client says of that is left out.
    ///
    /// - Parameters:
    ///   - spec: of an outcome, so that its types are right.
    ///   - principal: who asks.
    /// - Throws: a field that is beyond the limits of /v1, which are this face's as well.
    init(
        _ spec: JSON, _ key: Key, _ metadata: [UInt8], by principal: String?, _ id: RequestID,
        _ settings: Elections.Settings, isDryRun: Bool
    ) throws(Problem) {
        let fields = try Fields(spec, path: "spec.", allowed: (spec.members ?? []).map(\.name))
        let retention = try fields.duration("retentionSeconds", in: .seconds(1)...Marking.retentionMax)
        self.init(
            request: id, key: key, finding: try fields.finding(settings),
            inputsDigest: try fields.digest("inputsDigest"),
            holder: try fields.word("holderIdentity", max: settings.holderBytesMax) ?? principal ?? "unknown",
            principal: principal, info: try fields.info(settings), metadata: metadata, retention: retention,
            mustBeNew: true, isDryRun: isDryRun)
    }
}
