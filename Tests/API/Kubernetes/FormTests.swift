import Coordination
import Digest
import JSON
import Testing

@testable import API

/// In what form an answer goes out.
struct FormTests {
    private static let protobuf = "application/vnd.kubernetes.protobuf"

    @Test(
        arguments: [
            (nil, "application/json"), ("", "application/json"), ("*/*", "application/json"),
            ("application/json, */*", "application/json"), ("application/yaml", "application/yaml"),
            ("application/xml, application/json;q=0.5", "application/json"),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json"),
            ("application/vnd.kubernetes.protobuf,application/json", protobuf),
            ("application/json;q=0.5, application/yaml", "application/yaml"),
        ] as [(String?, String)])
    func `the best of what is accepted is chosen`(accept: String?, type: String) {
        #expect(
            Cluster.object(Cluster.face.object(Cluster.lease()), accept: accept).header("Content-Type")
                == type)
    }

    @Test(arguments: ["text/html", "application/*", "application/cbor"])
    func `where nothing is accepted that there is, what there is is told`(accept: String) {
        let answer = Cluster.object(Cluster.face.object(Cluster.lease()), accept: accept)
        #expect(
            answer.json == [
                "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Failure",
                "message":
                    "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf",
                "reason": "NotAcceptable", "details": [:], "code": 406,
            ])
    }

    @Test(arguments: [
        "application/json;as=Table;g=meta.k8s.io;v=v9", "application/json;as=Nope;g=meta.k8s.io;v=v1",
        "application/vnd.kubernetes.protobuf;as=Table;g=meta.k8s.io;v=v1",
    ]) func `a form that there isn't is not acceptable`(accept: String) {
        let answer = Cluster.object(Cluster.face.object(Cluster.lease()), accept: accept)
        #expect(answer.status == 406)
        #expect(
            answer.json["message"]?.string
                == "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf"
        )
        #expect(answer.json["details"] == nil)
    }

    /// A weight that is none counts as nothing, and nothing traps.
    @Test(arguments: ["nan", "inf", "-1", "1e9", "", "0", "0.0", "2", "0.1234"])
    func `what has no weight is not accepted`(weight: String) {
        let accept = "application/json;q=\(weight)"
        #expect(Cluster.object(Cluster.face.object(Cluster.lease()), accept: accept).status == 406)
    }

    @Test func `kubectl's own list of forms gets a table`() {
        let accept =
            "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json"
        #expect(Cluster.list([], accept: accept).json["kind"] == "Table")
    }

    @Test(arguments: [
        ("curl/8.0", "", true), ("Wget/1", "", true), ("Mozilla/5.0 (X11)", "", true),
        ("kubectl/v1.37.1", "", false),
        ("curl/8.0", "?pretty=false", false), ("kubectl", "?pretty=true", true),
        ("kubectl", "?pretty=1", true),
    ]) func `people get lines`(agent: String, query: String, isPretty: Bool) {
        let answer = Cluster.object(
            Cluster.face.object(namespace: Cluster.namespace()), "/api/v1/namespaces/ci\(query)", agent: agent
        )
        #expect(answer.text.hasPrefix("{\n  \"kind\": \"Namespace\",\n") == isPretty)
        // Go ends what it doesn't indent with a line feed, and only that.
        #expect(answer.text.hasSuffix("\n") == !isPretty)
    }

    @Test func `an error is indented for people as well, and as long as the reference's`() {
        let request = Cluster.read("GET", Cluster.leases, agent: "curl/7.88.1")
        #expect(request.response(unauthenticated: true, because: nil).body.count == 157)
        let plain = Cluster.read("GET", Cluster.leases)
        #expect(plain.response(unauthenticated: false, because: nil).body.count == 129)
    }

    // MARK: Protobuf

    /// What a real server sent for an empty lease; its uid is one that is never given here.
    @Test func `a lease in protobuf has the reference's bytes`() throws {
        let recorded =
            "azhzAAofChZjb29yZGluYXRpb24uazhzLmlvL3YxEgVMZWFzZRJPCksKA21pbhIAGgllcnItMzI3ODciACokYTgyYzVmM2EtY2M5Zi00ODcxLWIzN2QtYjIzNzZlMTI4NTcyMgM4ODc4AEIICJOohNgGEAASABoAIgA"
        let object = KubernetesObject(
            metadata: ObjectMetadata(
                name: "min", namespace: "err-32787", uid: UID(incarnation: 1, created: 1), version: 887,
                created: Timestamp(microseconds: 1_795_232_787_000_000)),
            content: .lease(LeaseSpec()))
        var bytes = ProtobufEnvelope.of("Lease", "coordination.k8s.io/v1", try #require(object.protobuf))
        let uid = try #require(bytes.firstRange(of: Array(object.metadata.uid.text.utf8)))
        bytes.replaceSubrange(uid, with: Array("a82c5f3a-cc9f-4871-b37d-b2376e128572".utf8))
        #expect(Base64URL.encode(bytes) == recorded)
    }

    @Test func `an error in protobuf has the reference's bytes`() throws {
        let recorded =
            "azhzAAoMCgJ2MRIGU3RhdHVzEnkKBgoAEgAaABIHRmFpbHVyZRotbmFtZXNwYWNlcyAiZ29sZC1rMTM3LTMxODU4LWIiIGFscmVhZHkgZXhpc3RzIg1BbHJlYWR5RXhpc3RzKiUKEWdvbGQtazEzNy0zMTg1OC1iEgAaCm5hbWVzcGFjZXMoADIAMJkDGgAiAA"
        let status = Status(
            409, "AlreadyExists", "namespaces \"gold-k137-31858-b\" already exists",
            Status.Details(name: "gold-k137-31858-b", kind: "namespaces"))
        #expect(Base64URL.encode(status.protobuf) == recorded)
    }

    @Test func `a custom resource has no protobuf`() {
        let marker = Cluster.face.object(Cluster.marker())
        #expect(Cluster.object(marker, accept: Self.protobuf).status == 406)
        #expect(
            Cluster.object(marker, accept: Self.protobuf + ",application/json").json["kind"] == "DoneMarker")
    }
}
