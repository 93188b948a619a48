/// A descriptor that the manager opened, with the name that it has there (`FileDescriptorName=`).
public struct GivenSocket: Equatable, Sendable {
    public let descriptor: Int32
    public let name: String

    /// Whether its name says that TLS is to be spoken there.
    public var wantsTLS: Bool { name.hasPrefix("tls") }

    /// sd_listen_fds(3): the first descriptor handed over is this one.
    static let first: Int32 = 3

    /// The descriptors that are meant for this process: none if LISTEN_PID names another.
    static func read(
        _ environment: [String: String], process: Int32
    ) throws(ServiceManagerError) -> [GivenSocket] {
        guard let text = environment["LISTEN_FDS"], let pid = environment["LISTEN_PID"],
            Int32(pid) == process
        else { return [] }
        guard let count = Int32(text), (0...1000).contains(count) else {
            throw ServiceManagerError("LISTEN_FDS: \(text) is not a number of descriptors")
        }
        let names = environment["LISTEN_FDNAMES"].map {
            $0.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        }
        if let names, names.count != Int(count), count > 0 {
            throw ServiceManagerError(
                "LISTEN_FDNAMES has \(names.count) names, and LISTEN_FDS says that there are \(count)")
        }
        return (0..<count).map { index in
            // sd_listen_fds_with_names(3): "unknown" where nobody gave a name.
            GivenSocket(descriptor: first + index, name: names?[Int(index)] ?? "unknown")
        }
    }
}
