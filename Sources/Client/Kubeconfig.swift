import JSON

/// How kubectl and client-go find the server: one cluster, one user and one context, all called baton.
public struct Kubeconfig: Sendable {
    public var endpoint: Endpoint
    public var namespace: String
    public var credentials: Credentials
    public var trust: Trust

    public init(endpoint: Endpoint, namespace: String, credentials: Credentials, trust: Trust) {
        self.endpoint = endpoint
        self.namespace = namespace
        self.credentials = credentials
        self.trust = trust
    }

    /// Kinds and fields of https://kubernetes.io/docs/reference/config-api/kubeconfig.v1.
    public var text: String {
        let context: JSON = ["cluster": "baton", "namespace": .string(namespace), "user": "baton"]
        let config: JSON = [
            "apiVersion": "v1", "kind": "Config", "clusters": [["name": "baton", "cluster": cluster]],
            "users": [["name": "baton", "user": user]],
            "contexts": [["name": "baton", "context": context]],
            "current-context": "baton",
        ]
        return YAML.text(config)
    }

    private var cluster: JSON {
        (["server": .string(endpoint.base)] as JSON)
            .with("certificate-authority", Self.path(trust.authorities))
            .with("insecure-skip-tls-verify", trust.believesEverybody ? true : nil)
    }

    /// A token file is named and not read: mounted tokens are replaced, and kubectl reads it again.
    private var user: JSON {
        var user: JSON =
            switch credentials.source {
            // A job's tokens are asked for when they are needed, which kubectl can't do.
            case .none, .job: [:]
            case .token(let token): ["token": .string(token)]
            case .file(let path): ["tokenFile": .string(File.absolute(path))]
            }
        guard let certificate = trust.certificate else { return user }
        user = user.with("client-certificate", Self.path(certificate))
        return user.with("client-key", Self.path(trust.key ?? certificate))
    }

    private static func path(_ path: String?) -> JSON? { path.map { .string(File.absolute($0)) } }

    /// What the person has to know who uses it; nil: nothing.
    public var caution: String? {
        guard credentials.source != .none, endpoint.base.hasPrefix("http://") else { return nil }
        return "kubectl sends no token over http: this one works where the server is reached by https"
    }
}
