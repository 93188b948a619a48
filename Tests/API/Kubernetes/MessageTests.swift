import JSON
import Testing

@testable import API

/// Objects as messages of protocol buffers, and back.
struct MessageTests {
    @Test(arguments: 1...200 as ClosedRange<UInt64>)
    func `any metadata comes back as it was`(seed: UInt64) throws {
        var random = RandomObject(dice: Dice(seed: seed))
        let metadata = random.metadata()
        #expect(ObjectMetaMessage.json(ObjectMetaMessage.bytes(metadata)) == metadata)
    }

    @Test(arguments: 1...200 as ClosedRange<UInt64>)
    func `any lease comes back as it was`(seed: UInt64) throws {
        var random = RandomObject(dice: Dice(seed: seed))
        let lease: JSON = ["metadata": random.metadata(), "spec": random.leaseSpec()]
        #expect(try MessageType.lease.json(MessageType.lease.bytes(lease)[...]) == lease)
    }

    /// A namespace that the reference made for kubectl 1.37 (`create ns`), byte by byte.
    @Test func `a namespace has the bytes of the reference`() throws {
        let object: JSON = [
            "metadata": [
                "name": "gold-k137-31858-b", "uid": "b1f31be3-8395-48f2-a0cd-1888e8e766d3",
                "resourceVersion": "265", "creationTimestamp": "2026-11-21T03:31:09Z",
                "labels": ["kubernetes.io/metadata.name": "gold-k137-31858-b"],
                "managedFields": [
                    [
                        "manager": "kubectl-create", "operation": "Update", "apiVersion": "v1",
                        "time": "2026-11-21T03:31:09Z", "fieldsType": "FieldsV1",
                        "fieldsV1": [
                            "f:metadata": ["f:labels": [".": [:], "f:kubernetes.io/metadata.name": [:]]]
                        ],
                    ]
                ],
            ], "spec": ["finalizers": ["kubernetes"]], "status": ["phase": "Active"],
        ]
        let recorded = Self.base64(
            "azhzAAoPCgJ2MRIJTmFtZXNwYWNlEp0CCoICChFnb2xkLWsxMzctMzE4NTgtYhIAGgAiACokYjFmMzFiZTMtODM5NS00OGYyLWEw"
                + "Y2QtMTg4OGU4ZTc2NmQzMgMyNjU4AEIICP2ghNgGEABaMAoba3ViZXJuZXRlcy5pby9tZXRhZGF0YS5uYW1lEhFnb2xk"
                + "LWsxMzctMzE4NTgtYooBfQoOa3ViZWN0bC1jcmVhdGUSBlVwZGF0ZRoCdjEiCAj9oITYBhAAMghGaWVsZHNWMTpJCkd7"
                + "ImY6bWV0YWRhdGEiOnsiZjpsYWJlbHMiOnsiLiI6e30sImY6a3ViZXJuZXRlcy5pby9tZXRhZGF0YS5uYW1lIjp7fX19"
                + "fUIAEgwKCmt1YmVybmV0ZXMaCAoGQWN0aXZlGgAiAA==")
        let opened = try ProtobufEnvelope.open(recorded)
        #expect(opened.kind == "Namespace")
        #expect(opened.apiVersion == "v1")
        #expect(try MessageType.namespace.json(opened.message) == object)
        #expect(ProtobufEnvelope.of("Namespace", "v1", MessageType.namespace.bytes(object)) == recorded)
    }

