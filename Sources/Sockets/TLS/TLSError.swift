import COpenSSL

/// Material for TLS that can't be used.
public struct TLSError: Error, Equatable, CustomStringConvertible {
    public enum Part: Sendable { case certificate, key, clientCA, library }
    /// What is wrong, for whoever knows where it came from.
    public let part: Part
    public let description: String

    init(_ part: Part, _ description: String) {
        self.part = part
        self.description = description
    }
}

/// OpenSSL's queue of errors: one for each thread, and not for each connection. It is emptied before
/// each call that may fail, or else one connection's failure would be read as the next one's.
enum TLSErrorQueue {
    static func clear() { ERR_clear_error() }

    /// The reason of the first error that is there (SSL_R_…), with its text.
    static func take() -> (reason: Int32, text: String)? {
        let code = ERR_get_error()
        guard code != 0 else { return nil }
        clear()
        let text = ERR_reason_error_string(code).map { String(cString: $0) }
        return (Int32(truncatingIfNeeded: code & UInt(ERR_REASON_MASK)), text ?? "error \(code)")
    }
}
