import JSON

/// How kubectl and client-go find the server: one cluster, one user and one context, all called baton.
public struct Kubeconfig: Sendable {
    public var endpoint: Endpoint
    public var namespace: String
    public var credentials: Credentials

    public init(endpoint: Endpoint, namespace: String, credentials: Credentials) {
        self.endpoint = endpoint
        self.namespace = namespace
        self.credentials = credentials
    }

    /// Kinds and fields of https://kubernetes.io/docs/reference/config-api/kubeconfig.v1.
    public var text: String {
        let context: JSON = ["cluster": "baton", "namespace": .string(namespace), "user": "baton"]
        let config: JSON = [
            "apiVersion": "v1", "kind": "Config",
            "clusters": [["name": "baton", "cluster": ["server": .string(endpoint.base)]]],
            "users": [["name": "baton", "user": user]],
            "contexts": [["name": "baton", "context": context]],
            "current-context": "baton",
        ]
        return YAML.text(config)
    }

    /// A token file is named and not read: mounted tokens are replaced, and kubectl reads it again.
    private var user: JSON {
        switch credentials.source {
        case .none: [:]
        case .token(let token): ["token": .string(token)]
        case .file(let path): ["tokenFile": .string(File.absolute(path))]
        }
    }

    /// What the person has to know who uses it; nil: nothing.
    public var caution: String? {
        guard credentials.source != .none, endpoint.base.hasPrefix("http://") else { return nil }
        return "kubectl sends no token over http: this one works where the server is reached by https"
    }
}
