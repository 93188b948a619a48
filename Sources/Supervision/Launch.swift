import CLinux
import Glibc

/// A child between fork and exec: the pipe ends when the exec succeeded.
struct Launch: ~Copyable {
    let pid: Int32
    let outcome: Int32

    deinit { close(outcome) }

    /// Forks. `descriptors` become 0, 1, 2, … of the child; `terminal` is made
    /// the child's own, -1: none. Fails with an errno.
    static func begin(_ command: Command, descriptors: [Int32], terminal: Int32) -> (
        pid: Int32, outcome: Int32
    )? {
        let variables = command.environment.map { "\($0.key)=\($0.value)" }.sorted()
        let targets = descriptors.indices.map { Int32($0) }
        var outcome: Int32 = -1
        let pid = withStrings(command.arguments) { arguments in
            withStrings(variables) { environment in
                withStrings(command.candidates) { candidates in
                    withDirectory(command.workingDirectory) { directory in
                        var launch = baton_launch(
                            arguments: arguments, environment: environment, candidates: candidates,
                            directory: directory, descriptors: nil, targets: nil,
                            descriptor_count: Int32(descriptors.count), terminal: terminal)
                        return descriptors.withUnsafeBufferPointer { sources in
                            targets.withUnsafeBufferPointer { targets in
                                launch.descriptors = sources.baseAddress
                                launch.targets = targets.baseAddress
                                return baton_launch_child(&launch, &outcome)
                            }
                        }
                    }
                }
            }
        }
        return pid < 0 ? nil : (pid, outcome)
    }

    /// Why there is no child, nil when it runs. To be asked when the pipe is readable.
    func failure() -> Word? {
        var failure = baton_launch_failure()
        let size = MemoryLayout<baton_launch_failure>.size
        guard read(outcome, &failure, size) == size else { return nil }
        return .refused(stage: failure.stage, error: failure.error)
    }
}

/// An array of C strings that ends with NULL, for the time of `body`.
private func withStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    let copies = strings.map { strdup($0) } + [nil]
    defer { for copy in copies { free(copy) } }
    return copies.withUnsafeBufferPointer { body($0.baseAddress!) }
}

private func withDirectory<Result>(_ path: String?, _ body: (UnsafePointer<CChar>?) -> Result) -> Result {
    guard let path else { return body(nil) }
    return path.withCString { body($0) }
}
