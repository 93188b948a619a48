import Coordination
import JSON

/// What a command's reply says to its client.
extension Elections {
    /// The whole answer to a request that has not been answered in part.
    ///
    /// With an NDJSON shape it is one line, with the status of the plain answer; a refusal is
    /// problem+json in either shape.
    public func response(to reply: Reply, shape: AnswerShape = AnswerShape()) -> APIResponse {
        if case .refused(let rejection) = reply { return problem(for: rejection).response }
        if let missing = missing(reply, shape) { return missing.response }
        var headers: [APIResponse.Header] =
            switch shape.format {
            case .plain: [.json, .noStore]
            case .ndjson: Self.streamHeaders
            }
        let status = status(of: reply)
        // Of a wait that is over: ask again at once.
        if case .alias(.moved(let alias, changed: _)) = reply, status == 201 {
            headers.append(APIResponse.Header("Location", Self.path(ofAlias: alias.key)))
        }
        if status == 202 { headers.append(.retryAfter(0)) }
        if case .marked(let marker, new: true) = reply {
            headers.append(APIResponse.Header("Location", Self.path(ofMarker: marker.key)))
        }
        var writer = JSONWriter()
        writer.object {
            if shape.format == .ndjson { $0.member("type", "outcome") }
            write(reply, shape, to: &$0)
        }
        if shape.format == .ndjson { writer.bytes.append(UInt8(ascii: "\n")) }
        return APIResponse(status: status, headers: headers, body: writer.bytes)
    }

    func status(of reply: Reply) -> Int {
        switch reply {
        case .waiting: 202
        case .markers(let view) where view.verdict == .waiting: 202
        case .condition(let view) where view.verdict == .waiting: 202
        case .marked(_, new: true): 201
        case .alias(let reply): status(of: reply)
        default: 200
        }
    }

    /// To ask for one marker without waiting is to read it: if it isn't there, it isn't found.
    private func missing(_ reply: Reply, _ shape: AnswerShape) -> Problem? {
        if case .alias(let reply) = reply { return missing(reply, shape) }
        guard case .markers(let view) = reply, view.verdict == .waiting, shape.form == .oneMarker,
            !shape.waits, let key = view.missing.first
        else { return nil }
        return Self.notFound(
            "There is no done marker \(key.name) in namespace \(key.namespace). To wait for it, add ?wait=20s.",
            key)
    }

    /// The members of an answer. Of a refusal: those of its problem.
    func write(_ reply: Reply, _ shape: AnswerShape, to writer: inout JSONWriter) {
        switch reply {
        case .elected(let election): write(election, to: &writer)
        case .settled(let marker): writeSettled(marker, to: &writer)
        case .waiting(let standing): write(standing, to: &writer)
        case .renewed(let view): writer.member("lease") { write(view, to: &$0) }
        case .completed(let hold, let marker):
            if let marker {
                writer.member("marker") { write(marker, to: &$0) }
            } else {
                writer.null("marker")
            }
            writer.member("hold") { write(hold, to: &$0) }
        case .phased(let view): writer.member("lease") { write(view, to: &$0) }
        case .cleared(let hold): writer.member("cleared") { write(hold, to: &$0) }
        case .ended(let hold): writer.member("hold") { write(hold, to: &$0) }
        case .marked(let marker, _), .unmarked(let marker):
            writer.member("marker") { write(marker, to: &$0) }
        case .markers(let view): write(view, shape, to: &writer)
        case .condition(let view): write(view, to: &writer)
        case .alias(let reply): write(reply, shape, to: &writer)
        case .written, .deleted, .described, .namespaceWritten, .namespaceTerminating:
            preconditionFailure("this face writes no objects")
        case .refused(let rejection): problem(for: rejection).write(to: &writer)
        }
    }

    private func write(_ election: Election, to writer: inout JSONWriter) {
        writer.member("outcome", "elected")
        writer.member("fencingToken", election.hold.token)
        writer.member("attempt", election.hold.attempt)
        writer.member("maxAttempts", election.lease.maxAttempts)
        writer.member("lease") { write(view(of: election), to: &$0) }
        write("previous", election.previous, to: &writer)
        write(election.abandoned, to: &writer)
        guard !election.also.isEmpty else { return }
        writer.name("also")
        writer.array(election.also) { writer, election in
            writer.object {
                $0.member("name", election.lease.nameKey.name)
                $0.member("fencingToken", election.hold.token)
                let view = view(of: election)
                $0.member("lease") { write(view, to: &$0) }
                write("previous", election.previous, to: &$0)
                write(election.abandoned, to: &$0)
            }
        }
    }

    /// The lease at the moment of the election: its full duration begins.
    private func view(of election: Election) -> LeaseView {
        var record = election.lease
        record.hold = election.hold
        return LeaseView(
            record: record, remaining: election.hold.duration, lastRenewal: election.hold.began,
            queueLength: election.queueLength)
    }

    private func writeSettled(_ marker: DoneMarker, to writer: inout JSONWriter) {
        writer.member("outcome", marker.finding.outcome == .succeeded ? "done" : "failed")
        writer.member("marker") { write(marker, to: &$0) }
    }

    private func write(_ view: MarkersView, _ shape: AnswerShape, to writer: inout JSONWriter) {
        writer.member("outcome", view.verdict.word)
        if shape.form == .oneMarker {
            if let marker = view.markers.first { writer.member("marker") { write(marker, to: &$0) } }
        } else {
            writer.name("markers")
            writer.array(view.markers) { writer, marker in writer.object { write(marker, to: &$0) } }
            writer.member("missing", view.missing.map { $0.name })
            writer.member("about", view.about?.name)
            writer.member("left", view.left.map { Int64($0) })
        }
        if view.verdict == .orphaned { write("last", view.last, to: &writer) }
    }

    static func path(ofMarker key: Key) -> String { "/v1/namespaces/\(key.namespace)/markers/\(key.name)" }
}

extension MarkersView.Verdict {
    var word: String {
        switch self {
        case .done: "done"
        case .failed: "failed"
        case .waiting: "waiting"
        case .orphaned: "orphaned"
        case .deleted: "deleted"
        }
    }
}
