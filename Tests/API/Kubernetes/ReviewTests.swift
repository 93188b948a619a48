import JSON
import Testing

@testable import API

/// "May I?" and "Who am I?".
struct ReviewTests {
    private static let path = "/apis/authorization.k8s.io/v1/"

    private static func review(_ kind: String, _ body: String) -> AccessReview? {
        let request = Cluster.read("POST", path + kind, body: Array(body.utf8))
        guard case .review(let review) = request.action(at: Cluster.now) else { return nil }
        return review
    }

    private static func may(_ attributes: String) -> Access? {
        review("selfsubjectaccessreviews", #"{"spec":{"resourceAttributes":{\#(attributes)}}}"#)?.accesses
            .first
    }

    @Test(
        arguments: [
            ("get", "ci", Access(.view, namespace: "ci")), ("list", "", Access(.view, namespace: "*")),
            ("watch", "ci", Access(.view, namespace: "ci")), ("create", "ci", Access(.run, namespace: "ci")),
            ("update", "ci", Access(.run, namespace: "ci")), ("patch", "ci", Access(.run, namespace: "ci")),
            ("delete", "ci", Access(.administer, namespace: "ci")),
            ("deletecollection", "", Access(.administer, namespace: "*")),
            ("*", "ci", Access(.administer, namespace: "ci")), ("impersonate", "ci", nil),
        ] as [(String, String, Access?)])
    func `a verb takes a role`(verb: String, namespace: String, access: Access?) {
        for (group, resource) in [
            ("coordination.k8s.io", "leases"), ("coordination.baton.dev", "donemarkers"),
        ] {
            #expect(
                Self.may(
                    #""namespace":"\#(namespace)","verb":"\#(verb)","group":"\#(group)","resource":"\#(resource)""#
                )
                    == access)
        }
    }

    @Test func `what isn't served, nobody may`() {
        #expect(Self.may(#""verb":"get","resource":"pods""#) == nil)
        #expect(Self.may(#""verb":"get","group":"apps","resource":"leases""#) == nil)
        #expect(
            Self.may(#""verb":"get","group":"coordination.k8s.io","resource":"leases","subresource":"x""#)
                == nil)
    }

