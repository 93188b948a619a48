import Coordination

/// A list that is asked for.
public struct ListQuery: Hashable, Sendable {
    public var resource: Resource
    /// Nil: of all namespaces, or of what is in none.
    public var namespace: String?
    var options: ListOptions
    var included: IncludedObject

    /// How many objects; nil: all.
    public var limit: Int? { options.limit > 0 ? options.limit : nil }
    /// Whether selectors may leave objects out. Then nobody counts what remains.
    public var isFiltered: Bool { options.isFiltered }
    /// The one name that selectors leave, if they leave one.
    public var name: String? { options.fields.name }
    /// Begin behind this object; nil: at the first.
    public var after: ContinuePlace? { options.continuation.map { ContinuePlace(place: $0.after) } }

    public func wants(_ object: KubernetesObject) -> Bool {
        options.labels.matches(object.metadata.labels) && options.fields.matches(object)
    }
}

/// A place in a list: behind this object.
public struct ContinuePlace: Hashable, Sendable {
    var place: ContinueToken.Place

    init(place: ContinueToken.Place) { self.place = place }

    /// - Parameter namespace: nil in a list of one namespace, or of what is in none.
    public init(namespace: String?, name: String) {
        place = ContinueToken.Place(namespace: namespace, name: name)
    }

    public var namespace: String? { place.namespace }
    public var name: String { place.name }
}

extension KubernetesRequest {
    /// An empty list, to be filled.
    public func list(_ query: ListQuery, at now: Now) -> ListAnswer {
        ListAnswer(query.resource, form, query.included, at: now.wall)
    }

    /// - Parameters:
    ///   - version: of which the list is.
    ///   - next: behind which object the next part begins; nil: this was the last.
    ///   - remaining: how many objects follow.
    public func answer(
        _ list: ListAnswer, version: Revision, next: ContinuePlace?, remaining: Int?
    ) -> APIResponse {
        let token = next.map { ContinueToken(version: version, after: $0.place).text }
        return list.response(version: version, next: token, remaining: next == nil ? nil : remaining)
    }

    /// The version of a list, or why there is none.
    public func version(
        of query: ListQuery, current: Revision, compacted: Revision
    ) -> Result<Revision, Refused> {
        do throws(Status) {
            return .success(try query.options.version(current: current, compacted: compacted))
        } catch {
            return .failure(Refused(response: form.response(error)))
        }
    }

    /// An answer instead of what was asked for.
    public struct Refused: Error {
        public var response: APIResponse
    }
}
