import Coordination
import Digest
import JSON
import Testing

@testable import API

/// Lists: their forms, their parts, and of which version they are.
struct KubernetesListTests {
    private let objects = ["a", "b"].map { Cluster.face.object(Cluster.lease($0)) }

    @Test func `items have no kind of their own`() throws {
        let json = Cluster.list(objects).json
        #expect(json["kind"] == "LeaseList")
        #expect(json["apiVersion"] == "coordination.k8s.io/v1")
        #expect(json["metadata"] == ["resourceVersion": "20"])
        let items = try #require(json["items"]?.array)
        #expect(items.map { $0["metadata"]?["name"] } == ["a", "b"])
        #expect(items.allSatisfy { $0["kind"] == nil && $0["apiVersion"] == nil })
    }

    @Test func `an empty list has items, none`() {
        let text =
            #"{"kind":"LeaseList","apiVersion":"coordination.k8s.io/v1","metadata":{"resourceVersion":"20"},"items":[]}"#
        #expect(Cluster.list([]).text == text + "\n")
    }

    @Test func `a part says where the next one begins, and how many follow`() throws {
        let json = Cluster.list(objects, next: "b", remaining: 4).json
        let metadata = try #require(json["metadata"])
        #expect(metadata["remainingItemCount"] == 4)
        let token = try #require(metadata["continue"]?.string)
        #expect(token == Base64URL.encode(Array(#"{"v":"meta.k8s.io/v1","rv":20,"start":"/b\u0000"}"#.utf8)))
        let query = try #require(Cluster.query("\(Cluster.leases)?limit=2&continue=\(token)"))
        #expect(query.after == ContinuePlace(namespace: nil, name: "b"))
        #expect(query.limit == 2)
    }

    @Test func `a token of all namespaces has the namespace in it`() throws {
        let token = ContinueToken(version: 20, after: .init(namespace: "ci", name: "b")).text
        let query = try #require(Cluster.query("/apis/coordination.k8s.io/v1/leases?continue=\(token)"))
        #expect(query.after == ContinuePlace(namespace: "ci", name: "b"))
        #expect(Cluster.query("\(Cluster.leases)?continue=\(token)") == nil)
    }

    @Test(arguments: [
        (
            "garbage",
            "invalid continue token: continue key is not valid: invalid character '\\u0081' looking for beginning of "
                + "value"
        ),
        (
            Base64URL.encode(Array(#"{"v":"meta.k8s.io/v1","rv":1,"start":"../x"}"#.utf8)),
            "invalid continue token: continue key is not valid: ../x"
        ),
        ("a%b", "invalid continue token: continue key is not valid: illegal base64 data at input byte 1"),
        (
            Base64URL.encode(Array(#"{"v":"meta.k8s.io/v1","rv":0,"start":"/x\u0000"}"#.utf8)),
            "invalid continue token: continue key is not valid: incorrect encoded start resourceVersion (version "
                + "meta.k8s.io/v1)"
        ),
    ]) func `a token that isn't one is a bad request`(token: String, message: String) {
        let answer = Cluster.list([], "\(Cluster.leases)?limit=2&continue=\(token)")
        #expect(answer.status == 400)
        #expect(answer.json["message"]?.string == message)
    }

    /// Of versions 5 to 20: what is asked for, and what comes of it.
    @Test(
        arguments: [
            ("resourceVersion=0", 200), ("resourceVersion=1", 200), ("resourceVersion=20", 200),
            ("resourceVersion=21", 504), ("resourceVersion=abc", 400), ("resourceVersion=-1", 400),
            ("resourceVersion=20&resourceVersionMatch=Exact", 200),
            ("resourceVersion=19&resourceVersionMatch=Exact", 410),
            ("resourceVersion=19&resourceVersionMatch=NotOlderThan", 200),
            ("resourceVersion=0&resourceVersionMatch=Exact", 422), ("resourceVersionMatch=Exact", 422),
            ("resourceVersion=20&resourceVersionMatch=Bogus", 422),
            ("resourceVersion=0&resourceVersionMatch=NotOlderThan", 200),
            ("limit=2&resourceVersion=20", 200), ("limit=2&resourceVersion=19", 410),
            ("limit=2&resourceVersion=19&resourceVersionMatch=NotOlderThan", 200), ("limit=abc", 400),
            ("limit=-1", 200), ("timeoutSeconds=x", 400), ("nosuch=1", 200),
        ] as [(String, Int)])
    func `a version is right, too old, too new or wrong`(query: String, status: Int) {
        #expect(Cluster.list([], "\(Cluster.leases)?\(query)").status == status)
    }

    @Test func `what is wrong with a version is told as the reference tells it`() {
        func message(_ query: String) -> String? {
            Cluster.list([], "\(Cluster.leases)?\(query)").json["message"]?.string
        }
        #expect(
            message("resourceVersion=abc")
                == #"invalid resource version: resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax"#
        )
        #expect(
            message("resourceVersionMatch=Exact")
                == #"ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided"#
        )
        #expect(
            message("resourceVersion=20&resourceVersionMatch=Bogus")
                == #"ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Unsupported value: "Bogus": supported values: "Exact", "NotOlderThan", """#
        )
        #expect(message("limit=abc") == #"strconv.ParseInt: parsing "abc": invalid syntax"#)
    }

    @Test func `a version that isn't there yet says when to come again`() {
        let answer = Cluster.list([], "\(Cluster.leases)?resourceVersion=100987")
        #expect(answer.header("Retry-After") == "1")
        #expect(
            answer.json == [
                "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Failure",
                "message": "Timeout: Too large resource version: 100987, current: 20", "reason": "Timeout",
                "details": [
                    "causes": [
                        ["reason": "ResourceVersionTooLarge", "message": "Too large resource version"]
                    ], "retryAfterSeconds": 1,
                ], "code": 504,
            ])
    }

