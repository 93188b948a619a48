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

    /// 304 if the client has it already. - Parameter caching: what `Cache-Control` says.
    func response(
        to request: APIRequest, _ form: AnswerForm, type: String? = nil, caching: String? = nil
    ) -> APIResponse {
        let varying = APIResponse.Header("Vary", "Accept")
        var response = form.response(200, bytes, [entityTag, varying])
        if let type {
            response.headers[1] = .init("Content-Type", type)
            response.body = bytes
        }
        if let caching { response.headers[0] = .init("Cache-Control", caching) }
        guard Self.names(request.ifNoneMatch, tag) else { return response }
        // §15.4.5: the fields that 200 would have had, but for what describes the content.
        response.headers.remove(at: 1)
        return APIResponse(status: 304, headers: response.headers)
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
        case .openAPIv2: return openAPIv2()
        case .openAPIv3: return documents.openAPIv3.response(to: request, schemaForm)
        case .openAPIv3Document(let groupVersion):
            return openAPIv3(documents.openAPIv3Documents[groupVersion]!)
        default: throw .unknownResource
        }
    }

    /// Schemas are JSON, whatever is accepted: their clients name types that nobody else knows.
    private var schemaForm: AnswerForm { AnswerForm(isPretty: form.isPretty) }

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
            return list.response(to: request, form, type: type, caching: "public")
        }
        return try plain(document)
    }

    private func openAPIv2() -> APIResponse {
        let asked = MediaType.ranges(request.accept)
        guard asked.contains(where: { $0.type == OpenAPIv2.askedType }) else {
            return face.documents.openAPIv2.response(to: request, schemaForm)
        }
        return face.documents.openAPIv2Protobuf.response(
            to: request, schemaForm, type: OpenAPIv2.givenType)
    }

    /// Under its hash it never changes.
    private func openAPIv3(_ document: Document) -> APIResponse {
        let isHashed = value("hash") == document.tag
        return document.response(
            to: request, schemaForm, caching: isHashed ? "public, immutable, max-age=31536000" : nil)
    }
}
