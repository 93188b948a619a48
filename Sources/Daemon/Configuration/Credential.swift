import Glibc

/// `credential:NAME` in the place of a file: what systemd's `LoadCredential=` put into the directory
/// that only this service can read (systemd.exec(5), CREDENTIALS_DIRECTORY).
enum Credential {
    private static let prefix = "credential:"

    /// The file that is meant; nil if a credential is named that nobody can have given.
    static func path(_ text: String, directory: String? = directory) -> String? {
        guard text.hasPrefix(prefix) else { return text }
        let name = text.dropFirst(prefix.count)
        guard let directory, !name.isEmpty, !name.contains("/"), name != ".", name != ".." else { return nil }
        return "\(directory)/\(name)"
    }

    private static var directory: String? { getenv("CREDENTIALS_DIRECTORY").map { String(cString: $0) } }
}
