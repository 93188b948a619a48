import Coordination
import JSON
import Testing

@testable import API

/// Records as Kubernetes objects.
struct ObjectTests {
    private let lease = Cluster.face.object(Cluster.lease())

    @Test func `a held lease says who holds it, and operators more`() {
        let expected: JSON = [
            "kind": "Lease", "apiVersion": "coordination.k8s.io/v1",
            "metadata": [
                "name": "build", "namespace": "ci", "uid": "01234567-89ab-8cde-bc00-000000000003",
                "resourceVersion": "9", "creationTimestamp": "2026-11-21T05:01:02Z",
                "annotations": [
                    "coordination.baton.dev/attempt": "2", "coordination.baton.dev/fencing-token": "7",
                    "coordination.baton.dev/inputs-digest": .string(Cluster.digest),
                    "coordination.baton.dev/marker": "once", "coordination.baton.dev/principal": "ci-op",
                    "coordination.baton.dev/run-url": "https://ci.example/1?a=<b>",
                ],
            ],
            "spec": [
                "holderIdentity": "run-1", "leaseDurationSeconds": 30,
                "acquireTime": "2026-11-21T05:01:02.123456Z", "renewTime": "2026-11-21T05:01:02.123456Z",
                "leaseTransitions": 4,
            ],
        ]
        #expect(Cluster.object(lease).json == expected)
    }

