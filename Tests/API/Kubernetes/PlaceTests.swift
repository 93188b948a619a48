import JSON
import Testing

@testable import API

/// Paths of the Kubernetes face, and what they take.
struct PlaceTests {
    @Test(
        arguments: [
            ("/api", .coreVersions), ("/apis", .groups), ("/apis/", .groups), ("/version", .version),
            ("/apis/coordination.k8s.io", .group(.coordination)),
            ("/apis/coordination.k8s.io/", .group(.coordination)),
            ("/api/v1", .resources(.core)), ("/apis/coordination.baton.dev/v1", .resources(.baton)),
            ("/openapi/v2", .openAPIv2), ("/openapi/v3", .openAPIv3),
            ("/openapi/v3/api/v1", .openAPIv3Document(.core)),
            ("/openapi/v3/apis/coordination.k8s.io/v1", .openAPIv3Document(.coordination)),
            ("/api/v1/namespaces", .collection(.namespaces, namespace: nil)),
            ("/api/v1/namespaces/ci", .object(.namespaces, namespace: nil, name: "ci")),
            ("/apis/coordination.k8s.io/v1/leases", .collection(.leases, namespace: nil)),
            ("/apis/coordination.k8s.io/v1/namespaces/ci/leases", .collection(.leases, namespace: "ci")),
            ("/apis/coordination.k8s.io/v1/namespaces/ci/leases/", .collection(.leases, namespace: "ci")),
            (
                "/apis/coordination.k8s.io/v1/namespaces/ci/leases/a",
                .object(.leases, namespace: "ci", name: "a")
            ),
            (
                "/apis/coordination.baton.dev/v1/namespaces/ci/donemarkers/a",
                .object(.doneMarkers, namespace: "ci", name: "a")
            ),
            (
                "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
                .review(.selfSubjectAccessReviews)
            ),
        ] as [(String, Place)])
    func `a path names one thing`(path: String, place: Place) {
        #expect(Cluster.read("GET", path).place == place)
    }

    @Test(arguments: [
        "/apis/nosuch.io", "/apis/nosuch.io/v1", "/apis//coordination.k8s.io/v1/leases", "/openapi",
        "/openapi/v4",
        "/openapi/v3/apis/nosuch.io/v1", "/version/x",
    ]) func `where no group is, there is no page`(path: String) throws {
        let answer = try #require(Cluster.get(path))
        #expect(answer.status == 404)
        #expect(answer.text == "404 page not found\n")
        #expect(answer.header("Content-Type") == "text/plain; charset=utf-8")
        #expect(answer.header("X-Content-Type-Options") == "nosniff")
    }

    @Test(arguments: [
        "/apis/coordination.k8s.io/v9", "/apis/coordination.k8s.io/v9/namespaces/ci/leases",
        "/apis/coordination.k8s.io/v1/namespaces/ci/leeses", "/apis/coordination.k8s.io/v1/leases/a",
        "/apis/coordination.k8s.io/v1/namespaces/ci/leases/a/status", "/api/v1/pods",
        "/apis/coordination.k8s.io/v1/namespaces/ci/leases/a/b", "/api/v1/namespaces/ci/resourcequotas",
        "/api/v1/namespaces/ci/finalize",
    ]) func `what a group doesn't have is told with an empty details`(path: String) throws {
        for method in ["GET", "PUT", "OPTIONS"] {
            let answer = try #require(Cluster.read(method, path).answer)
            #expect(answer.status == 404)
            #expect(
                answer.text
                    == #"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"the server could not find the requested resource","reason":"NotFound","details":{},"code":404}"#
                    + "\n")
        }
    }

    @Test(
        arguments: [
            (Cluster.leases, ["PATCH", "PUT"]), (Cluster.leases + "/a", ["POST"]),
            ("/apis/coordination.k8s.io/v1/leases", ["POST", "DELETE", "PUT", "PATCH"]),
            ("/version", ["POST", "PUT", "PATCH", "DELETE"]),
            ("/api/v1/namespaces", ["PUT", "PATCH", "DELETE"]),
            ("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", ["GET", "PUT"]),
        ] as [(String, [String])])
    func `a method that isn't served there is not allowed`(path: String, methods: [String]) throws {
        for method in methods + ["HEAD", "OPTIONS", "TRACE"] {
            let answer = try #require(Cluster.read(method, path).answer)
            #expect(answer.status == 405)
            #expect(answer.json["reason"] == "MethodNotAllowed")
            #expect(answer.json["details"] == [:])
        }
    }

    @Test func `a watch is not taken for a list`() throws {
        for value in ["true", "1", "bogus", ""] {
            #expect(Cluster.query("\(Cluster.leases)?watch=\(value)") == nil)
        }
        #expect(Cluster.query("\(Cluster.leases)?watch=false") != nil)
        #expect(Cluster.query("\(Cluster.leases)?watch=0") != nil)
    }

    @Test func `reading takes a right in the namespace, and reading all of them a right in all`() {
        let expected = [
            (Cluster.leases, "ci"), (Cluster.leases + "/a", "ci"), ("/api/v1/namespaces/ci", "ci"),
            ("/apis/coordination.k8s.io/v1/leases", "*"), ("/api/v1/namespaces", "*"),
            ("/version", nil), ("/apis", nil), ("/openapi/v2", nil), ("/apis/nosuch.io", nil),
        ]
        for (path, namespace) in expected {
            #expect(Cluster.read("GET", path).access == Access(.view, namespace: namespace))
        }
    }

    @Test func `the faces part their paths between them`() {
        for path in [["api"], ["apis", "x"], ["openapi", "v2"], ["version"]] {
            #expect(Kubernetes.serves(path))
        }
        for path in [["v1", "status"], ["readyz"], ["apisx"], []] { #expect(!Kubernetes.serves(path)) }
    }
}
