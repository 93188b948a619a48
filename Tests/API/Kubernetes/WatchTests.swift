import Coordination
import JSON
import Testing

@testable import API

/// What a change is to a watcher, and the bytes that it gets.
struct WatchTests {
    private static let table = "application/json;as=Table;v=v1;g=meta.k8s.io"
    private static let partial = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"

    private static func query(_ target: String, accept: String? = nil) -> WatchQuery? {
        let request = Cluster.read("GET", target, accept: accept, agent: "curl/8")
        guard case .watch(let query) = request.action(at: Cluster.now) else { return nil }
        return query
    }

    /// Of a lease that was made at 3, as of `version`.
    private static func lease(_ version: Revision, revision: Revision? = nil) -> LeaseRecord {
        var lease = Cluster.lease()
        lease.version = version
        lease.revision = revision ?? version
        return lease
    }

    private static func change(
        _ version: Revision, labels: [String: String], before: [String: String]? = nil
    ) throws -> ObjectChange {
        var change = try #require(Cluster.face.seen(.lease(lease(version))))
        change.object.metadata.ownLabels = labels
        if let before {
            change.before = change.object
            change.before?.metadata.ownLabels = before
        }
        return change
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    // MARK: Changes

    @Test func `a lease is created once, changes with its version, and is deleted at a version of its own`()
        throws
    {
        let watched = try #require(Self.query("\(Cluster.leases)?watch=1"))
        func event(_ change: Change) -> (WatchEvent.Kind, Revision)? {
            let event = Cluster.face.seen(change).flatMap { watched.selection.event(of: $0) }
            return event.map { ($0.kind, $0.object.metadata.version) }
        }
        #expect(try #require(event(.lease(Self.lease(3)))) == (.added, 3))
        #expect(try #require(event(.lease(Self.lease(9)))) == (.modified, 9))
        #expect(try #require(event(.leaseDeleted(Self.lease(9), at: 15))) == (.deleted, 15))
        #expect(event(.lease(Self.lease(9, revision: 12))) == nil, "only /v1 sees that")
        #expect(event(.marker(Cluster.marker())) == nil, "it is no lease")
    }

    @Test func `a done marker is created and deleted`() throws {
        let watched = try #require(Self.query("\(Cluster.markers)?watch=1"))
        let created = try #require(Cluster.face.seen(.marker(Cluster.marker())))
        #expect(watched.selection.event(of: created)?.kind == .added)
        let deleted = try #require(Cluster.face.seen(.markerDeleted(Cluster.marker(), at: 20)))
        #expect(watched.selection.event(of: deleted)?.kind == .deleted)
        #expect(watched.selection.event(of: deleted)?.object.metadata.version == 20)
        let elsewhere = try #require(
            Self.query("/apis/coordination.baton.dev/v1/namespaces/cd/donemarkers?watch=1"))
        #expect(elsewhere.selection.event(of: created) == nil)
        let everywhere = try #require(Self.query("/apis/coordination.baton.dev/v1/donemarkers?watch=1"))
        #expect(everywhere.selection.event(of: created)?.kind == .added)
    }

    @Test func `what enters a selection is added, and what leaves it is deleted as it was`() throws {
        let watched = try #require(Self.query("\(Cluster.leases)?watch=1&labelSelector=a=b")?.selection)
        func of(_ labels: [String: String], before: [String: String]?) throws -> WatchEvent? {
            watched.event(of: try Self.change(9, labels: labels, before: before))
        }
        #expect(try of(["a": "b"], before: nil)?.kind == .modified)
        #expect(try of(["a": "b"], before: ["a": "b", "c": "d"])?.kind == .modified)
        #expect(try of(["a": "b"], before: ["a": "c"])?.kind == .added)
        #expect(try of(["a": "c"], before: [:]) == nil)
        let left = try #require(try of(["a": "c"], before: ["a": "b"]))
        #expect(left.kind == .deleted)
        #expect(left.object.metadata.labels == ["a": "b"])
        #expect(left.object.metadata.version == 9)
    }

