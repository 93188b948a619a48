import Coordination
import JSON
import Objects

/// "May I?" and "Who am I?", asked by `kubectl auth`. Answered from Baton's own roles.
public struct AccessReview: Hashable, Sendable {
    /// What is asked.
    enum Question: Hashable, Sendable {
        /// May this be done? Nil: nobody may, since there is no such thing here.
        case may(Access?)
        /// What may be done in this namespace?
        case rules(namespace: String)
        case whoAmI
    }

    let resource: Resource
    let question: Question
    /// As it was sent, to be repeated.
    private let spec: JSON?

    /// The permissions that the answer depends on, to be decided one by one.
    public var accesses: [Access] {
        switch question {
        case .may(let access): access.map { [$0] } ?? []
        case .rules(let namespace):
            [Access.Verb.view, .run, .administer].map { Access($0, namespace: namespace) }
        case .whoAmI: []
        }
    }

    init(_ resource: Resource, _ request: APIRequest) throws(Status) {
        self.resource = resource
        let asked = try Self.asked(resource, request)
        // The reference repeats the questions of the one, and not the namespace of the other.
        spec = resource == .selfSubjectRulesReviews ? [:] : asked.json
        question =
            switch resource {
            case .selfSubjectAccessReviews: .may(try asked.access())
            case .selfSubjectRulesReviews: .rules(namespace: try asked.namespace())
            default: .whoAmI
            }
    }

    /// The spec, whichever way it came. kubectl sends protobuf from 1.36 on and doesn't fall back.
    private static func asked(_ resource: Resource, _ request: APIRequest) throws(Status) -> ReviewSpec {
        let review: JSON
        do throws(Refusal) { review = try ReviewBody.json(resource, request) } catch {
            throw Status(error)
        }
        return ReviewSpec(review["spec"] ?? .object([]))
    }

    /// - Parameters:
    ///   - identity: nil where nobody has one.
    ///   - grants: for each of `accesses`, whether it is given.
    func response(_ form: AnswerForm, as identity: String?, grants: [Bool]) -> APIResponse {
        var writer = JSONWriter()
        writer.object { writer in
            writer.type(resource.kind, resource.groupVersion.text)
            writer.member("metadata") { _ in }
            if let spec {
                writer.name("spec")
                writer.value(spec)
            }
            writer.member("status") { status(identity, grants, to: &$0) }
        }
        guard form.encoding == .protobuf, let type = MessageType.review(resource) else {
            return form.response(201, writer.bytes)
        }
        // This face wrote it, so it is JSON.
        let review = (try? JSON(parsing: writer.bytes)) ?? .null
        return form.response(
            201, ProtobufEnvelope.of(resource.kind, resource.groupVersion.text, type.bytes(review)))
    }

    private func status(_ identity: String?, _ grants: [Bool], to writer: inout JSONWriter) {
        switch question {
        case .may: writer.member("allowed", grants == [true])
        case .rules:
            writer.name("resourceRules")
            writer.array(Rule.granted(grants)) { writer, rule in writer.object { rule.write(to: &$0) } }
            writer.name("nonResourceRules")
            writer.array(Rule.paths(grants)) { writer, paths in
                writer.object {
                    $0.member("verbs", ["get"])
                    $0.member("nonResourceURLs", paths)
                }
            }
            writer.member("incomplete", false)
        case .whoAmI:
            writer.member("userInfo") {
                $0.member("username", identity ?? "system:anonymous")
                $0.member(
                    "groups", [identity == nil ? "system:unauthenticated" : "system:authenticated"])
            }
        }
    }
}

extension KubernetesRequest {
    public func answer(_ review: AccessReview, as identity: String?, grants: [Bool]) -> APIResponse {
        review.response(form, as: identity, grants: grants)
    }
}

/// What one role may do with which resources.
private struct Rule {
    var verbs: [String]
    var group: String
    var resources: [String]

    func write(to writer: inout JSONWriter) {
        writer.member("verbs", verbs)
        writer.member("apiGroups", [group])
        writer.member("resources", resources)
    }

    /// - Parameter grants: whether one may view, run and administer.
    static func granted(_ grants: [Bool]) -> [Rule] {
        guard grants.first == true else { return [] }
        var verbs = RoleVerbs.view
        if grants[1] { verbs += RoleVerbs.run }
        if grants[2] { verbs += RoleVerbs.administer }
        return [
            Rule(verbs: verbs, group: GroupVersion.coordination.group, resources: [Resource.leases.plural]),
            Rule(verbs: verbs, group: GroupVersion.baton.group, resources: [Resource.doneMarkers.plural]),
            Rule(verbs: ["get"], group: "", resources: [Resource.namespaces.plural]),
        ]
    }

    static func paths(_ grants: [Bool]) -> [[String]] {
        grants.first == true
            ? [["/api", "/api/*", "/apis", "/apis/*", "/openapi", "/openapi/*", "/version"]] : []
    }
}

/// Which verbs of Kubernetes take which role of Baton's.
enum RoleVerbs {
    static let view = ["get", "list", "watch"]
    static let run = ["create", "patch", "update"]
    static let administer = ["delete", "deletecollection"]

    static func role(_ verb: String) -> Access.Verb? {
        if view.contains(verb) { return .view }
        if run.contains(verb) { return .run }
        return administer.contains(verb) || verb == "*" ? .administer : nil
    }
}
