import JSON
import Testing

@testable import API

/// What there is, told one by one and all at once; and the schemas.
struct DiscoveryTests {
    private static let aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

    private static let verbs = [
        "create", "delete", "deletecollection", "get", "list", "patch", "update", "watch",
    ]

    @Test func `groups and versions are listed`() {
        #expect(Cluster.get("/api")?.json["versions"] == ["v1"])
        let groups = Cluster.get("/apis")?.json["groups"]?.array
        #expect(
            groups?.map { $0["name"] } == [
                "coordination.k8s.io", "coordination.baton.dev", "authorization.k8s.io",
                "authentication.k8s.io",
            ])
        #expect(
            Cluster.get("/apis/coordination.k8s.io")?.json == [
                "kind": "APIGroup", "apiVersion": "v1", "name": "coordination.k8s.io",
                "versions": [["groupVersion": "coordination.k8s.io/v1", "version": "v1"]],
                "preferredVersion": ["groupVersion": "coordination.k8s.io/v1", "version": "v1"],
            ])
    }

    @Test func `the verbs are those that are served`() {
        #expect(
            Cluster.get("/apis/coordination.k8s.io/v1")?.json == [
                "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "coordination.k8s.io/v1",
                "resources": [
                    [
                        "name": "leases", "singularName": "lease", "namespaced": true, "kind": "Lease",
                        "verbs": JSON(Self.verbs),
                    ]
                ],
            ])
        let marker = Cluster.get("/apis/coordination.baton.dev/v1")?.json["resources"]?.array?.first
        #expect(marker?["shortNames"] == ["dm"])
        #expect(marker?["categories"] == ["baton"])
        #expect(Cluster.get("/api/v1")?.json["resources"]?.array?.first?["shortNames"] == ["ns"])
    }

    @Test func `namespaces are deleted one at a time`() {
        let namespaces = Cluster.get("/api/v1")?.json["resources"]?.array?.first
        #expect(namespaces?["verbs"] == JSON(Self.verbs.filter { $0 != "deletecollection" }))
    }

    /// What kubectl 1.37 looks for before `apply`, and 1.20 before `--dry-run=server`.
    @Test func `each kind has a PATCH that says which parameters it takes`() throws {
        for resource in [Resource.namespaces, .leases, .doneMarkers] {
            let third = OpenAPIv3.document(of: resource.groupVersion, version: "")
            let second = OpenAPIv2.document(version: "")
            for document in [third, second] {
                let patches = (document["paths"]?.members ?? []).compactMap { $0.value["patch"] }
                let patch = try #require(
                    patches.first { $0[Schema.kindExtension] == Schema.Kind(resource).json })
                let names = patch["parameters"]?.array?.filter { $0["in"] == "query" }.map { $0["name"] }
                for name in ["dryRun", "fieldManager", "fieldValidation", "force"] as [JSON] {
                    #expect(names?.contains(name) == true)
                }
            }
        }
    }

    @Test func `what custom resources don't have isn't in their operations`() throws {
        let document = OpenAPIv3.document(of: .baton, version: "")
        #expect(!document.text.contains("strategic-merge-patch"))
        #expect(!document.text.contains("vnd.kubernetes.protobuf"))
        #expect(OpenAPIv3.document(of: .coordination, version: "").text.contains("strategic-merge-patch"))
    }

    @Test func `lists say how they are merged`() {
        let metadata = OpenAPIv2.document(version: "")["definitions"]?[Schemas.meta + "ObjectMeta"]
        let owners = metadata?["properties"]?["ownerReferences"]
        #expect(owners?["x-kubernetes-patch-merge-key"] == "uid")
        #expect(owners?["x-kubernetes-patch-strategy"] == "merge")
        #expect(owners?["x-kubernetes-list-map-keys"] == ["uid"])
        #expect(metadata?["properties"]?["finalizers"]?["x-kubernetes-list-type"] == "set")
        #expect(metadata?["properties"]?["managedFields"]?["x-kubernetes-list-type"] == "atomic")
    }

    @Test func `the version is the reference's, with Baton's behind it`() {
        let version = Cluster.get("/version")?.json
        #expect(version?["major"] == "1")
        #expect(version?["gitVersion"]?.string?.hasSuffix("+baton.9.8.7") == true)
    }

    @Test(arguments: [
        (aggregated, "v2"), (aggregated + ",application/json", "v2"),
        (
            "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json",
            "v2beta1"
        ),
    ]) func `new clients get it in one document`(accept: String, version: String) throws {
        let answer = try #require(Cluster.get("/apis", accept: accept))
        #expect(
            answer.header("Content-Type")
                == "application/json;g=apidiscovery.k8s.io;v=\(version);as=APIGroupDiscoveryList")
        #expect(answer.header("Cache-Control") == "public")
        #expect(answer.json["apiVersion"]?.string == "apidiscovery.k8s.io/\(version)")
        let group = try #require(answer.json["items"]?.array?.first)
        #expect(group["metadata"]?["name"] == "coordination.k8s.io")
        #expect(
            group["versions"] == [
                [
                    "version": "v1",
                    "resources": [
                        [
                            "resource": "leases",
                            "responseKind": ["group": "", "version": "", "kind": "Lease"],
                            "scope": "Namespaced",
                            "singularResource": "lease", "verbs": JSON(Self.verbs),
                        ]
                    ], "freshness": "Current",
                ]
            ])
        #expect(Cluster.get("/api", accept: accept)?.json["items"]?.array?.first?["metadata"] == [:])
    }

    @Test func `old clients get what they ask for`() {
        #expect(Cluster.get("/apis", accept: "application/json, */*")?.json["kind"] == "APIGroupList")
        #expect(
            Cluster.get("/apis", accept: "application/json,\(Self.aggregated)")?.json["kind"]
                == "APIGroupList")
        #expect(Cluster.get("/apis", accept: "text/html")?.status == 406)
    }

    @Test func `what a client has already isn't sent again`() throws {
        let answer = try #require(Cluster.get("/apis", accept: Self.aggregated))
        let tag = try #require(answer.header("ETag"))
        let again = try #require(
            Cluster.read("GET", "/apis", accept: Self.aggregated, ifNoneMatch: tag).answer)
        #expect(again.status == 304)
        #expect(again.body.isEmpty)
        #expect(again.header("ETag") == tag)
        #expect(again.header("Content-Type") == nil)
        let other = Cluster.read("GET", "/apis", accept: Self.aggregated, ifNoneMatch: "\"0\"").answer
        #expect(other?.status == 200)
    }

    @Test func `the schemas are where the index says, under a hash for good`() throws {
        let paths = try #require(Cluster.get("/openapi/v3")?.json["paths"]?.members)
        #expect(paths.map(\.name).contains("apis/coordination.baton.dev/v1"))
        for path in paths {
            let url = try #require(path.value["serverRelativeURL"]?.string)
            let answer = try #require(Cluster.get(url))
            #expect(answer.header("Cache-Control") == "public, immutable, max-age=31536000")
            #expect(answer.json["openapi"] == "3.0.0")
            let bare = try #require(Cluster.get(url.split(separator: "?").first.map { String($0) } ?? ""))
            #expect(bare.header("Cache-Control") == "no-cache, private")
        }
    }

    /// A reference to nothing makes `kubectl explain` fail, and only for that field.
    @Test func `every schema that is referred to is there`() throws {
        for groupVersion in [GroupVersion.core, .coordination, .baton] {
            let document = OpenAPIv3.document(of: groupVersion, version: "")
            let names = Set((document["components"]?["schemas"]?.members ?? []).map(\.name))
            #expect(!names.isEmpty)
            for reference in Self.references(in: document) {
                #expect(names.contains(String(reference.dropFirst("#/components/schemas/".count))))
            }
        }
        let document = OpenAPIv2.document(version: "")
        let names = Set((document["definitions"]?.members ?? []).map(\.name))
        for reference in Self.references(in: document) {
            #expect(names.contains(String(reference.dropFirst("#/definitions/".count))))
        }
    }

    private static func references(in json: JSON) -> [String] {
        switch json {
        case .array(let items): items.flatMap(references)
        case .object(let members):
            members.flatMap { member in
                member.name == "$ref" ? [member.value.string!] : references(in: member.value)
            }
        default: []
        }
    }

    @Test func `each kind's schema has the fields that its objects have`() throws {
        let objects = [
            Cluster.face.object(Cluster.lease()), Cluster.face.object(Cluster.marker()),
            Cluster.face.object(namespace: Cluster.namespace()),
        ]
        let schemas = try #require(OpenAPIv2.document(version: "")["definitions"])
        for object in objects {
            let json = Cluster.object(object).json
            Self.check(json, Schemas.name(of: object.resource), schemas)
        }
    }

    /// Each member is a property, down to the last.
    private static func check(_ json: JSON, _ name: String, _ schemas: JSON) {
        for member in json.members ?? [] {
            let property = schemas[name]?["properties"]?[member.name]
            #expect(property != nil, "\(name) has no \(member.name)")
            let reference = property?["$ref"]?.string ?? property?["items"]?["$ref"]?.string
            guard let next = reference?.dropFirst("#/definitions/".count) else { continue }
            for value in member.value.array ?? [member.value] { check(value, String(next), schemas) }
        }
    }

    @Test func `an object that may have any member has no list of properties`() {
        let definitions = OpenAPIv2.document(version: "")["definitions"]
        for schema in Schemas.all {
            #expect(definitions?[schema.name]?["properties"]?.members?.isEmpty != true, "\(schema.name)")
        }
        #expect(definitions?[Schemas.meta + "FieldsV1"]?["type"] == "object")
    }

    @Test func `version 2 comes as JSON, and as the message that old clients ask for`() throws {
        #expect(Cluster.get("/openapi/v2")?.json["swagger"] == "2.0")
        let answer = try #require(Cluster.get("/openapi/v2", accept: OpenAPIv2.askedType))
        #expect(answer.header("Content-Type") == OpenAPIv2.givenType)
        let document = try #require(ProtobufFields(answer.body))
        #expect(document.text(1) == "2.0")
        #expect(document.message(2)?.text(1) == "Baton")
        #expect(document.bytes(8)?.isEmpty == false)
        #expect(document.bytes(9)?.isEmpty == false)
        // It isn't JSON, and must not be indented for a person either.
        let shown = Cluster.get("/openapi/v2?pretty=true", accept: OpenAPIv2.askedType, agent: "curl/8")
        #expect(shown?.body == answer.body)
    }
}