    @Test func `a namespace is asked for by its own name`() {
        #expect(
            Self.may(#""verb":"get","resource":"namespaces","name":"ci""#) == Access(.view, namespace: "ci"))
        #expect(Self.may(#""verb":"list","resource":"namespaces""#) == Access(.view, namespace: "*"))
    }

    @Test(arguments: [(true, [true]), (false, [false]), (false, [])] as [(Bool, [Bool])])
    func `the answer repeats the question`(allowed: Bool, grants: [Bool]) throws {
        let body = #"{"spec":{"resourceAttributes":{"verb":"get","resource":"leases"}}}"#
        let request = Cluster.read(
            "POST", Self.path + "selfsubjectaccessreviews", body: Array(body.utf8))
        guard case .review(let review) = request.action(at: Cluster.now) else { return #expect(Bool(false)) }
        let answer = request.answer(review, as: "anna", grants: grants)
        #expect(answer.status == 201)
        #expect(
            answer.json == [
                "kind": "SelfSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1", "metadata": [:],
                "spec": ["resourceAttributes": ["verb": "get", "resource": "leases"]],
                "status": ["allowed": .bool(allowed)],
            ])
    }

    /// As kubectl 1.37 sent it: `auth can-i get leases -n gold-k137-32804`, and its list of forms.
    @Test(arguments: [
        "application/vnd.kubernetes.protobuf,application/json", "application/vnd.kubernetes.protobuf",
        "application/json",
    ])
    func `a question in protobuf is answered in the form that is asked for`(accept: String) throws {
        var attributes = ProtobufWriter()
        for (field, text) in [
            (1, "gold-k137-32804"), (2, "get"), (3, "coordination.k8s.io"), (4, ""), (5, "leases"), (6, ""),
            (7, ""),
        ] { attributes.string(field, text) }
        var message = ProtobufWriter()
        message.message(1) { $0.string(1, "") }
        message.message(2) { $0.raw(1, attributes.bytes) }
        let body = ProtobufEnvelope.of(
            "SelfSubjectAccessReview", "authorization.k8s.io/v1", message.bytes)
        let request = Cluster.read(
            "POST", Self.path + "selfsubjectaccessreviews",
            accept: accept, body: body,
            contentType: "application/vnd.kubernetes.protobuf")
        guard case .review(let review) = request.action(at: Cluster.now) else { return #expect(Bool(false)) }
        #expect(review.accesses == [Access(.view, namespace: "gold-k137-32804")])
        let answer = request.answer(review, as: "anna", grants: [true])
        let asked: JSON = [
            "namespace": "gold-k137-32804", "verb": "get", "group": "coordination.k8s.io",
            "resource": "leases",
        ]
        guard accept != "application/json" else {
            #expect(answer.header("Content-Type") == "application/json")
            #expect(answer.json["spec"] == ["resourceAttributes": asked])
            return #expect(answer.json["status"] == ["allowed": true])
        }
        #expect(answer.header("Content-Type") == MediaType.protobuf)
        let opened = try ProtobufEnvelope.open(answer.body)
        #expect(opened.kind == "SelfSubjectAccessReview")
        let type = try #require(MessageType.review(.selfSubjectAccessReviews))
        #expect(
            try type.json(opened.message) == [
                "metadata": [:], "spec": ["resourceAttributes": asked], "status": ["allowed": true],
            ])
    }

    @Test func `who asks is told who they are in protobuf, as the reference does it`() throws {
        let request = Cluster.read(
            "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews",
            accept: "application/vnd.kubernetes.protobuf,application/json",
            body: ProtobufEnvelope.of("SelfSubjectReview", "authentication.k8s.io/v1", []),
            contentType: MediaType.protobuf)
        guard case .review(let review) = request.action(at: Cluster.now) else { return #expect(Bool(false)) }
        let opened = try ProtobufEnvelope.open(request.answer(review, as: "anna", grants: []).body)
        #expect(opened.kind == "SelfSubjectReview")
        var expected = ProtobufWriter()
        expected.raw(1, MessageType.objectMeta.bytes([:]))
        expected.message(2) {
            $0.message(1) {
                $0.string(1, "anna")
                $0.string(2, "")
                $0.string(3, "system:authenticated")
            }
        }
        #expect(Array(opened.message) == expected.bytes)
    }

    @Test func `rules are told in protobuf, too`() throws {
        let request = Cluster.read(
            "POST", Self.path + "selfsubjectrulesreviews", accept: MediaType.protobuf,
            body: Array(#"{"spec":{"namespace":"ci"}}"#.utf8))
        guard case .review(let review) = request.action(at: Cluster.now) else { return #expect(Bool(false)) }
        let answer = request.answer(review, as: "anna", grants: [true, false, false])
        let type = try #require(MessageType.review(.selfSubjectRulesReviews))
        let status = try type.json(ProtobufEnvelope.open(answer.body).message)["status"]
        #expect(status?["resourceRules"]?.array?.first?["verbs"] == ["get", "list", "watch"])
        #expect(
            status?["nonResourceRules"]?.array?.first?["nonResourceURLs"]?.array?.contains("/version") == true
        )
        #expect(status?["incomplete"] == false)
    }

    @Test(
        arguments: [[0x6B, 0x38, 0x73, 0x00], [0x6B, 0x38, 0x73, 0x00, 0x0A, 0xFF], [], [0xFF]] as [[UInt8]])
    func `what is no message is a bad request`(body: [UInt8]) {
        let request = Cluster.read(
            "POST", Self.path + "selfsubjectaccessreviews", body: body,
            contentType: "application/vnd.kubernetes.protobuf")
        #expect(request.answer?.status == 400)
    }

    @Test func `rules are told by role`() throws {
        let body = #"{"spec":{"namespace":"ci"}}"#
        let request = Cluster.read(
            "POST", Self.path + "selfsubjectrulesreviews", body: Array(body.utf8))
        guard case .review(let review) = request.action(at: Cluster.now) else { return #expect(Bool(false)) }
        #expect(review.accesses.map(\.verb) == [.view, .run, .administer])
        func verbs(_ grants: [Bool]) -> JSON? {
            request.answer(review, as: "anna", grants: grants).json["status"]?["resourceRules"]?.array?
                .first?[
                    "verbs"]
        }
        #expect(verbs([true, false, false]) == ["get", "list", "watch"])
        #expect(verbs([true, true, false]) == ["get", "list", "watch", "create", "patch", "update"])
        #expect(verbs([false, false, false]) == nil)
    }

    @Test func `who asks is told who they are`() {
        let request = Cluster.read(
            "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", body: Array("{}".utf8))
        guard case .review(let review) = request.action(at: Cluster.now) else { return #expect(Bool(false)) }
        #expect(
            request.answer(review, as: "anna", grants: []).json["status"] == [
                "userInfo": ["username": "anna", "groups": ["system:authenticated"]]
            ])
        #expect(
            request.answer(review, as: nil, grants: []).json["status"]?["userInfo"]?["username"]
                == "system:anonymous")
    }

    @Test func `who may not is told what is missing`() throws {
        let request = Cluster.read("GET", Cluster.leases + "/a")
        let access = try #require(request.access)
        let answer = request.response(
            forbidden: access, to: "anna", role: "viewer", needed: nil, namespaces: ["dev-*"])
        #expect(answer.status == 403)
        #expect(
            answer.json["message"]
                == #"leases.coordination.k8s.io "a" is forbidden: User "anna" cannot get resource "leases" in API group "coordination.k8s.io" in the namespace "ci": the token reaches dev-* only"#
        )
        #expect(answer.json["details"] == ["name": "a", "group": "coordination.k8s.io", "kind": "leases"])
        let all = Cluster.read("GET", "/api/v1/namespaces").response(
            forbidden: access, to: "anna", role: "viewer", needed: nil, namespaces: nil)
        #expect(
            all.json["message"]
                == #"namespaces is forbidden: User "anna" cannot list resource "namespaces" in API group "" at the cluster scope"#
        )
    }
}
