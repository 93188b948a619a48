/// Who is at the other end, as far as the connection itself can tell.
public struct Peer: Hashable, Sendable {
    /// Without the port; empty for a Unix socket.
    public var address = ""
    /// Nobody on the way can read or change what is said.
    public var isEncrypted = false
    /// The subject of the certificate that it proved to have (RFC 4514: `CN=agent,O=build`).
    public var certificateSubject: String?
    /// Who opened a Unix socket.
    public var owner: ProcessOwner?

    public init() {}
}

/// Whose process made the connection, as the kernel noted it then: SO_PEERCRED, unix(7).
public struct ProcessOwner: Hashable, Sendable {
    public var user: UInt32
    public var group: UInt32
    public var process: Int32

    public init(user: UInt32, group: UInt32, process: Int32) {
        self.user = user
        self.group = group
        self.process = process
    }
}
