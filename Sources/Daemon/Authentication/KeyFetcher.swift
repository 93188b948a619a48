import CCurl
import Dispatch
import Identity
import Synchronization

/// Runs an issuer's downloads on a thread of its own: a slow issuer holds up nobody, and no other issuer.
final class KeyFetcher: Sendable {
    private let queue: DispatchQueue
    private let isStopped = Atomic(false)
    private let source: KeySource

    init(_ source: KeySource) {
        // Needed before any other thread uses it; curl counts its calls.
        curl_global_init(Int(CURL_GLOBAL_ALL))
        self.source = source
        queue = DispatchQueue(label: "baton.keys")
    }

    /// `done` is called on that thread.
    func fetch(done: @escaping @Sendable (Result<JSONWebKeySet, KeySetError>) -> Void) {
        queue.async { [self] in
            let download = KeyDownload(
                source: source, isStopped: { self.isStopped.load(ordering: .relaxed) })
            done(Result { () throws(KeySetError) in try download.keySet() })
        }
    }

    /// Ends what is under way. Nothing is said of it but that it failed.
    func stop() { isStopped.store(true, ordering: .relaxed) }

    /// Waits until what was under way has ended: a process should not take OpenSSL down while it is in use.
    /// For 2 s at the most: a name server that is silent can't be told to stop.
    func join() {
        let ended = DispatchSemaphore(value: 0)
        queue.async { ended.signal() }
        _ = ended.wait(timeout: .now() + .seconds(2))
    }
}
