import Glibc

/// `credential:NAME` in the place of a file: what systemd's `LoadCredential=` put into the directory
/// that only this service can read (systemd.exec(5), CREDENTIALS_DIRECTORY).
enum Credential {
    private static let prefix = "credential:"

    /// The file that is meant; nil for what is no credential's name. Where no manager gave any, the text as
    /// it is: a file that isn't there for who wants to read it, and nothing to `batond backup`.
    static func path(_ text: String, directory: String? = directory) -> String? {
        guard text.hasPrefix(prefix) else { return text }
        let name = text.dropFirst(prefix.count)
        guard !name.isEmpty, !name.contains("/"), name != ".", name != ".." else { return nil }
        return directory.map { "\($0)/\(name)" } ?? text
    }

    private static var directory: String? { getenv("CREDENTIALS_DIRECTORY").map { String(cString: $0) } }
}
