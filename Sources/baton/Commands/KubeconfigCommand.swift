import ArgumentParser
import Client

/// `baton kubeconfig`: the same server for kubectl.
struct KubeconfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kubeconfig",
        abstract: "Print a kubeconfig, with which kubectl reads this server's leases and done markers.",
        discussion: """
            It has the server, the namespace and the token, or the path of the token's file, and asks no server.

            Examples:
              baton kubeconfig > baton.kubeconfig
              kubectl --kubeconfig baton.kubeconfig get leases
              kubectl --kubeconfig <(baton kubeconfig -n ci) get donemarkers -o wide
            """)

    @OptionGroup var server: ServerOptions

    func validate() throws {
        if case .job = server.credentials.source {
            throw ValidationError(
                "kubectl can't ask for a job's token: give it one with BATON_TOKEN or BATON_TOKEN_FILE")
        }
        if server.endpoint.socketPath != nil {
            throw ValidationError(
                "kubectl can't reach \(server.endpoint.shown): give the server's http:// or https:// address")
        }
    }

    func run() throws {
        let config = Kubeconfig(
            endpoint: server.endpoint, namespace: server.namespaceName, credentials: server.credentials,
            trust: server.trust)
        if let caution = config.caution { Say.line(caution) }
        Say.result(config.text)
    }
}
