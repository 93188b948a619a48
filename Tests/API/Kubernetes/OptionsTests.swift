import JSON
import Objects
import Testing

@testable import API

/// Options of writes and of deletions, in the query or in the body.
struct OptionsTests {
    private static func request(_ query: String, body: [UInt8] = [], type: String? = nil) -> APIRequest {
        var request = Stage.request("DELETE", "/?" + query, contentType: type)
        request.body = body
        return request
    }

    @Test func `a query says how to write`() {
        let options = WriteOptions(
            query: Self.request("fieldManager=me&dryRun=All&dryRun=x&fieldValidation=Strict&force=true"))
        #expect(options.fieldManager == "me")
        #expect(options.dryRun == ["All", "x"])
        #expect(options.validation == .strict)
        #expect(options.force == true)
        #expect(WriteOptions(query: Self.request("")) == WriteOptions())
    }

    /// As the reference: there is no flag that can't be read.
    @Test(arguments: [
        ("false", false), ("FALSE", false), ("0", false), ("", true), ("no", true), ("1", true),
    ])
    func `a flag is true unless it says otherwise`(text: String, isTrue: Bool) {
        #expect(WriteOptions(query: Self.request("force=\(text)")).force == isTrue)
    }

    @Test func `a query says how to delete`() throws {
        let deletion = try WriteBody.deletion(
            Self.request("dryRun=All&propagationPolicy=Orphan&gracePeriodSeconds=-1"))
        #expect(deletion.dryRun == ["All"])
        #expect(deletion.propagation == "Orphan")
        #expect(try WriteBody.deletion(Self.request("orphanDependents=true")).propagation == "Orphan")
        #expect(try WriteBody.deletion(Self.request("")) == Deletion())
        #expect(throws: Refusal.undecodable(#"strconv.ParseInt: parsing "x": invalid syntax"#)) {
            try WriteBody.deletion(Self.request("gracePeriodSeconds=x"))
        }
    }

    private static let options: JSON = [
        "gracePeriodSeconds": 0, "preconditions": ["uid": "u-1", "resourceVersion": "7"],
        "propagationPolicy": "Foreground", "dryRun": ["All"],
    ]

    @Test func `a body says the same in every type, and then the query says nothing`() throws {
        let bodies: [(String?, [UInt8])] = [
            (nil, Array(Self.options.text.utf8)), ("application/json", Array(Self.options.text.utf8)),
            ("application/yaml", Array(YAML.text(Self.options).utf8)),
            (
                MediaType.protobuf,
                ProtobufEnvelope.of("DeleteOptions", "v1", MessageType.deleteOptions.bytes(Self.options))
            ),
        ]
        for (type, body) in bodies {
            let deletion = try WriteBody.deletion(
                Self.request("propagationPolicy=Orphan", body: body, type: type))
            #expect(deletion.uid == "u-1")
            #expect(deletion.resourceVersion == "7")
            #expect(deletion.propagation == "Foreground")
            #expect(deletion.dryRun == ["All"])
        }
    }

    @Test func `orphanDependents in protobuf is what old clients send`() throws {
        let message = MessageType.deleteOptions.bytes(["orphanDependents": false])
        #expect(message == [0x18, 0x00])
        let deletion = try WriteBody.deletion(
            Self.request(
                "", body: ProtobufEnvelope.of("DeleteOptions", "coordination.k8s.io/v1", message),
                type: MediaType.protobuf))
        #expect(deletion.propagation == "Background")
    }

    @Test(
        arguments: [
            (ProtobufEnvelope.of("DeleteOptions", "v1", [0x08]), "unexpected EOF"),
            (
                Array("{}".utf8),
                "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"
            ),
            (
                ProtobufEnvelope.of("Lease", "coordination.k8s.io/v1", []),
                #"no kind "Lease" is registered for version "coordination.k8s.io/v1" in scheme "k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27""#
            ),
        ] as [([UInt8], String)])
    func `what are no options is a bad request`(body: [UInt8], message: String) {
        #expect(throws: Refusal.undecodable(message)) {
            try WriteBody.deletion(Self.request("", body: body, type: MediaType.protobuf))
        }
    }
}
