import JSON

/// The spec of a review.
struct ReviewSpec {
    private var attributes: [String: String] = [:]
    private var isAboutPath = false
    private var rulesNamespace: String?
    /// As it is repeated in the answer.
    private(set) var json: JSON?

    init(_ spec: JSON) {
        json = spec
        rulesNamespace = spec["namespace"]?.string
        isAboutPath = spec["nonResourceAttributes"] != nil
        if case .object(let members)? = spec["resourceAttributes"] ?? spec["nonResourceAttributes"] {
            for member in members { attributes[member.name] = member.value.string }
        }
    }

    private subscript(name: String) -> String { attributes[name] ?? "" }

    /// What it takes to do what is asked about; nil: nobody may.
    func access() throws(Status) -> Access? {
        guard !attributes.isEmpty else {
            throw Status(
                422, "Invalid",
                "SelfSubjectAccessReview.authorization.k8s.io \"\" is invalid: spec.resourceAttributes: Invalid value: "
                    + "null: exactly one of nonResourceAttributes or resourceAttributes must be specified",
                Status.Details(group: "authorization.k8s.io", kind: "SelfSubjectAccessReview"))
        }
        if isAboutPath { return self["verb"] == "get" ? Access(.view, namespace: nil) : nil }
        guard let verb = RoleVerbs.role(self["verb"]), self["subresource"].isEmpty else { return nil }
        // "*" asks for all of them, and that takes what any of them takes.
        let asked = Resource.allCases.filter { resource in
            (self["resource"] == resource.plural || self["resource"] == "*")
                && (self["group"] == resource.groupVersion.group || self["group"] == "*")
        }
        guard let resource = asked.first else { return nil }
        if resource.isReview { return self["verb"] == "create" ? Access(.view, namespace: nil) : nil }
        guard resource.isNamespaced else { return Access(verb, namespace: scope(self["name"])) }
        return Access(verb, namespace: scope(self["namespace"]))
    }

    /// No name means every namespace.
    private func scope(_ name: String) -> String { name.isEmpty ? Access.everyNamespace : name }

    func namespace() throws(Status) -> String {
        guard let rulesNamespace, !rulesNamespace.isEmpty else {
            throw .badRequest("no namespace on request")
        }
        return rulesNamespace
    }
}
