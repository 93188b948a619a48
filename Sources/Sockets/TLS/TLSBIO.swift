import CLinux
import COpenSSL
import Glibc

/// Where OpenSSL gets ciphertext and leaves it: directly at the descriptor.
///
/// Not two memory BIOs: those cost a buffer each for as long as the connection lives, and one more
/// copy of every byte in both directions. Reading goes from the kernel into OpenSSL's record buffer,
/// which it frees when it is empty. Writing goes to the kernel, and only what that doesn't take waits,
/// in `TLSSession.held`. So OpenSSL is never told that it can't write: it has no half-written record
/// that a call would have to be repeated for, and a read never has to wait for a write.
enum TLSBIO {
    nonisolated(unsafe) private static let method: OpaquePointer? = {
        let method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK | BIO_TYPE_DESCRIPTOR, "baton")
        BIO_meth_set_read(method, receive)
        BIO_meth_set_write(method, send)
        BIO_meth_set_ctrl(method, control)
        return method
    }()

    /// The session isn't held by it: it holds the BIO.
    static func make(for session: TLSSession) -> OpaquePointer? {
        guard let bio = BIO_new(method) else { return nil }
        BIO_set_data(bio, Unmanaged.passUnretained(session).toOpaque())
        BIO_set_init(bio, 1)
        return bio
    }

    fileprivate static func session(of bio: OpaquePointer?) -> TLSSession {
        Unmanaged<TLSSession>.fromOpaque(BIO_get_data(bio)).takeUnretainedValue()
    }
}

private func receive(_ bio: OpaquePointer?, _ bytes: UnsafeMutablePointer<CChar>?, _ count: Int32) -> Int32 {
    baton_BIO_clear_retry_flags(bio)
    let buffer = UnsafeMutableRawBufferPointer(start: bytes, count: Int(count))
    if let got = TLSBIO.session(of: bio).receive(buffer) { return Int32(got) }
    baton_BIO_set_retry_read(bio)
    return -1
}

private func send(_ bio: OpaquePointer?, _ bytes: UnsafePointer<CChar>?, _ count: Int32) -> Int32 {
    baton_BIO_clear_retry_flags(bio)
    return TLSBIO.session(of: bio).send(UnsafeRawBufferPointer(start: bytes, count: Int(count))) ? count : -1
}

private func control(
    _ bio: OpaquePointer?, _ command: Int32, _ number: Int, _ pointer: UnsafeMutableRawPointer?
) -> Int {
    switch command {
    case BIO_CTRL_FLUSH: 1
    case BIO_CTRL_EOF: TLSBIO.session(of: bio).sawEnd ? 1 : 0
    default: 0
    }
}
