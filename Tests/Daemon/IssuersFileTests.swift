import Identity
import Testing

@testable import Daemon

@Suite struct `The file of issuers` {
    private func read(_ text: String) throws(ConfigurationError) -> [Issuer] {
        try IssuersFile.read(Array(text.utf8), path: "issuers.yaml")
    }

    static let whole = #"""
        issuers:
          - issuer: https://token.actions.githubusercontent.com
            audiences: [baton, other]
            rules:
              - when: {repository: example/*, ref: [refs/heads/main, refs/tags/*]}
                identity: "github:{repository}:{ref}"
                role: runner
                namespaces: [ci, "ci-{environment}"]
              - identity: anybody
                role: viewer
                namespaces: public
          - issuer: kubernetes/serviceaccount
            audiences: baton
            jwksURL: https://kubernetes.default.svc/openid/v1/jwks
            caFile: /ca.crt
            bearerTokenFile: /token
            rules:
              - when: {kubernetes\.io.namespace: ci-op-*}
                identity: "{sub}"
                role: admin
                namespaces: ['{kubernetes\.io.namespace}']
        """#

    @Test func `says whose tokens are taken and what they give`() throws {
        let issuers = try read(Self.whole)
        #expect(
            issuers.map(\.name) == [
                "https://token.actions.githubusercontent.com", "kubernetes/serviceaccount",
            ])
        #expect(issuers[0].audiences == ["baton", "other"])
        #expect(issuers[0].source == KeySource(place: .discovery(issuer: issuers[0].name)))
        let place = KeySource.Place.keySet(url: "https://kubernetes.default.svc/openid/v1/jwks")
        #expect(issuers[1].source == KeySource(place: place, caFile: "/ca.crt", bearerTokenFile: "/token"))
        let rule = issuers[0].rules[0]
        #expect(rule.conditions.map(\.claim.description) == ["repository", "ref"])
        #expect(rule.conditions[1].patterns.map(\.description) == ["refs/heads/main", "refs/tags/*"])
        #expect(rule.namespaces.map(\.description) == ["ci", "ci-{environment}"])
        #expect(issuers[0].rules[1].conditions.isEmpty)
        #expect(issuers[1].rules[0].conditions.first?.claim == ClaimPath(#"kubernetes\.io.namespace"#))
    }

    static let mistakes = [
        ("", "", "it is empty"), ("issuers:", "issuer:", "the file has no issuer"),
        ("audiences: [baton, other]", "audiences: []", "issuers.yaml:3: audiences: at least one"),
        ("audiences: [baton, other]", "audiences: ['']", "issuers.yaml:3: audiences: one of them is empty"),
        ("audiences: [baton, other]", "audience: baton", "issuers.yaml:3: an issuer has no audience"),
        ("audiences: [baton, other]", "caFile: x", "issuers.yaml:2: audiences: is missing"),
        (
            "kubernetes/serviceaccount", "https://token.actions.githubusercontent.com",
            "issuers.yaml:12: issuer: https://token.actions.githubusercontent.com is there twice"
        ),
        (
            "    jwksURL: https", "    jwksURL: http",
            "issuers.yaml:14: jwksURL: http://kubernetes.default.svc"
        ),
        ("    jwksURL: https://k", "    jwksURL: https://a@k", "issuers.yaml:14: jwksURL: https://a@"),
        ("    jwksURL", "    caFile: a\n    jwksURL", "caFile is set already"),
        (
            "    jwksURL: https://kubernetes.default.svc/openid/v1/jwks\n", "",
            "issuers.yaml:12: issuer: kubernetes/serviceaccount: to find its keys without jwksURL"
        ),
        (
            "when: {repository: example/*, ", "when: {repository.: example/*, ",
            "5: when: repository. names no"
        ),
        ("when: {repository: example/*, ", "when: {repository: {a: b}, ", "5: when: repository: a text"),
        ("when: {kubernetes", "when: [kubernetes", "issuers.yaml:"),
        ("{repository}:{ref}", "{repository:{ref}", "issuers.yaml:6: identity:"),
        ("{repository}:{ref}", "{repository},{ref}", "issuers.yaml:6: identity:"),
        ("role: runner", "role: Runner", "issuers.yaml:7: role: Runner is not one of viewer, runner, admin"),
        ("        role: runner\n", "", "issuers.yaml:5: role: is missing"),
        ("namespaces: [ci, ", "namespaces: [CI, ", "issuers.yaml:8: namespaces: CI is not valid"),
        ("namespaces: [ci, ", "namespaces: ['{}', ", "issuers.yaml:8: namespaces: {}: in braces"),
        (
            "      - identity: anybody", "      - identity: &a anybody\n        when: {x: *a}",
            "anchors are not taken"
        ),
    ]

    @Test(arguments: mistakes) func `names the line and the field of a mistake`(
        part: String, mistake: String, message: String
    ) throws {
        let text = part.isEmpty ? "" : Self.whole.replacing(part, with: mistake, maxReplacements: 1)
        #expect(text != Self.whole)
        let error = #expect(throws: ConfigurationError.self) { try read(text) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    @Test(arguments: [
        ("https://issuer.example/a?b=c", "https://issuer.example"),
        ("HTTPS://Issuer.Example", "https://issuer.example"),
        ("http://127.0.0.1:80/keys", "http://127.0.0.1:80"), ("http://localhost", "http://localhost"),
        ("http://[::1]:1/", "http://[::1]:1"),
    ])
    func `keys come from https, or from this machine`(url: String, origin: String) {
        #expect(FetchURL(url)?.origin == origin)
    }

    @Test(arguments: [
        "", "https://", "https:///keys", "http://issuer.example", "http://127.0.0.1.evil.example",
        "ftp://127.0.0.1",
        "http://localhost.evil.example", "http://127.0.0.1@evil.example", "http://127.0.0.1:80@evil.example",
        #"http://127.0.0.1\@evil.example"#, "http://127.0.0.2", "https://a b", "https://a\nb", "https://ä",
        "https://a#b", "file:///etc/passwd", "http://127.0.0.1:8x",
    ])
    func `and from nowhere else`(url: String) { #expect(FetchURL(url) == nil) }
}
