import JSON
import Objects
import Testing

@testable import API

/// What bodies of writes come to, whatever their media type.
struct WriteBodyTests {
    private static let protobuf = MediaType.protobuf

    private static func request(
        _ body: [UInt8], _ type: String?, query: [(name: String, value: String)] = []
    ) -> APIRequest {
        APIRequest(method: "POST", path: [], query: query, contentType: type, body: body)
    }

    /// What a POST with that body makes.
    private static func created(
        _ body: [UInt8], _ type: String?, _ kind: ObjectKind = .lease, _ validation: FieldValidation = .warn
    ) throws(Refusal) -> Write.Outcome {
        let write = Write(
            kind, namespace: kind.isNamespaced ? "ci" : "", manager: "curl", validation: validation,
            now: 1_795_232_787)
        var dice = Dice(seed: 1)
        return try write.create(
            WriteBody.object(request(body, type), kind), uid: "68acf499-cba9-868b-8000-000000000001",
            random: &dice)
    }

    private static func refusal(_ work: () throws -> some Any) -> Refusal? {
        do { _ = try work() } catch { return error as? Refusal }
        return nil
    }

    private static let lease: JSON = [
        "kind": "Lease", "apiVersion": "coordination.k8s.io/v1",
        "metadata": [
            "name": "a", "labels": ["tier": "x"],
            "ownerReferences": [["apiVersion": "v1", "kind": "Node", "name": "n", "uid": "u-1"]],
            "finalizers": ["example.com/f"],
        ],
        "spec": [
            "holderIdentity": "h", "leaseDurationSeconds": 15, "acquireTime": "2024-01-02T03:04:05.123456Z",
            "renewTime": "2024-01-02T03:04:06.000000Z", "leaseTransitions": 0,
        ],
    ]

    @Test func `the same lease comes from JSON, YAML and protobuf`() throws {
        let envelope = ProtobufEnvelope.of(
            "Lease", "coordination.k8s.io/v1", MessageType.lease.bytes(Self.lease))
        let json = try Self.created(Array(Self.lease.text.utf8), "application/json; charset=utf-8")
        #expect(json.object["spec"] == Self.lease["spec"])
        #expect(try Self.created(Array(Self.lease.text.utf8), nil).object == json.object)
        #expect(try Self.created(Array(YAML.text(Self.lease).utf8), "application/yaml").object == json.object)
        #expect(try Self.created(envelope, Self.protobuf).object == json.object)
    }

    /// The body of `kubectl create ns` 1.37, as it was recorded.
    @Test func `a namespace comes as kubectl sends it`() throws {
        let body = Array(
            "k8s\0\n\u{0F}\n\u{02}v1\u{12}\tNamespace\u{12})\n!\n\u{11}gold-k137-31858-b\u{12}\0\u{1A}\0\"\0*\u{0}2\u{0}8\u{0}B\0\u{12}\0\u{1A}\u{02}\n\0\u{1A}\0\"\0"
                .utf8)
        #expect(body.count == 68)
        let outcome = try Self.created(body, Self.protobuf, .namespace, .strict)
        #expect(outcome.object["metadata"]?["name"] == "gold-k137-31858-b")
        #expect(outcome.object["spec"] == ["finalizers": ["kubernetes"]])
    }

