import Digest
import JSON

/// What is the same for as long as the daemon runs: made once, at the start.
struct Documents: Sendable {
    let version: Document
    let coreVersions: Document
    let groups: Document
    let group: [GroupVersion: Document]
    let resources: [GroupVersion: Document]
    /// By the version of the discovery API, of the core and of all other groups.
    let aggregatedCore: [String: Document]
    let aggregatedGroups: [String: Document]
    let openAPIv2: Document
    let openAPIv2Protobuf: Document
    let openAPIv3: Document
    let openAPIv3Documents: [GroupVersion: Document]

    init(version: String) {
        self.version = Document(Discovery.version(version))
        coreVersions = Document(Discovery.coreVersions)
        groups = Document(Discovery.groups)
        let named = GroupVersion.named
        let all = [.core] + named
        group = Self.each(named) { Document(Discovery.group($0)) }
        resources = Self.each(all) { Document(Discovery.resources(of: $0)) }
        let versions = AggregatedDiscovery.versions
        aggregatedCore = Self.each(versions) { Document(AggregatedDiscovery.list([.core], version: $0)) }
        aggregatedGroups = Self.each(versions) { Document(AggregatedDiscovery.list(named, version: $0)) }
        openAPIv2 = Document(OpenAPIv2.document(version: version))
        openAPIv2Protobuf = Document(bytes: OpenAPIv2.protobuf(version: version))
        let documents = Self.each(all) { Document(OpenAPIv3.document(of: $0, version: version)) }
        openAPIv3 = Document(OpenAPIv3.index(documents.mapValues(\.tag)))
        openAPIv3Documents = documents
    }

    private static func each<Key: Hashable>(
        _ keys: [Key], _ make: (Key) -> Document
    ) -> [Key: Document] {
        Dictionary(uniqueKeysWithValues: keys.map { ($0, make($0)) })
    }
}

/// One of them.
struct Document: Sendable {
    let bytes: [UInt8]
    /// What tells this content from any other: its SHA-256 in hexadecimal.
    let tag: String

    init(_ json: JSON) {
        var writer = JSONWriter()
        writer.value(json)
        self.init(bytes: writer.bytes)
    }

    init(bytes: [UInt8]) {
        self.bytes = bytes
        tag = Hex.encode(SHA256.digest(bytes)).uppercased()
    }

    /// RFC 9110 §8.8.3: in quotes.
    private var entityTag: APIResponse.Header { .init("ETag", "\"\(tag)\"") }

    /// As JSON of that form; 304 if the client has it already.
    ///
    /// - Parameter caching: what `Cache-Control` says, if not what is true of most answers.
    func response(
        to request: APIRequest, _ form: AnswerForm, caching: APIResponse.Header = AnswerForm.uncached
    ) -> APIResponse {
        if let unchanged = unchanged(request, caching) { return unchanged }
        var response = form.response(200, bytes, [entityTag, Self.varying])
        response.headers[0] = caching
        return response
    }

    /// As it is, and of a type of its own.
    func response(
        to request: APIRequest, type: String, caching: APIResponse.Header = AnswerForm.uncached
    ) -> APIResponse {
        if let unchanged = unchanged(request, caching) { return unchanged }
        let type = APIResponse.Header("Content-Type", type)
        return APIResponse(status: 200, headers: [caching, type, entityTag, Self.varying], body: bytes)
    }

    private static let varying = APIResponse.Header("Vary", "Accept")

    /// RFC 9110 §15.4.5: with the fields that 200 would have had, but for what describes the content.
    private func unchanged(_ request: APIRequest, _ caching: APIResponse.Header) -> APIResponse? {
        guard Self.names(request.ifNoneMatch, tag) else { return nil }
        return APIResponse(status: 304, headers: [caching, entityTag, Self.varying])
    }

    /// §13.1.2: "*", or a list of tags; weak ones count as well.
    private static func names(_ field: String?, _ tag: String) -> Bool {
        guard let field else { return false }
        return field == "*" || field.contains("\"\(tag)\"")
    }
}

extension KubernetesRequest {
    /// Discovery, versions and schemas.
    func document() throws(Status) -> APIResponse {
        let documents = face.documents
        switch place {
        case .coreVersions:
            return try discovery(documents.coreVersions, aggregated: documents.aggregatedCore)
        case .groups: return try discovery(documents.groups, aggregated: documents.aggregatedGroups)
        case .group(let groupVersion): return try plain(documents.group[groupVersion]!)
        case .resources(let groupVersion): return try plain(documents.resources[groupVersion]!)
        case .version: return try plain(documents.version)
        case .openAPIv2: return try openAPIv2()
        // JSON, which the reference sends as text.
        case .openAPIv3: return documents.openAPIv3.response(to: request, type: "text/plain; charset=utf-8")
        case .openAPIv3Document(let groupVersion):
            return try openAPIv3(documents.openAPIv3Documents[groupVersion]!)
        default: throw .unknownResource
        }
    }

    /// JSON or YAML, without a tag: as the reference has it.
    private func plain(_ document: Document) throws(Status) -> APIResponse {
        let form = try MediaType.form(request.accept, isPretty: form.isPretty, hasProtobuf: false)
        guard form.shape == .object else { throw .noSuchForm }
        return form.response(200, document.bytes)
    }

    /// New clients ask for everything at once.
    private func discovery(
        _ document: Document, aggregated: [String: Document]
    ) throws(Status) -> APIResponse {
        for range in MediaType.ranges(request.accept) where range.type == MediaType.json {
            guard range.parameters["as"] == AggregatedDiscovery.kind,
                range.parameters["g"] == AggregatedDiscovery.group,
                let version = range.parameters["v"], let list = aggregated[version]
            else {
                if range.parameters["as"] == nil { break }
                continue
            }
            let type =
                "\(MediaType.json);g=\(AggregatedDiscovery.group);v=\(version);as=\(AggregatedDiscovery.kind)"
            return list.response(to: request, type: type, caching: .init("Cache-Control", "public"))
        }
        return try plain(document)
    }

    private func openAPIv2() throws(Status) -> APIResponse {
        let documents = face.documents
        if MediaType.ranges(request.accept).contains(where: { $0.type == OpenAPIv2.askedType }) {
            return documents.openAPIv2Protobuf.response(to: request, type: OpenAPIv2.givenType)
        }
        return documents.openAPIv2.response(to: request, try schemaForm())
    }

    /// Under its hash it never changes.
    private func openAPIv3(_ document: Document) throws(Status) -> APIResponse {
        let form = try schemaForm()
        guard value("hash") == document.tag else { return document.response(to: request, form) }
        let forGood = APIResponse.Header("Cache-Control", "public, immutable, max-age=31536000")
        return document.response(to: request, form, caching: forGood)
    }

    /// Schemas are JSON.
    private func schemaForm() throws(Status) -> AnswerForm {
        let accepted = MediaType.ranges(request.accept)
        guard accepted.contains(where: { $0.isAny || $0.type == MediaType.json }) else {
            throw .notAcceptable
        }
        return AnswerForm(isPretty: form.isPretty)
    }
}
