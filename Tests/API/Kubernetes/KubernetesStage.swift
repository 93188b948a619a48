import Coordination
import JSON
import Testing

@testable import API

/// What the tests of the Kubernetes face share: records, and short ways to ask.
enum Cluster {
    static let face = Kubernetes(incarnation: 0x0123_4567_89AB_CDEF, version: "9.8.7")
    /// 2026-11-21T05:01:02.123456Z.
    static let began = Stage.now.wall
    /// Ninety seconds later.
    static let now = Now(
        instant: Stage.now.instant, wall: Timestamp(microseconds: began.microseconds + 90_000_000))
    static let digest = "sha256:" + String(repeating: "ab", count: 32)

    static func hold(_ token: FencingToken = 7) -> Hold {
        Hold(
            token: token, holder: "run-1", campaignID: "c", principal: "ci-op",
            duration: .milliseconds(29_500), attempt: 2, began: began, inputsDigest: digest,
            supersedes: nil, info: ["runURL": "https://ci.example/1?a=<b>"])
    }

    static func lease(_ name: String = "build", hold: Hold? = hold(), last: EndedHold? = nil) -> LeaseRecord {
        LeaseRecord(
            key: Key(namespace: "ci", name: name), revision: 9, created: 3, createdAt: began, way: .once,
            hold: hold, maxAttempts: 5, transitions: 4, last: last)
    }

    static func namespace(_ name: String = "ci", created: Revision = 0) -> NamespaceRecord {
        NamespaceRecord(name: name, created: created, createdAt: began, version: created == 0 ? 1 : created)
    }

    static func marker(_ outcome: Outcome = .succeeded) -> DoneMarker {
        DoneMarker(
            key: Key(namespace: "ci", name: "build"), revision: 12,
            finding: Finding(
                outcome: outcome, reason: "it said \"so\"", result: ["image": "x@y"],
                artifacts: [Artifact(name: "a.tar", digest: digest, size: 17)]),
            inputsDigest: digest, holder: "run-1", principal: "ci-op", token: 7, attempt: 2,
            info: ["runURL": "https://ci.example/1"], start: began, end: began, retention: .minutes(10))
    }

    static func read(
        _ method: String, _ target: String, accept: String? = nil, agent: String? = nil,
        ifNoneMatch: String? = nil, body: [UInt8] = [], contentType: String? = nil
    ) -> KubernetesRequest {
        var request = Stage.request(method, target, accept: accept, contentType: contentType)
        request.userAgent = agent
        request.ifNoneMatch = ifNoneMatch
        request.body = body
        return face.read(request)
    }

    static func get(_ target: String, accept: String? = nil, agent: String? = nil) -> APIResponse? {
        read("GET", target, accept: accept, agent: agent).answer
    }

    static let leases = "/apis/coordination.k8s.io/v1/namespaces/ci/leases"
    static let markers = "/apis/coordination.baton.dev/v1/namespaces/ci/donemarkers"

    /// The answer to GET of an object that is there.
    static func object(
        _ record: KubernetesObject, _ target: String? = nil, accept: String? = nil, agent: String? = nil
    ) -> APIResponse {
        let path = record.resource == .namespaces ? "/api/v1/namespaces" : nil
        let collection = path ?? (record.resource == .leases ? leases : markers)
        let request = read("GET", target ?? "\(collection)/\(record.name)", accept: accept, agent: agent)
        guard case .object(let query) = request.action(at: now) else {
            return request.answer ?? APIResponse(status: 0, headers: [])
        }
        return request.answer(query, record, current: 20)
    }

    /// The answer to GET of a list of these objects.
    static func list(
        _ objects: [KubernetesObject], _ target: String = leases, accept: String? = nil, next: String? = nil,
        remaining: Int? = nil
    ) -> APIResponse {
        let request = read("GET", target, accept: accept)
        guard case .list(let query) = request.action(at: now) else {
            return request.answer ?? APIResponse(status: 0, headers: [])
        }
        switch request.version(of: query, current: 20, compacted: 5) {
        case .failure(let refused): return refused.response
        case .success(let version):
            var list = request.list(query, at: now)
            for object in objects where query.wants(object) { list.append(object) }
            return request.answer(
                list, version: version, next: next.map { ContinuePlace(namespace: nil, name: $0) },
                remaining: remaining)
        }
    }

    static func query(_ target: String) -> ListQuery? {
        guard case .list(let query) = read("GET", target).action(at: now) else { return nil }
        return query
    }
}

extension KubernetesRequest {
    /// What it is answered without a look at the store.
    var answer: APIResponse? {
        guard case .answer(let response) = action(at: Cluster.now) else { return nil }
        return response
    }
}
