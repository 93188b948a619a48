import Coordination
import JSON
import Testing

@testable import API

/// Anybody may send anything: it is answered, and nothing traps.
struct AnyRequestTests {
    private static let paths = [
        "/api", "/apis", "/version", "/openapi/v2", "/openapi/v3", "/openapi/v3/api/v1", "/api/v1",
        "/api/v1/namespaces", "/api/v1/namespaces/ci", Cluster.leases, Cluster.leases + "/build",
        "/apis/coordination.k8s.io/v1/leases", Cluster.markers, Cluster.markers + "/build",
        "/apis/coordination.k8s.io/v1/watch/leases", "/api/v1/watch/namespaces/ci",
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
        "/apis/authentication.k8s.io/v1/selfsubjectreviews", "/apis/nosuch.io/v1", "/apis//",
    ]
    private static let types = [
        "application/json", "application/yaml", "application/vnd.kubernetes.protobuf", "*/*", "text/html", "",
        OpenAPIv2.askedType,
    ]
    // A weight that is no number trapped, and so did a protobuf document for a person.
    private static let parameters = [
        "as=Table", "as=PartialObjectMetadata", "g=meta.k8s.io", "v=v1", "as=APIGroupDiscoveryList",
        "g=apidiscovery.k8s.io", "v=v2", "q=0", "q=nan", "q=1e400", "q=0.5", "pretty=1", "", "=", "q",
    ]
    private static let names = [
        "limit", "continue", "labelSelector", "fieldSelector", "resourceVersion", "resourceVersionMatch",
        "watch", "sendInitialEvents", "allowWatchBookmarks",
        "includeObject", "pretty", "timeoutSeconds", "hash",
    ]
    private static let values = [
        "", "0", "1", "-1", "18446744073709551616", "9223372036854775807", "abc", "true", "Exact",
        "NotOlderThan", "None",
        "a=b",
        "a in (b,", "metadata.name=build", "status.phase=Active", "\\", "\u{0}", "é\u{301}",
        ContinueToken(version: 7, after: .init(namespace: nil, name: "a")).text,
    ]

    @Test(arguments: [1, 2, 3, 4] as [UInt64]) func `whatever is asked is answered`(seed: UInt64) {
        var dice = Dice(seed: seed)
        for _ in 0..<3_000 {
            let request = Self.request(&dice)
            let answer = Self.answer(request, &dice)
            #expect((200..<600).contains(answer.status))
            if answer.header("Content-Type") == "application/json", !answer.body.isEmpty {
                #expect(answer.json != .null)
            }
        }
    }

    private static func request(_ dice: inout Dice) -> KubernetesRequest {
        func some(_ texts: [String], _ count: Int) -> [String] {
            (0..<Int.random(in: 0...count, using: &dice)).map { _ in texts.randomElement(using: &dice)! }
        }
        let ranges = some(types, 2).map { ([$0] + some(parameters, 4)).joined(separator: ";") }
        let query = some(names, 3).map { "\($0)=\(values.randomElement(using: &dice)!)" }
        var body = (0..<Int.random(in: 0..<40, using: &dice)).map { _ in
            UInt8.random(in: 0...255, using: &dice)
        }
        if Bool.random(using: &dice) { body = ProtobufEnvelope.magic + body }
        let path = paths.randomElement(using: &dice)!
        return Cluster.read(
            ["GET", "GET", "POST", "PUT", "PATCH", "DELETE"].randomElement(using: &dice)!,
            path + (query.isEmpty ? "" : "?" + query.joined(separator: "&")),
            accept: ranges.isEmpty ? nil : ranges.joined(separator: ","),
            agent: ["curl/8", "kubectl"].randomElement(using: &dice)!, body: body,
            contentType: [
                nil, "application/json", "application/yaml", "application/vnd.kubernetes.protobuf",
                "application/merge-patch+json", "application/apply-patch+yaml",
            ].randomElement(using: &dice)!)
    }

    private static func answer(_ request: KubernetesRequest, _ dice: inout Dice) -> APIResponse {
        switch request.action(at: Cluster.now) {
        case .answer(let response): return response
        case .object(let query):
            let object = object(query.resource)
            return request.answer(query, Bool.random(using: &dice) ? object : nil, current: 20)
        case .list(let query):
            switch request.version(of: query, current: 20, compacted: 5) {
            case .failure(let refused): return refused.response
            case .success(let version):
                var list = request.list(query, at: Cluster.now)
                for _ in 0..<2 where query.wants(object(query.resource)) {
                    list.append(object(query.resource))
                }
                return request.answer(
                    list, version: version, next: ContinuePlace(namespace: "ci", name: "build"), remaining: 3)
            }
        case .watch(let query):
            let version = query.form.bookmark(at: 20, endsInitial: true, isFirst: true)
            #expect(!version.isEmpty)
            for kind in [WatchEvent.Kind.added, .deleted] {
                let event = WatchEvent(kind, object(query.selection.resource))
                #expect(!query.form.bytes(event, isFirst: kind == .added, at: Cluster.now.wall).isEmpty)
            }
            switch request.head(of: query, current: 20) {
            case .failure(let refused): return refused.response
            case .success(let head): return head
            }
        case .write(let write):
            let id = RequestID(1)
            let plan =
                write.isCreation
                ? write.creation(id: id, using: &dice).plan : write.plan(object(write.resource), id: id)
            return answer(plan)
        case .delete(let deletion): return answer(deletion.plan(object(deletion.resource), id: RequestID(1)))
        case .deleteCollection(_, let deletion):
            return answer(deletion.plan(object(deletion.resource), id: RequestID(1)))
        case .review(let review):
            return request.answer(review, as: nil, grants: review.accesses.map { _ in true })
        }
    }

    /// As if the core agreed.
    private static func answer(_ plan: WritePlan) -> APIResponse {
        switch plan {
        case .answer(let response): response
        case .command(_, let answer): answer.response(to: .written(Cluster.lease()))
        }
    }

    private static func object(_ resource: Resource) -> KubernetesObject {
        switch resource {
        case .leases: Cluster.face.object(Cluster.lease())
        case .doneMarkers: Cluster.face.object(Cluster.marker())
        default: Cluster.face.object(namespace: Cluster.namespace())
        }
    }
}
