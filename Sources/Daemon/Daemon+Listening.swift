import Logging
import ServiceManager
import Sockets

extension Daemon {
    /// Takes over the sockets that were given, and binds what was set beside them.
    func listen() throws {
        for given in manager.sockets { try listen(given) }
        for address in configuration.listeners(besideGiven: !manager.sockets.isEmpty) {
            let bound = try server.listen(on: address)
            log.notice("listening", metadata: ["address": "\(bound)"])
        }
    }

    private func listen(_ given: GivenSocket) throws {
        // There is no TLS yet: serving in the clear what is meant to be encrypted would be a trap.
        guard !given.name.hasPrefix("tls") else {
            throw ConfigurationError(
                "the given socket '\(given.name)' is meant for TLS, and there is none yet")
        }
        let bound = try server.listen(given: given.descriptor)
        guard configuration.insecureListen || bound.isPrivate else {
            throw ConfigurationError(
                "the given socket '\(given.name)' (\(bound)) can be reached from other machines, and there is no TLS: whoever is on the way reads the tokens. "
                    + "Set insecureListen: true if you mean it")
        }
        log.notice("listening", metadata: ["address": "\(bound)", "given": "\(given.name)"])
    }
}
