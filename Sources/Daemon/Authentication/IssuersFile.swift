import Identity

/// The file that `auth.issuersFile` names: whose tokens are taken, and what they give. YAML;
/// docs/authentication.md is its reference.
enum IssuersFile {
    static func read(_ text: [UInt8], path: String) throws(ConfigurationError) -> [Issuer] {
        guard let root = try YAMLNode.read(text, path: path) else {
            throw ConfigurationError("\(path): it is empty; a list \"issuers\" is expected")
        }
        let fields = try YAMLFields(root, path, "the file", ["issuers"])
        var issuers: [Issuer] = []
        for node in try fields.list("issuers") {
            let issuer = try issuer(node, path)
            guard !issuers.contains(where: { $0.name == issuer.name }) else {
                throw ConfigurationError("\(path):\(node.line): issuer: \(issuer.name) is there twice")
            }
            issuers.append(issuer)
        }
        return issuers
    }

    private static func issuer(_ node: YAMLNode, _ path: String) throws(ConfigurationError) -> Issuer {
        let fields = try YAMLFields(
            node, path, "an issuer",
            ["issuer", "audiences", "jwksURL", "caFile", "bearerTokenFile", "rules"])
        let name = try fields.text("issuer")
        let audiences = try fields.texts("audiences")
        guard !audiences.contains("") else { throw fields.error("audiences", "one of them is empty") }
        var rules: [ClaimRule] = []
        for node in try fields.list("rules") { rules.append(try rule(node, path)) }
        let source = KeySource(
            place: try place(name, fields), caFile: try fields.optionalText("caFile"),
            bearerTokenFile: try fields.optionalText("bearerTokenFile"))
        return Issuer(name: name, audiences: audiences, source: source, rules: rules)
    }

    private static func place(
        _ name: String, _ fields: YAMLFields
    ) throws(ConfigurationError) -> KeySource.Place {
        let expected = "https, or http on this machine, is expected"
        if let url = try fields.optionalText("jwksURL") {
            guard FetchURL(url) != nil else { throw fields.error("jwksURL", "\(url): \(expected)") }
            return .keySet(url: url)
        }
        guard FetchURL(name) != nil else {
            throw fields.error("issuer", "\(name): to find its keys without jwksURL, \(expected)")
        }
        return .discovery(issuer: name)
    }

    private static func rule(_ node: YAMLNode, _ path: String) throws(ConfigurationError) -> ClaimRule {
        let fields = try YAMLFields(node, path, "a rule", ["when", "identity", "role", "namespaces"])
        var conditions: [ClaimRule.Condition] = []
        for member in try fields.optionalMapping("when") {
            guard let claim = ClaimPath(member.name) else {
                throw ConfigurationError("\(path):\(member.line): when: \(member.name) names no claim")
            }
            let patterns = try YAMLFields.texts(member.node, path, "when: \(member.name)")
            conditions.append(.init(claim: claim, patterns: patterns.map { Wildcard($0) }))
        }
        let identity = try template(fields, "identity", try fields.text("identity"))
        // With the shortest of claims in it: what can never be right is said now and not to each token.
        guard TokenFile.isIdentity(identity.sample) else {
            throw fields.error("identity", "\(identity) is not valid; it is \(TokenFile.identityRule)")
        }
        let roleName = try fields.text("role")
        guard let role = Role(rawValue: roleName) else {
            throw fields.error("role", "\(roleName) is not one of \(TokenFile.roleRule)")
        }
        var namespaces: [ClaimTemplate] = []
        for text in try fields.texts("namespaces") {
            let namespace = try template(fields, "namespaces", text)
            guard Glob(namespace.sample) != nil else {
                throw fields.error("namespaces", "\(text) is not valid; they are \(TokenFile.namespacesRule)")
            }
            namespaces.append(namespace)
        }
        return ClaimRule(conditions: conditions, identity: identity, role: role, namespaces: namespaces)
    }

    private static func template(
        _ fields: YAMLFields, _ name: String, _ text: String
    ) throws(ConfigurationError) -> ClaimTemplate {
        guard let template = ClaimTemplate(text) else {
            throw fields.error(name, "\(text): in braces the name of a claim is expected")
        }
        return template
    }
}