    @Test func `the old paths watch, too, and may name one object`() throws {
        let old = try #require(
            Self.query("/apis/coordination.k8s.io/v1/watch/namespaces/ci/leases/build"))
        #expect(old.selection.name == "build")
        #expect(old.selection.namespace == "ci")
        #expect(old.start == .present(isMarked: false))
        #expect(Self.query("/api/v1/watch/namespaces") != nil)
        #expect(Cluster.get("/apis/coordination.k8s.io/v1/watch/version")?.status == 404)
        #expect(Cluster.read("GET", "/api/v1/watch/namespaces").access == Access(.view, namespace: "*"))
    }

    // MARK: Options

    @Test func `where a watch begins`() {
        let cases: [(String, WatchQuery.Start)] = [
            ("", .present(isMarked: false)), ("&resourceVersion=0", .present(isMarked: false)),
            ("&resourceVersion=7", .after(7)), ("&limit=1&resourceVersion=7", .after(7)),
            (
                "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true",
                .present(isMarked: true)
            ),
            (
                "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=7",
                .present(isMarked: false)
            ), ("&sendInitialEvents=false&resourceVersionMatch=NotOlderThan", .next),
            ("&sendInitialEvents=false&resourceVersionMatch=NotOlderThan&resourceVersion=7", .after(7)),
        ]
        for (query, start) in cases {
            #expect(Self.query("\(Cluster.leases)?watch=true\(query)")?.start == start, "\(query)")
        }
        #expect(Self.query("\(Cluster.leases)?watch=bogus") != nil)
        #expect(Self.query("\(Cluster.leases)?watch=1&timeoutSeconds=3")?.timeout == .seconds(3))
        #expect(Self.query("\(Cluster.leases)?watch=1&timeoutSeconds=0")?.timeout == nil)
    }

    @Test func `what contradicts itself is refused in the reference's words`() throws {
        func refusal(_ query: String, accept: String? = nil) throws -> (Int, String) {
            let answer = try #require(
                Cluster.get("\(Cluster.leases)?watch=true\(query)", accept: accept))
            return (answer.status, answer.json["message"]?.string ?? "")
        }
        let prefix = "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: "
        #expect(
            try refusal("&sendInitialEvents=true")
                == (
                    422,
                    prefix
                        + "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
                ))
        #expect(
            try refusal("&resourceVersionMatch=NotOlderThan&resourceVersion=990")
                == (
                    422,
                    prefix
                        + "Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
                ))
        #expect(
            try refusal("&resourceVersion=abc")
                == (
                    500,
                    "resourceVersion: Invalid value: \"abc\": strconv.ParseUint: parsing \"abc\": invalid syntax"
                ))
        #expect(
            try refusal("&timeoutSeconds=x") == (400, "strconv.ParseInt: parsing \"x\": invalid syntax"))
        #expect(Cluster.get("\(Cluster.leases)?watch=true", accept: "application/yaml")?.status == 406)
    }

    @Test func `a version that must be there and isn't is 504`() throws {
        let request = Cluster.read(
            "GET",
            "\(Cluster.leases)?watch=1&sendInitialEvents=1&resourceVersionMatch=NotOlderThan&resourceVersion=21"
        )
        guard case .watch(let query) = request.action(at: Cluster.now),
            case .failure(let refused) = request.head(of: query, current: 20)
        else { return #expect(Bool(false), "it began") }
        #expect(refused.response.status == 504)
        guard case .success(let head) = request.head(of: query, current: 21) else {
            return #expect(Bool(false), "it did not begin")
        }
        #expect(head.status == 200)
    }

    // MARK: Forms

    private static func bytes(
        _ accept: String?, isFirst: Bool = false, target: String = Cluster.leases
    ) throws -> [UInt8] {
        let query = try #require(Self.query("\(target)?watch=1", accept: accept))
        let record: Change = target == Cluster.leases ? .lease(lease(9)) : .marker(Cluster.marker())
        let change = try #require(Cluster.face.seen(record))
        let event = try #require(query.selection.event(of: change))
        return query.form.bytes(event, isFirst: isFirst, at: Cluster.now.wall)
    }

    @Test func `JSON is a line for each event, for people as well`() throws {
        let line = try Self.bytes(nil)
        #expect(line.last == UInt8(ascii: "\n"))
        #expect(line.filter { $0 == UInt8(ascii: "\n") }.count == 1)
        let json = try JSON(parsing: line.dropLast())
        #expect(json["type"] == "MODIFIED")
        #expect(json["object"]?["kind"] == "Lease")
        #expect(json["object"]?["metadata"]?["resourceVersion"] == "9")
        #expect(json["object"]?["spec"]?["holderIdentity"] == "run-1")
    }

    @Test func `a Table has its columns in the first event only`() throws {
        let first = try JSON(parsing: Self.bytes(Self.table, isFirst: true).dropLast())
        #expect(first["object"]?["kind"] == "Table")
        #expect(first["object"]?["columnDefinitions"]?.array?.count == 3)
        let next = try JSON(parsing: Self.bytes(Self.table).dropLast())
        #expect(next["object"]?["columnDefinitions"] == .null)
        #expect(next["object"]?["metadata"] == ["resourceVersion": "9"])
        #expect(next["object"]?["rows"]?.array?.first?["cells"] == ["build", "run-1", "90s"])
    }

    @Test func `of metadata alone`() throws {
        let json = try JSON(parsing: Self.bytes(Self.partial).dropLast())
        #expect(json["object"]?["kind"] == "PartialObjectMetadata")
        #expect(json["object"]?["spec"] == nil)
    }

    @Test func `protobuf is framed by its length, and the object has an envelope`() throws {
        let accept = "application/vnd.kubernetes.protobuf;stream=watch"
        let frame = try Self.bytes(accept)
        let length = frame[..<4].reduce(0) { $0 << 8 | Int($1) }
        #expect(length == frame.count - 4)
        let event = try #require(ProtobufFields(Array(frame[4...])))
        #expect(event.text(1) == "MODIFIED")
        let object = try #require(event.message(2)?.bytes(1))
        #expect(try ProtobufEnvelope.open(object).kind == "Lease")
        #expect(Cluster.get("\(Cluster.markers)?watch=1", accept: accept)?.status == 406)
    }

    @Test func `bookmarks carry a version, and at the end of what was there they say so`() throws {
        func mark(_ target: String, _ accept: String? = nil, ends: Bool = false) throws -> String {
            let form = try #require(Self.query("\(target)?watch=1", accept: accept)).form
            return Self.text(form.bookmark(at: 1050, endsInitial: ends, isFirst: false))
        }
        // As the reference wrote it.
        #expect(
            try mark(Cluster.leases, ends: true)
                == #"{"type":"BOOKMARK","object":{"kind":"Lease","apiVersion":"coordination.k8s.io/v1","metadata":{"#
                + #""resourceVersion":"1050","annotations":{"k8s.io/initial-events-end":"true"}},"spec":{}}}"#
                + "\n")
        #expect(
            try mark(Cluster.leases)
                == #"{"type":"BOOKMARK","object":{"kind":"Lease","apiVersion":"coordination.k8s.io/v1","metadata":{"#
                + #""resourceVersion":"1050"},"spec":{}}}"# + "\n")
        #expect(try mark(Cluster.markers).hasSuffix(#""metadata":{"resourceVersion":"1050"}}}"# + "\n"))
        let row = try JSON(parsing: Array(try mark(Cluster.leases, Self.table, ends: true).utf8))
        #expect(
            row["object"]?["rows"]?.array?.first?["object"]?["metadata"]?["annotations"]
                == ["k8s.io/initial-events-end": "true"])
        let protobuf = try #require(
            Self.query("\(Cluster.leases)?watch=1", accept: "application/vnd.kubernetes.protobuf")
        ).form.bookmark(at: 7, endsInitial: false, isFirst: false)
        let object = try #require(ProtobufFields(Array(protobuf[4...]))?.message(2)?.bytes(1))
        let lease = try ProtobufEnvelope.open(object).message
        #expect(ProtobufFields(Array(lease))?.message(1)?.text(6) == "7")
    }

    @Test func `a version that is gone is an event in the reference's words`() throws {
        let form = try #require(Self.query("\(Cluster.leases)?watch=1", accept: Self.table)).form
        #expect(
            Self.text(form.error(.expired(1, oldest: 871)))
                == #"{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","#
                + #""message":"too old resource version: 1 (871)","reason":"Expired","code":410}}"# + "\n")
    }
}
