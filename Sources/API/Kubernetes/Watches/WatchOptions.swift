import Coordination
import Objects

/// The query of a watch, checked as the reference does.
extension KubernetesRequest {
    /// Whether a collection is to be watched. As the reference reads flags: all but "false" and "0" is yes.
    var isWatch: Bool {
        switch place {
        case .watch: true
        case .collection: request.method == "GET" && flag("watch") ?? false
        default: false
        }
    }

    func flag(_ name: String) -> Bool? {
        guard let value = request.query.first(where: { $0.name == name })?.value else { return nil }
        return !["false", "0"].contains(value.lowercased())
    }

    /// - Parameter name: the one object that is watched, where the path says so.
    func watch(_ resource: Resource, _ namespace: String?, name: String? = nil) throws(Status) -> WatchQuery {
        let labels = try LabelSelector(value("labelSelector"))
        _ = try ListOptions.number(value("limit"))
        let timeout = try ListOptions.number(value("timeoutSeconds"))
        var fields = try FieldSelector(value("fieldSelector"), of: resource)
        if let name {
            fields.requirements.append(.init(field: "metadata.name", value: name, isEqual: true))
        }
        try checkWatch()
        let version = value("resourceVersion")
        guard version.isEmpty || (try? Go.unsigned(version).get()) != nil else {
            throw Status(500, nil, ListOptions.message(version))
        }
        let number = UInt64(version) ?? 0
        let start = start(number)
        let bounded = min(timeout, Int64(Int32.max))
        return WatchQuery(
            selection: WatchSelection(
                resource: resource, namespace: namespace, labels: labels, fields: fields),
            form: try watchForm(of: resource), start: start,
            allowsBookmarks: flag("allowWatchBookmarks") ?? false,
            timeout: timeout > 0 ? .seconds(bounded) : nil,
            minimum: flag("sendInitialEvents") == true ? number : 0)
    }

    private func start(_ version: UInt64) -> WatchQuery.Start {
        switch flag("sendInitialEvents") {
        case true?: .present(isMarked: flag("allowWatchBookmarks") ?? false)
        case false? where version == 0: .next
        case nil where version == 0: .present(isMarked: false)
        default: .after(Revision(clamping: version))
        }
    }

    /// YAML has no frames: there are no streams of it.
    private func watchForm(of resource: Resource) throws(Status) -> WatchForm {
        try acceptForm()
        guard form.encoding != .yaml else { throw .noSuchStream }
        return WatchForm(
            resource: resource, encoding: form.encoding, shape: form.shape,
            included: try IncludedObject(value("includeObject")))
    }

    /// What contradicts each other.
    private func checkWatch() throws(Status) {
        let match = value("resourceVersionMatch")
        let hasFlag = flag("sendInitialEvents") != nil
        var problems: [Status.Cause] = []
        func forbid(_ why: String) {
            problems.append(
                Status.Cause(
                    reason: "FieldValueForbidden", message: "Forbidden: \(why)", field: "resourceVersionMatch"
                ))
        }
        if hasFlag, match != "NotOlderThan" {
            forbid("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan")
        }
        if !match.isEmpty {
            if !hasFlag {
                forbid("resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided")
            }
            if match != "NotOlderThan" {
                problems.append(
                    Status.Cause(
                        reason: "FieldValueNotSupported",
                        message: "Unsupported value: \(Go.quoted(match)): supported values: \"NotOlderThan\"",
                        field: "resourceVersionMatch"))
            }
            if !value("continue").isEmpty {
                forbid("resourceVersionMatch is forbidden when continue is provided")
            }
        }
        if !problems.isEmpty { throw .invalidListOptions(problems) }
    }

    // MARK: Answers

    /// The head of the stream; events follow as its body. Or an answer instead of it, if the version that has to
    /// be there isn't.
    public func head(of watch: WatchQuery, current: Revision) -> Result<APIResponse, Refused> {
        guard watch.minimum <= UInt64(current) else {
            let status = Status.tooLarge(watch.minimum, current: current)
            return .failure(Refused(response: form.response(status)))
        }
        return .success(
            APIResponse(
                status: 200, headers: [AnswerForm.uncached, watch.form.contentType, .unbuffered]))
    }

    /// 429: there are as many watches as may be. - Parameter setting: which says so.
    public func response(tooManyWatches limit: Int, setting: String) -> APIResponse {
        form.response(
            Status(
                429, "TooManyRequests",
                "as many watches are open as may be: \(limit) (\(setting)); try again later",
                Status.Details(retryAfterSeconds: 5)))
    }
}

extension Status {
    static let noSuchStream = Status(
        406, "NotAcceptable",
        "only the following media types are accepted: \(MediaType.json);stream=watch, "
            + "\(MediaType.protobuf);stream=watch")
}