    @Test func `a lease that nobody holds has no holder, and says how the last one ended`() throws {
        let last = EndedHold(token: 7, holder: "run-1", how: .expired, reason: nil, ended: Cluster.began)
        let json =
            Cluster.object(Cluster.face.object(Cluster.lease(hold: nil, last: last))).json
        #expect(json["spec"] == ["leaseTransitions": 4])
        #expect(
            json["metadata"]?["annotations"] == [
                "coordination.baton.dev/last-end": "expired",
                "coordination.baton.dev/last-end-time": "2026-11-21T05:01:02.123456Z",
                "coordination.baton.dev/last-fencing-token": "7",
                "coordination.baton.dev/last-holder": "run-1",
                "coordination.baton.dev/marker": "once",
            ])
    }

    @Test func `a done marker has a spec, and conditions to wait for`() throws {
        let json = Cluster.object(Cluster.face.object(Cluster.marker())).json
        #expect(json["apiVersion"] == "coordination.baton.dev/v1")
        #expect(json["kind"] == "DoneMarker")
        #expect(json["metadata"]?["generation"] == 1)
        #expect(json["metadata"]?["resourceVersion"] == "12")
        #expect(json["spec"]?["outcome"] == "Succeeded")
        #expect(json["spec"]?["result"] == ["image": "x@y"])
        #expect(json["spec"]?["retentionSeconds"] == 600)
        #expect(Self.conditions(json) == ["Done": "True", "Succeeded": "True", "Failed": "False"])
    }

    @Test func `work that failed is done, too`() throws {
        let json = Cluster.object(Cluster.face.object(Cluster.marker(.failed))).json
        #expect(Self.conditions(json) == ["Done": "True", "Succeeded": "False", "Failed": "True"])
        #expect(json["status"]?["conditions"]?.array?.first?["message"] == "it said \"so\"")
    }

    private static func conditions(_ json: JSON) -> [String: String] {
        let all = json["status"]?["conditions"]?.array ?? []
        return Dictionary(uniqueKeysWithValues: all.map { ($0["type"]!.string!, $0["status"]!.string!) })
    }

    @Test func `a namespace is the same for as long as the store lives`() throws {
        let json = Cluster.object(Cluster.face.object(namespace: Cluster.namespace())).json
        #expect(json["metadata"]?["labels"] == ["kubernetes.io/metadata.name": "ci"])
        #expect(json["metadata"]?["creationTimestamp"] == nil)
        #expect(json["spec"] == ["finalizers": ["kubernetes"]])
        #expect(json["status"] == ["phase": "Active"])
        let uid = try #require(json["metadata"]?["uid"]?.string)
        #expect(
            Cluster.object(Cluster.face.object(namespace: Cluster.namespace())).json["metadata"]?["uid"]?
                .string == uid)
        // RFC 9562: the version's digit, and the variant's.
        #expect(Array(uid)[14] == "8")
        #expect("89ab".contains(Array(uid)[19]))
        let others = [
            Cluster.face.object(namespace: Cluster.namespace("ci-2")),
            Kubernetes(incarnation: 1, version: "").object(namespace: Cluster.namespace()),
        ]
        for other in others { #expect(other.metadata.uid.text != uid) }
    }

    @Test(
        arguments: [(1, 1), (1_000_000_000, 1), (1_000_000_001, 2), (29_500_000_000, 30)] as [(Int64, Int32)])
    func `a duration is rounded up to seconds`(nanoseconds: Int64, seconds: Int32) {
        var hold = Cluster.hold()
        hold.duration = Interval(nanoseconds: nanoseconds)
        #expect(Cluster.lease(hold: hold).spec.durationSeconds == seconds)
    }

    @Test func `what isn't there is not found, by its own name`() throws {
        let request = Cluster.read("GET", Cluster.leases + "/missing")
        guard case .object(let query) = request.action(at: Cluster.now) else { throw Missing() }
        let answer = request.answer(query, nil, current: 20)
        #expect(answer.status == 404)
        #expect(
            answer.json == [
                "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Failure",
                "message": "leases.coordination.k8s.io \"missing\" not found", "reason": "NotFound",
                "details": ["name": "missing", "group": "coordination.k8s.io", "kind": "leases"], "code": 404,
            ])
    }

    struct Missing: Error {}

    @Test func `only the metadata is given where only the metadata is wanted`() {
        let accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
        let json = Cluster.object(lease, accept: accept).json
        #expect(json["kind"] == "PartialObjectMetadata")
        #expect(json["apiVersion"] == "meta.k8s.io/v1")
        #expect(json["metadata"]?["name"] == "build")
        #expect(json["spec"] == nil)
    }

    @Test func `yaml is the same in blocks`() {
        let answer = Cluster.object(
            Cluster.face.object(namespace: Cluster.namespace()), accept: "application/yaml")
        #expect(answer.header("Content-Type") == "application/yaml")
        #expect(answer.text.hasPrefix("kind: Namespace\napiVersion: v1\nmetadata:\n  name: ci\n"))
        #expect(answer.text.hasSuffix("spec:\n  finalizers:\n  - kubernetes\nstatus:\n  phase: Active\n"))
    }

    /// A write compares what is there with what it is to be as trees, and answers are text.
    @Test(arguments: 1...100 as ClosedRange<UInt64>)
    func `the tree of a lease is its text read`(seed: UInt64) throws {
        var random = RandomObject(dice: Dice(seed: seed))
        var record = Cluster.lease(hold: seed % 2 == 0 ? Cluster.hold() : nil)
        if seed % 3 == 0 { record.written = LeaseSpec(random.leaseSpec()) }
        var object = Cluster.face.object(record)
        object.metadata.attached = AttachedMetadata(of: ["metadata": random.metadata()], without: [], [])
        if seed % 5 == 0 { (object.metadata.ownLabels, object.metadata.ownAnnotations) = ([:], [:]) }
        var writer = JSONWriter()
        writer.object { object.write(to: &$0, isTyped: true) }
        #expect(object.json == (try JSON(parsing: writer.bytes)))
    }

    /// What is stored is text, and comes back as what was attached.
    @Test(arguments: 1...100 as ClosedRange<UInt64>)
    func `what is attached is stored and comes back`(seed: UInt64) throws {
        var random = RandomObject(dice: Dice(seed: seed))
        let metadata = random.metadata()
        let attached = AttachedMetadata(of: ["metadata": metadata], without: [], [])
        let stored = AttachedMetadata(stored: attached.bytes)
        #expect(stored == attached)
        for member in AttachedMetadata.Member.allCases {
            let given = metadata[member.rawValue]
            let isEmpty = given?.members?.isEmpty ?? given?.array?.isEmpty ?? true
            #expect(
                stored[member]
                    == (given?.members != nil || given?.array != nil ? (isEmpty ? nil : given) : given))
        }
    }

    @Test(arguments: [
        "", "{", "[]", "{\"labels\":}", "{\"labels\":{}", "{\"labels\":{}},", "{\"labels\" :{}}", "null",
    ])
    func `what isn't such text attaches nothing`(text: String) {
        #expect(AttachedMetadata(stored: Array(text.utf8)) == AttachedMetadata())
    }
}
