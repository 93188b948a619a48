import Glibc

/// A call to the system that failed.
public struct SystemError: Error, Equatable, CustomStringConvertible {
    /// What was tried: "bind 127.0.0.1:8080".
    public let action: String
    /// The value of errno.
    public let code: Int32

    public init(_ action: String, code: Int32) {
        self.action = action
        self.code = code
    }

    public var description: String { "\(action): \(String(cString: strerror(code)))" }
}

/// A descriptor and its one owner: it closes when the owner lets go, and never twice.
struct Descriptor: ~Copyable {
    let number: Int32

    init(_ number: Int32) { self.number = number }

    /// From a call that returns a descriptor or -errno.
    init(_ action: String, _ result: Int32) throws(SystemError) {
        guard result >= 0 else { throw SystemError(action, code: -result) }
        number = result
    }

    // close(2): on Linux the descriptor is gone whatever close says, also after EINTR.
    deinit { close(number) }
}

/// Raises the soft limit of open descriptors to the hard one; returns what holds now. A connection
/// needs one, and the usual soft limit of 1,024 is kept for programs that use select(2).
@discardableResult
public func raiseDescriptorLimit() -> Int {
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0 else { return 0 }
    var raised = limit
    raised.rlim_cur = limit.rlim_max
    if setrlimit(resource, &raised) == 0 { limit = raised }
    return Int(clamping: limit.rlim_cur)
}
