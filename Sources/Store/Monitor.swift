import CSQLite
import Glibc

/// A mutex and a condition, for state that two threads share.
final class Monitor: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func locked<T>(_ body: () throws -> T) rethrows -> T {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body()
    }

    /// Waits until `ready` answers; it is asked with the lock held, as often as someone signals.
    func wait<T>(for ready: () -> T?) -> T {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let value = ready() { return value }
            pthread_cond_wait(condition, mutex)
        }
    }

    /// Changes the state and wakes whoever waits.
    func signal(_ change: () -> Void) {
        locked(change)
        pthread_cond_broadcast(condition)
    }
}

/// A thread that runs one closure, and can be waited for.
struct Thread: @unchecked Sendable {
    private let id: pthread_t

    init(name: String, _ body: @escaping @Sendable () -> Void) {
        let box = Unmanaged.passRetained(Box(name: name, body: body))
        var id = pthread_t()
        let code = pthread_create(
            &id, nil,
            { raw in
                let box = Unmanaged<Box>.fromOpaque(raw!).takeRetainedValue()
                baton_name_thread(box.name)
                box.body()
                return nil
            }, box.toOpaque())
        precondition(code == 0, "pthread_create: \(code)")
        self.id = id
    }

    func join() { pthread_join(id, nil) }

    private final class Box {
        let name: String
        let body: @Sendable () -> Void
        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }
}
