import Glibc

public enum SupervisionError: Error, Sendable, Equatable {
    /// `Guardian.start` came too late: a fork copies one thread, and with it the
    /// locks that the others held.
    case threadsExist(Int)
    /// No such program; `exitCode` 127.
    case notFound(String)
    /// It is there and can't be run, with the errno; `exitCode` 126.
    case notExecutable(String, Int32)
    /// The working directory, with the errno.
    case badDirectory(String, Int32)
    /// The command can't be expressed to execve(2).
    case invalidCommand(String)
    /// The tree of the previous command isn't gone yet.
    case busy
    /// The deadman fired before the command was spawned: arm it anew, or disarm it.
    case deadmanFired
    /// Longer than a message may be, with the limit in bytes.
    case reportTooLarge(limit: Int)
    case guardianLost
    /// A system call failed, with the errno.
    case system(call: String, Int32)
}

extension SupervisionError: CustomStringConvertible {
    /// What a shell would exit with: 127 not found, 126 not executable.
    public var exitCode: Int32? {
        switch self {
        case .notFound: 127
        case .notExecutable, .badDirectory: 126
        default: nil
        }
    }

    public var description: String {
        switch self {
        case .threadsExist(let count):
            "the guardian must be started before any thread; there are \(count)"
        case .notFound(let program): "\(program): command not found"
        case .notExecutable(let program, ENOENT): "\(program): its interpreter is not there"
        case .notExecutable(let program, let error): "\(program): \(Self.text(error))"
        case .badDirectory(let path, let error): "can't work in \(path): \(Self.text(error))"
        case .invalidCommand(let why): "the command can't be run: \(why)"
        case .busy: "the processes of the previous command are not gone yet"
        case .deadmanFired: "the time for this command had run out before it was started"
        case .reportTooLarge(let limit): "the report is longer than \(limit) bytes"
        case .guardianLost: "the guardian process is gone"
        case .system(let call, let error): "\(call): \(Self.text(error))"
        }
    }

    private static func text(_ error: Int32) -> String { String(cString: strerror(error)) }
}
