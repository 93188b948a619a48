import Glibc

/// Why a figure could not be measured.
enum BenchError: Error, CustomStringConvertible {
    case system(_ call: String, _ code: Int32)
    /// The daemon said something else than it should have.
    case answer(String)
    /// The daemon is not there.
    case daemon(String)
    case usage(String)
    case skipped(String)
    case interrupted

    var description: String {
        switch self {
        case .system(let call, let code): "\(call): \(String(cString: strerror(code)))"
        case .answer(let text), .daemon(let text), .usage(let text), .skipped(let text): text
        case .interrupted: "interrupted"
        }
    }
}
