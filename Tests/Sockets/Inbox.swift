import Dispatch
import Synchronization

/// Values from another thread, waited for with a deadline.
final class Inbox<Value>: @unchecked Sendable {
    private let arrived = DispatchSemaphore(value: 0)
    private let lock = DispatchSemaphore(value: 1)
    private var values: [Value] = []

    func put(_ value: Value) {
        lock.wait()
        values.append(value)
        lock.signal()
        arrived.signal()
    }

    /// The next value, or nil after ten seconds.
    @discardableResult
    func take() -> Value? {
        guard arrived.wait(timeout: .now() + 10) == .success else { return nil }
        lock.wait()
        defer { lock.signal() }
        return values.removeFirst()
    }

    var isEmpty: Bool {
        lock.wait()
        defer { lock.signal() }
        return values.isEmpty
    }
}
