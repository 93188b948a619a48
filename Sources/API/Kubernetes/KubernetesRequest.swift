import Coordination
import JSON
import Objects

/// A request to this face, read: what it is about, what that takes, and how it is to be answered.
///
/// One for each request, handed on by reference: to its write, its plan, its answer.
public final class KubernetesRequest: Sendable {
    let request: APIRequest
    let face: Kubernetes
    let place: Place
    /// How errors go out; objects, if the form that was asked for is there.
    let form: AnswerForm
    private let formFault: Status?

    init(_ request: APIRequest, face: Kubernetes) {
        self.request = request
        self.face = face
        place = Place(path: request.path)
        let isPretty = MediaType.isPretty(request)
        let form: Result<AnswerForm, Status>
        do throws(Status) {
            form = .success(
                try MediaType.form(request.accept, isPretty: isPretty, hasProtobuf: place.hasProtobuf))
        } catch {
            form = .failure(error)
        }
        switch form {
        case .success(let form): (self.form, formFault) = (form, nil)
        case .failure(let fault): (self.form, formFault) = (AnswerForm(isPretty: isPretty), fault)
        }
    }

    /// What is to be done for it.
    public enum Action: Sendable {
        /// Say this.
        case answer(APIResponse)
        /// Look up one object; the answer is made by `answer(_:)`.
        case object(ObjectQuery)
        /// Find out what it comes to, by what is there, and apply that.
        case write(ObjectWrite)
        case delete(ObjectDeletion)
        /// Delete all that a list has.
        case deleteCollection(ListQuery, ObjectDeletion)
        /// Look up a list; the answer is made by `list(_:…)`.
        case list(ListQuery)
        /// Begin a stream, whose head is `head(of:current:)`.
        case watch(WatchQuery)
        /// Find out what the identity may; the answer is made by `answer(_:as:grants:)`.
        case review(AccessReview)
    }

    /// The permission that it needs, told from its method and path alone. There is nothing that everybody may.
    public var access: Access? { place.access(request.method) }

    /// - Parameter principal: the identity that authenticated.
    public func action(at now: Now, principal: String? = nil) -> Action {
        do throws(Status) { return try routed(at: now, principal) } catch {
            return .answer(form.response(error))
        }
    }

    private func routed(at now: Now, _ principal: String?) throws(Status) -> Action {
        switch place {
        case .nowhere: return .answer(AnswerForm.pageNotFound)
        case .unknownResource: throw .unknownResource
        default: break
        }
        guard let verb = place.verb(request.method) else { throw .methodNotAllowed }
        switch place {
        case .collection(let resource, let namespace) where isWatch && verb == .list:
            return .watch(try watch(resource, namespace))
        case .watch(let resource, let namespace, let name):
            return .watch(try watch(resource, namespace, name: name))
        case .collection(let resource, let namespace):
            if verb == .list { return .list(try list(resource, namespace)) }
            return try written(verb, resource, namespace, "", at: now, principal)
        case .object(let resource, let namespace, let name):
            if verb == .get { return .object(try object(resource, namespace, name, at: now)) }
            return try written(verb, resource, namespace, name, at: now, principal)
        case .review(let resource):
            try acceptForm()
            return .review(try AccessReview(resource, request))
        default:
            return .answer(try document())
        }
    }

    /// - Throws: that there is no such form.
    func acceptForm() throws(Status) {
        if let formFault { throw formFault }
    }

    // MARK: Objects

    private func object(
        _ resource: Resource, _ namespace: String?, _ name: String, at now: Now
    ) throws(Status) -> ObjectQuery {
        try acceptForm()
        _ = try IncludedObject(value("includeObject"))
        let version = value("resourceVersion")
        // As the reference has it: an error of the server, and no bad request.
        guard version.isEmpty || (try? Go.unsigned(version).get()) != nil else {
            throw Status(500, nil, ListOptions.message(version))
        }
        return ObjectQuery(
            resource: resource, namespace: namespace, name: name, minimum: UInt64(version) ?? 0,
            now: now.wall)
    }

    func list(_ resource: Resource, _ namespace: String?) throws(Status) -> ListQuery {
        try acceptForm()
        let everywhere = namespace == nil && resource.isNamespaced
        return ListQuery(
            resource: resource, namespace: namespace,
            options: try ListOptions(request, resource, everywhere: everywhere),
            included: try IncludedObject(value("includeObject")))
    }

    func value(_ name: String) -> String { request.query.first { $0.name == name }?.value ?? "" }

    /// One object, or that it isn't there. - Parameter current: the version that the store shows.
    public func answer(
        _ query: ObjectQuery, _ object: KubernetesObject?, current: Revision
    ) -> APIResponse {
        guard query.minimum <= UInt64(current) else {
            return form.response(Status.tooLarge(query.minimum, current: current))
        }
        guard let object else { return form.response(Status.notFound(query.resource, query.name)) }
        return whole(object, at: query.now)
    }

    /// One object in the form that was asked for.
    ///
    /// - Parameter warnings: values of `Warning` header fields.
    func whole(
        _ object: KubernetesObject, _ code: Int = 200, _ warnings: [String] = [], at now: Timestamp
    ) -> APIResponse {
        let resource = object.resource
        if case .table = form.shape {
            let included = (try? IncludedObject(value("includeObject"))) ?? .metadata
            var table = ListAnswer(resource, form, included, at: now)
            table.append(object)
            var response = table.response(version: object.metadata.version, next: nil, remaining: nil)
            response.status = code
            response.headers += warnings.map { APIResponse.Header("Warning", $0) }
            return response
        }
        let headers = warnings.map { APIResponse.Header("Warning", $0) }
        if form.encoding == .protobuf {
            if case .partial(let version) = form.shape {
                return form.response(
                    code,
                    ProtobufEnvelope.of(
                        "PartialObjectMetadata", "meta.k8s.io/\(version)", object.partialProtobuf), headers)
            }
            return form.response(
                code,
                ProtobufEnvelope.of(resource.kind, resource.groupVersion.text, object.protobuf ?? []), headers
            )
        }
        var writer = JSONWriter()
        writer.object { writer in
            if case .partial(let version) = form.shape {
                object.writePartial(to: &writer, version: version)
            } else {
                object.write(to: &writer, isTyped: true)
            }
        }
        return form.response(code, writer.bytes, headers)
    }

    /// 503: the store can't be read.
    public func response(unavailable reason: Unavailable) -> APIResponse {
        form.response(Status.unavailable(reason))
    }
}

/// One object that is asked for.
public struct ObjectQuery: Hashable, Sendable {
    public var resource: Resource
    public var namespace: String?
    public var name: String
    /// The version that has to be there at least.
    var minimum: UInt64
    var now: Timestamp
}
