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
        let place = "the given socket '\(given.name)'"
        // Serving in the clear what is meant to be encrypted would be a trap.
        guard !given.wantsTLS || certificates != nil else {
            throw ConfigurationError("\(place) is meant for TLS: set tls.certificateFile and tls.keyFile")
        }
        let bound = try server.listen(given: given.descriptor, isEncrypted: given.wantsTLS)
        try configuration.checkReach(of: bound, "\(place) (\(bound))")
        log.notice("listening", metadata: ["address": "\(bound)", "given": "\(given.name)"])
    }
}