    /// A lease as the reference answers to a plain GET.
    @Test func `a lease without a spec has the bytes of the reference`() throws {
        let recorded = Self.base64(
            "azhzAAofChZjb29yZGluYXRpb24uazhzLmlvL3YxEgVMZWFzZRJPCksKA21pbhIAGgllcnItMzI3ODciACokYTgyYzVmM2Et"
                + "Y2M5Zi00ODcxLWIzN2QtYjIzNzZlMTI4NTcyMgM4ODc4AEIICJOohNgGEAASABoAIgA=")
        let opened = try ProtobufEnvelope.open(recorded)
        let lease = try MessageType.lease.json(opened.message)
        #expect(
            lease == [
                "metadata": [
                    "name": "min", "namespace": "err-32787", "uid": "a82c5f3a-cc9f-4871-b37d-b2376e128572",
                    "resourceVersion": "887", "creationTimestamp": "2026-11-21T03:46:27Z",
                ], "spec": [:],
            ])
        #expect(MessageType.lease.bytes(lease) == Array(opened.message))
    }

    @Test(arguments: 1...50 as ClosedRange<UInt64>)
    func `an object has in protobuf what it has in JSON`(seed: UInt64) throws {
        var random = RandomObject(dice: Dice(seed: seed))
        var object = Cluster.face.object(Cluster.lease())
        object.metadata.attached = AttachedMetadata(of: ["metadata": random.metadata()], without: [], [])
        let answer = Cluster.object(object, accept: MediaType.protobuf)
        let opened = try ProtobufEnvelope.open(answer.body)
        let json = Cluster.object(object).json
        #expect(
            try MessageType.lease.json(opened.message)
                == ["metadata": json["metadata"] ?? .null, "spec": json["spec"] ?? .null])
        let partial = "application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
        let metadata = try ProtobufEnvelope.open(Cluster.object(object, accept: partial).body)
        #expect(try MessageType.lease.json(metadata.message)["metadata"] == json["metadata"])
    }

    /// `DELETE` with `Accept: application/vnd.kubernetes.protobuf`.
    @Test func `success has the message that it has in JSON`() throws {
        var status = ProtobufWriter()
        status.message(1) { for field in 1...3 { $0.string(field, "") } }
        status.string(2, "Success")
        status.string(3, "")
        status.string(4, "")
        status.message(5) {
            $0.string(1, "a")
            $0.string(2, "coordination.k8s.io")
            $0.string(3, "leases")
            $0.number(5, 0)
            $0.string(6, "u-1")
        }
        status.number(6, 0)
        #expect(
            Status.success(.leases, "a", uid: "u-1").protobuf
                == ProtobufEnvelope.of("Status", "v1", status.bytes))
    }

    @Test func `a pointer to nothing much is told, and an empty value isn't`() throws {
        var spec = ProtobufWriter()
        spec.string(1, "")
        spec.number(2, 0)
        spec.message(3) { _ in }
        spec.message(4) {
            $0.number(1, -1)
            $0.number(2, 999_999_999)
        }
        var lease = ProtobufWriter()
        lease.message(1) {
            $0.string(1, "a")
            $0.string(2, "")
            $0.number(7, 0)
            $0.message(8) { _ in }
            $0.number(10, 0)
        }
        lease.raw(2, spec.bytes)
        #expect(
            try MessageType.lease.json(lease.bytes[...]) == [
                "metadata": ["name": "a", "deletionGracePeriodSeconds": 0],
                "spec": [
                    "holderIdentity": "", "leaseDurationSeconds": 0,
                    "acquireTime": "0001-01-01T00:00:00.000000Z", "renewTime": "1969-12-31T23:59:59.999999Z",
                ],
            ])
    }

    @Test func `a field that nobody knows is skipped, whatever its type`() throws {
        let bytes: [UInt8] = [
            0xA0, 0x06, 0x01, 0xA1, 0x06, 1, 2, 3, 4, 5, 6, 7, 8, 0xA2, 0x06, 0x02, 1, 2, 0xA5, 0x06, 1, 2, 3,
            4,
            0x0A, 0x01, 0x61,
        ]
        #expect(try MessageType.objectMeta.json(bytes[...]) == ["name": "a"])
    }

    @Test(
        arguments: [
            ([0x0A], "unexpected EOF"), ([0x0A, 0x05, 0x61], "unexpected EOF"),
            ([0x08, 0x01], "proto: wrong wireType = 0 for field Name"),
            ([0x02, 0x00], "proto: ObjectMeta: illegal tag 0 (wire type 2)"),
            ([0x0C], "proto: ObjectMeta: wiretype end group for non-group"),
            ([0xA3, 0x06], "proto: illegal wireType 3"),
            ([UInt8](repeating: 0xFF, count: 11), "proto: integer overflow"),
            (
                [0x0A] + [UInt8](repeating: 0xFF, count: 9) + [0x01],
                "proto: negative length found during unmarshaling"
            ),
        ] as [([UInt8], String)])
    func `what is no message is told as the reference tells it`(bytes: [UInt8], text: String) {
        #expect(throws: MessageFault(text: text)) { try MessageType.objectMeta.json(bytes[...]) }
    }

    /// Whatever bytes come, the answer is an object or a fault.
    @Test(arguments: 1...300 as ClosedRange<UInt64>)
    func `damaged messages do no harm`(seed: UInt64) throws {
        var random = RandomObject(dice: Dice(seed: seed))
        var bytes = MessageType.namespace.bytes(["metadata": random.metadata()])
        for _ in 0..<3 {
            bytes[Int.random(in: bytes.indices, using: &random.dice)] = UInt8.random(
                in: 0...255, using: &random.dice)
        }
        bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random.dice))
        guard let json = try? MessageType.namespace.json(bytes[...]) else { return }
        let again = MessageType.namespace.bytes(json)
        #expect(try MessageType.namespace.bytes(MessageType.namespace.json(again[...])) == again)
    }

    static func base64(_ text: String) -> [UInt8] {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var bits = 0
        var count = 0
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            guard let digit = digits.firstIndex(of: byte) else { break }
            bits = bits << 6 | digit
            count += 6
            guard count >= 8 else { continue }
            count -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> count))
            bits &= (1 << count) - 1
        }
        return bytes
    }
}
