/// Where the server is: `http://host:port`, `https://…`, or `unix:/path`.
public struct Endpoint: Equatable, Sendable {
    /// Without a slash at the end; for a socket, a host that only fills the Host field.
    public var base: String
    public var socketPath: String?

    public static let standard = "http://127.0.0.1:7979"

    /// Nil when the text is neither.
    public init?(_ text: String) {
        if text.hasPrefix("unix:") {
            var path = text.dropFirst("unix:".count)
            if path.hasPrefix("//") { path = path.dropFirst(2) }
            // unix(7): sun_path is 108 bytes with its NUL.
            guard path.hasPrefix("/"), path.utf8.count < 108 else { return nil }
            socketPath = String(path)
            base = "http://localhost"
            return
        }
        guard let scheme = ["http://", "https://"].first(where: { text.hasPrefix($0) }) else { return nil }
        let rest = text.dropFirst(scheme.count)
        let isPlain = rest.unicodeScalars.allSatisfy { $0.isASCII && $0.value > 0x20 && $0.value != 0x7f }
        guard isPlain, let first = rest.first, first != "/", !rest.contains("?"), !rest.contains("#"),
            !rest.contains("@")
        else { return nil }
        var whole = text
        while whole.hasSuffix("/") { whole.removeLast() }
        base = whole
    }

    /// As a person would write it.
    public var shown: String { socketPath.map { "unix:\($0)" } ?? base }
}

/// How we show who we are: the token from the environment or from a file.
public struct Credentials: Sendable {
    public enum Source: Equatable, Sendable {
        case none
        case token(String)
        /// Read again for each request: mounted tokens are replaced while a run lives.
        case file(String)
        /// Asked for when they are needed.
        case job(JobTokens)
    }
    public var source: Source

    public init(_ source: Source) { self.source = source }

    /// From the source that is named, or else `BATON_TOKEN`, or else `BATON_TOKEN_FILE`.
    ///
    /// - Parameters:
    ///   - named: `github`; nil or empty: none. `BATON_TOKEN_SOURCE` if it isn't given.
    ///   - audience: whom its tokens are for. `BATON_TOKEN_AUDIENCE` if it isn't given.
    public init(
        environment: [String: String], source named: String? = nil, audience: String? = nil
    ) throws(CredentialsError) {
        switch named ?? environment["BATON_TOKEN_SOURCE"] ?? "" {
        case "": self.init(Self.given(environment))
        case "github":
            for name in ["BATON_TOKEN", "BATON_TOKEN_FILE"] where environment[name]?.isEmpty == false {
                throw CredentialsError(
                    text: "\(name) and the token source github are both there: which one counts?")
            }
            let audience = audience ?? environment["BATON_TOKEN_AUDIENCE"]
            self.init(.job(try JobTokens(environment: environment, audience: audience)))
        case let other:
            throw CredentialsError(text: "there is no token source '\(other)'; there is github")
        }
    }

    private static func given(_ environment: [String: String]) -> Source {
        if let token = environment["BATON_TOKEN"], !token.isEmpty { return .token(token) }
        if let path = environment["BATON_TOKEN_FILE"], !path.isEmpty { return .file(path) }
        return .none
    }

    /// The token as it is now; nil without one.
    public func token() throws(CredentialsError) -> String? {
        switch source {
        case .none: return nil
        case .token(let token): return try Self.checked(token, "BATON_TOKEN")
        case .file(let path):
            guard let bytes = File.read(path) else {
                throw CredentialsError(text: "the token file \(path) can't be read: \(File.lastError)")
            }
            return try Self.checked(String(decoding: bytes, as: UTF8.self), path)
        case .job(let tokens): return try Self.checked(tokens.token(), "GitHub's answer")
        }
    }

    /// Whether there is a token, as far as that can be known without asking anybody.
    public func check() throws(CredentialsError) {
        if case .job = source { return }
        _ = try token()
    }

    /// A token with a line break in it would write a header of its own. It is never shown.
    private static func checked(_ text: String, _ place: String) throws(CredentialsError) -> String {
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || ($0 >= 0x09 && $0 <= 0x0d) }
        var bytes = Array(text.utf8)[...]
        while let first = bytes.first, isSpace(first) { bytes = bytes.dropFirst() }
        while let last = bytes.last, isSpace(last) { bytes = bytes.dropLast() }
        if bytes.isEmpty { throw CredentialsError(text: "the token in \(place) is empty") }
        guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw CredentialsError(text: "the token in \(place) has characters that a token can't have")
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

public struct CredentialsError: Error, Equatable, Sendable {
    public let text: String
}