    @Test func `with the cache's version, a limit has no meaning`() throws {
        #expect(Cluster.query("\(Cluster.leases)?limit=2&resourceVersion=0")?.limit == nil)
        #expect(Cluster.query("\(Cluster.leases)?limit=2")?.limit == 2)
    }

    @Test func `a later part is of the first one's version, unless that can't be watched any more`() throws {
        func answer(_ version: Revision?) -> APIResponse {
            let token = ContinueToken(version: version, after: .init(namespace: nil, name: "a")).text
            return Cluster.list(objects, "\(Cluster.leases)?limit=2&continue=\(token)")
        }
        #expect(answer(7).json["metadata"]?["resourceVersion"] == "7")
        #expect(answer(nil).json["metadata"]?["resourceVersion"] == "20")
        let expired = answer(4)
        #expect(expired.status == 410)
        #expect(expired.json["reason"] == "Expired")
        let fresh = try #require(expired.json["metadata"]?["continue"]?.string)
        #expect(
            Base64URL.decode(fresh.utf8).map { String(decoding: $0, as: UTF8.self) }
                == #"{"v":"meta.k8s.io/v1","rv":-1,"start":"/a\u0000"}"#)
        #expect(Cluster.list(objects, "\(Cluster.leases)?continue=\(fresh)").status == 200)
    }

    // MARK: Tables

    private static let table = "application/json;as=Table;v=v1;g=meta.k8s.io"

    @Test func `a table has the columns Name, Holder and Age`() throws {
        let json = Cluster.list(objects, accept: Self.table).json
        #expect(json["kind"] == "Table")
        #expect(json["apiVersion"] == "meta.k8s.io/v1")
        #expect(json["columnDefinitions"]?.array?.map { $0["name"] } == ["Name", "Holder", "Age"])
        let row = try #require(json["rows"]?.array?.first)
        #expect(row["cells"] == ["a", "run-1", "90s"])
        #expect(row["object"]?["kind"] == "PartialObjectMetadata")
        #expect(row["object"]?["metadata"]?["name"] == "a")
    }

    @Test func `a row carries as much of the object as is wanted`() throws {
        func object(_ included: String) throws -> JSON? {
            let target = "\(Cluster.leases)?includeObject=\(included)"
            return try #require(
                Cluster.list(objects, target, accept: Self.table).json["rows"]?.array?.first)[
                    "object"]
        }
        #expect(try object("None") == .null)
        #expect(try object("Object")?["kind"] == "Lease")
        #expect(try object("Metadata")?["kind"] == "PartialObjectMetadata")
        let answer = Cluster.list([], "\(Cluster.leases)?includeObject=Bogus", accept: Self.table)
        #expect(
            answer.json["message"]?.string
                == #"Unable to convert to Table as requested: includeObject: Invalid value: "Bogus": must be 'Metadata', 'Object', 'None', or empty"#
        )
    }

    @Test func `one object as a table is of the object's version`() {
        let json = Cluster.object(objects[0], accept: Self.table).json
        #expect(json["kind"] == "Table")
        #expect(json["metadata"]?["resourceVersion"] == "9")
        #expect(json["rows"]?.array?.count == 1)
    }

    @Test func `old clients get the table of their version`() {
        let accept = "application/json;as=Table;v=v1beta1;g=meta.k8s.io"
        #expect(Cluster.list(objects, accept: accept).json["apiVersion"] == "meta.k8s.io/v1beta1")
    }

    @Test func `done markers show their outcome, and more in the wide form`() throws {
        let objects = [Cluster.face.object(Cluster.marker())]
        let json = Cluster.list(objects, Cluster.markers, accept: Self.table).json
        let columns = try #require(json["columnDefinitions"]?.array)
        #expect(
            columns.filter { $0["priority"] == 0 }.map { $0["name"] } == ["Name", "Outcome", "Holder", "Age"])
        let cells = try #require(json["rows"]?.array?.first?["cells"]?.array)
        #expect(cells.count == columns.count)
        #expect(cells.prefix(4) == ["build", "Succeeded", "run-1", "90s"])
    }

    @Test(
        arguments: [
            (-5, "<invalid>"), (-1, "0s"), (0, "0s"), (119, "119s"), (120, "2m"), (150, "2m30s"),
            (599, "9m59s"),
            (600, "10m"), (10_799, "179m"), (10_800, "3h"), (10_860, "3h1m"), (28_800, "8h"),
            (172_799, "47h"),
            (172_800, "2d"), (176_400, "2d1h"), (691_200, "8d"), (63_071_999, "729d"), (63_072_000, "2y"),
            (63_158_400, "2y1d"), (252_288_000, "8y"),
        ] as [(Int64, String)])
    func `an age is short`(seconds: Int64, text: String) {
        let later = Timestamp(microseconds: Cluster.began.microseconds + seconds * 1_000_000)
        #expect(Age.text(of: Cluster.began, at: later) == text)
    }

    @Test func `metadata alone comes in a list of its own kind`() throws {
        let accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
        let json = Cluster.list(objects, accept: accept).json
        #expect(json["kind"] == "PartialObjectMetadataList")
        #expect(json["items"]?.array?.first?["kind"] == "PartialObjectMetadata")
    }
}