    @Test func `a name twice in YAML is warned of, and refused by who is strict`() throws {
        let text = Array(
            "metadata:\n  name: a\nspec:\n  holderIdentity: w\n  holderIdentity: z\n  bogus: 1\n".utf8)
        let outcome = try Self.created(text, "application/yaml")
        #expect(outcome.object["spec"]?["holderIdentity"] == "z")
        let fault = "yaml: unmarshal errors:\n  line 5: key \"holderIdentity\" already set in map"
        #expect(outcome.warnings == [fault, #"unknown field "spec.bogus""#])
        #expect(try Self.created(text, "application/yaml", .lease, .ignore).warnings == [])
        #expect(
            Self.refusal { try Self.created(text, "application/yaml", .lease, .strict) }?.message
                == #"Lease in version "v1" cannot be handled as a Lease: strict decoding error: \#(fault), unknown field "spec.bogus""#
        )
    }

    @Test func `what is no YAML is told with what it begins with`() {
        let refused = Self.refusal { try Self.created(Array(": : [".utf8), "application/yaml") }
        #expect(refused?.code == 400)
        #expect(
            refused?.message
                == "the object provided is unrecognized (must be of type Lease): yaml: did not find expected key (3a203a205b)"
        )
    }

    @Test(
        arguments: [
            ([], "the object provided is unrecognized (must be of type Lease): empty data (<empty>)"),
            (
                [0x7B],
                "the object provided is unrecognized (must be of type Lease): provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] ({)"
            ),
            (
                Array("k8s\0".utf8),
                "the object provided is unrecognized (must be of type Lease): empty body (6b387300)"
            ),
            (
                Array("k8s\0\n".utf8),
                "the object provided is unrecognized (must be of type Lease): unexpected EOF (6b3873000a)"
            ),
            (
                ProtobufEnvelope.of("Lease", "coordination.k8s.io/v1", [0x0A, 0x09]),
                #"Lease in version "v1" cannot be handled as a Lease: unexpected EOF"#
            ),
            (
                ProtobufEnvelope.of("Pod", "v1", []),
                #"Pod in version "v1" cannot be handled as a Lease: no kind "Pod" is registered for version "v1" in scheme "pkg/api/legacyscheme/scheme.go:30""#
            ),
        ] as [([UInt8], String)])
    func `what is no object in protobuf is a bad request`(body: [UInt8], message: String) {
        let refused = Self.refusal { try Self.created(body, Self.protobuf) }
        #expect(refused?.code == 400)
        #expect(refused?.message == message)
    }

    @Test func `other types aren't read`() {
        let refused = Self.refusal { try Self.created([], "text/plain") }
        #expect(refused?.code == 415)
        #expect(
            refused?.message
                == "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf"
        )
        #expect(Self.refusal { try Self.created([], ";") }?.code == 415)
        // Custom resources have no messages.
        let custom = Self.refusal { try Self.created([], Self.protobuf, .doneMarker) }
        #expect(custom?.code == 415)
        #expect(custom?.message.hasSuffix("include: application/json, application/yaml") == true)
    }

    @Test func `a body may be as long as the reference takes it, and no longer`() throws {
        let limit = WriteBody.bytesMax
        _ = try WriteBody.object(Self.request([UInt8](repeating: 0, count: limit), nil), .lease)
        let long = Self.request([UInt8](repeating: 0, count: limit + 1), nil)
        let refused = Self.refusal { try WriteBody.object(long, .lease) }
        #expect(refused?.code == 413)
        #expect(refused?.reason == "RequestEntityTooLarge")
        #expect(refused?.message == "Request entity too large: limit is 3145728")
        #expect(Self.refusal { try WriteBody.patch(long) }?.code == 413)
        #expect(Self.refusal { try WriteBody.configuration(long) }?.code == 413)
        #expect(Self.refusal { try WriteBody.deletion(long) }?.code == 413)
    }

    @Test func `a patch is what its type says`() throws {
        for (type, patch) in [
            ("application/json-patch+json", .json), ("application/merge-patch+json; charset=utf-8", .merge),
            ("application/strategic-merge-patch+json", .strategic), ("application/apply-patch+yaml", .apply),
        ] as [(String, PatchKind)] {
            #expect(try WriteBody.patchKind(Self.request([], type), .lease) == patch)
        }
        for type in ["application/json", "application/apply-patch+cbor", nil] {
            let refused = Self.refusal { try WriteBody.patchKind(Self.request([], type), .lease) }
            #expect(refused?.message == "415: Unsupported Media Type")
        }
        let strategic = Self.request([], "application/strategic-merge-patch+json")
        #expect(Self.refusal { try WriteBody.patchKind(strategic, .doneMarker) }?.code == 415)
    }

    @Test func `a configuration is YAML, of which JSON is a part`() throws {
        func read(_ text: String) throws(Refusal) -> (json: JSON, duplicates: [String]) {
            try WriteBody.configuration(Self.request(Array(text.utf8), "application/apply-patch+yaml"))
        }
        #expect(try read(#"{"a":{"b":1}}"#).json == ["a": ["b": 1]])
        let twice = try read("a: 1\na: 2\n")
        #expect(twice.json == ["a": 2])
        #expect(twice.duplicates == [#"line 2: key "a" already set in map"#])
        #expect(try read("").json == [:])
        #expect(
            Self.refusal { try read(": : [") }?.message
                == "error decoding YAML: error converting YAML to JSON: yaml: did not find expected key")
        #expect(
            Self.refusal { try read("[1]") }?.message
                == "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type map[string]interface {}"
        )
    }
}
