import ArgumentParser
import Client
import Glibc

/// Which server and which namespace: flags, or the environment.
struct ServerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The server: http://host:port, https://… or unix:/path. (BATON_SERVER; default \(Endpoint.standard))",
            valueName: "url"))
    var server: String?

    @Option(
        name: [.short, .long],
        help: ArgumentHelp("The namespace. (BATON_NAMESPACE; default \"default\")", valueName: "name"))
    var namespace: String?

    @Option(
        help: ArgumentHelp(
            "Where tokens come from, instead of BATON_TOKEN and BATON_TOKEN_FILE: github, for a job with id-token: write. (BATON_TOKEN_SOURCE)",
            valueName: "source"))
    var tokenSource: String?

    @Option(
        help: ArgumentHelp(
            "Whom those tokens are for, as batond's issuers file has it. (BATON_TOKEN_AUDIENCE)",
            valueName: "audience"))
    var tokenAudience: String?

    @Option(
        help: ArgumentHelp(
            "The authorities that an https:// server's certificate is believed from, in PEM, in place of the system's. (BATON_CA_FILE)",
            valueName: "file"))
    var caFile: String?

    @Flag(
        help: "Believe any certificate: whoever is on the way reads the token. (BATON_INSECURE_SKIP_VERIFY=1)"
    )
    var insecureSkipVerify = false

    @Option(
        help: ArgumentHelp(
            "The certificate to show to an https:// server, in PEM. (BATON_CLIENT_CERTIFICATE)",
            valueName: "file"))
    var clientCertificate: String?

    @Option(
        help: ArgumentHelp(
            "The certificate's key, unless it is in the same file. (BATON_CLIENT_KEY)", valueName: "file"))
    var clientKey: String?

    func validate() throws {
        if Endpoint(serverText) == nil {
            let source = server == nil ? "BATON_SERVER" : "--server"
            throw ValidationError(
                "\(source) '\(serverText)' isn't a server: http://host:port, https://host or unix:/path is expected"
            )
        }
        try validateTrust()
        // A token that isn't there at the start is a mistake in the call. Later it is an
        // outage: mounted tokens are replaced.
        do throws(CredentialsError) { try readCredentials().check() } catch {
            throw ValidationError(error.text)
        }
        if let name = namespace ?? Environment.text("BATON_NAMESPACE"), !Self.isLabel(name) {
            throw ValidationError(
                "'\(name)' can't be a namespace: 1 to 63 of a-z, 0-9 and '-', not at its ends, are expected")
        }
    }

    private func validateTrust() throws {
        let flags: [(name: String, isGiven: Bool)] = [
            ("--ca-file", caFile != nil), ("--insecure-skip-verify", insecureSkipVerify),
            ("--client-certificate", clientCertificate != nil), ("--client-key", clientKey != nil),
        ]
        let isEncrypted = endpoint.base.hasPrefix("https://")
        if let flag = flags.first(where: { $0.isGiven }), !isEncrypted {
            throw ValidationError("\(flag.name) is for https://, and the server is '\(serverText)'")
        }
        guard isEncrypted else { return }
        if insecureSkipVerify, caFile != nil {
            throw ValidationError("--insecure-skip-verify and --ca-file exclude each other")
        }
        if trust.key != nil, trust.certificate == nil {
            throw ValidationError(
                "a client's key (--client-key) needs its certificate (--client-certificate)")
        }
        for path in [trust.authorities, trust.certificate, trust.key].compactMap({ $0 })
        where File.read(path) == nil {
            throw ValidationError("\(path) can't be read: \(File.lastError)")
        }
        if trust.believesEverybody {
            Say.line(
                "warning: the server's certificate is not verified: whoever is on the way can read the token")
        }
    }

    /// RFC 1123, as Kubernetes has it.
    private static func isLabel(_ text: String) -> Bool {
        let isInner: (UInt8) -> Bool = { (48...57).contains($0) || (97...122).contains($0) || $0 == 45 }
        return (1...63).contains(text.utf8.count) && text.utf8.allSatisfy(isInner)
            && text.utf8.first != 45 && text.utf8.last != 45
    }

    private var serverText: String { server ?? Environment.text("BATON_SERVER") ?? Endpoint.standard }

    var endpoint: Endpoint { Endpoint(serverText) ?? Endpoint(Endpoint.standard)! }
    var namespaceName: String { namespace ?? Environment.text("BATON_NAMESPACE") ?? "default" }
    /// Each keeps the tokens that it got: take one for a run.
    var credentials: Credentials { (try? readCredentials()) ?? Credentials(.none) }

    private func readCredentials() throws(CredentialsError) -> Credentials {
        try Credentials(environment: Environment.all, source: tokenSource, audience: tokenAudience)
    }

    var trust: Trust {
        var trust = Trust(environment: Environment.all)
        trust.authorities = caFile ?? trust.authorities
        trust.believesEverybody = insecureSkipVerify || (trust.believesEverybody && caFile == nil)
        if let clientCertificate {
            trust.certificate = clientCertificate
            // The environment's key is of another certificate.
            trust.key = nil
        }
        trust.key = clientKey ?? trust.key
        return trust
    }

    func transport() -> Transport { Transport(endpoint, credentials, trust, agent: "baton/\(Baton.version)") }
}

/// The process's environment as it was at the start.
enum Environment {
    static let all: [String: String] = {
        let entries = (File.read("/proc/self/environ") ?? []).split(separator: 0)
        let pairs = entries.compactMap { entry -> (String, String)? in
            guard let sign = entry.firstIndex(of: UInt8(ascii: "=")) else { return nil }
            return (
                String(decoding: entry[..<sign], as: UTF8.self),
                String(decoding: entry[(sign + 1)...], as: UTF8.self)
            )
        }
        return Dictionary(pairs) { first, _ in first }
    }()

    /// Nil when it isn't set, or empty.
    static func text(_ name: String) -> String? { all[name].flatMap { $0.isEmpty ? nil : $0 } }

    /// Of the hold that `run` or `campaign -o env` told of.
    static var token: Int64? { text("BATON_FENCING_TOKEN").flatMap { Int64($0) } }

    static var noToken: ValidationError {
        guard let text = text("BATON_FENCING_TOKEN") else {
            return ValidationError("no token: give --token, or set BATON_FENCING_TOKEN")
        }
        return ValidationError("BATON_FENCING_TOKEN '\(text)' isn't a token: a whole number is expected")
    }

    static var host: String {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        return name.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }
}

extension HolderIdentity {
    /// Of this process.
    static func here() -> HolderIdentity {
        HolderIdentity(environment: Environment.all, host: Environment.host, suffix: Random.hex(bytes: 4))
    }
}

/// A duration as an argument: `90`, `90s`, `1h30m`.
struct DurationArgument: CustomStringConvertible {
    let value: Duration

    init(_ value: Duration) { self.value = value }

    /// As an option's transform: what it refuses it explains.
    static func read(_ text: String) throws -> DurationArgument {
        guard let value = DurationText.parse(text) else {
            throw ValidationError(
                "a time such as 90s, 45m, 1h30m or 14d is expected, of 100 years at the most")
        }
        return DurationArgument(value)
    }

    /// By which things are deleted: 14 would be 14 seconds, and hardly anybody means that.
    static func age(_ text: String) throws -> DurationArgument {
        let argument = try read(text)
        guard argument.value == .zero || text.utf8.contains(where: { $0 >= UInt8(ascii: "a") }) else {
            throw ValidationError("it has no unit: \(text)d, \(text)h or \(text)s is expected")
        }
        return argument
    }

    var description: String { DurationText.show(value) }
}

/// As an option's transform. The range is said by whoever knows it.
func wholeNumber<Number: FixedWidthInteger>(_ text: String) throws -> Number {
    guard let number = Number(text) else { throw ValidationError("a whole number is expected") }
    return number
}

/// `key=value`.
struct PairArgument: ExpressibleByArgument {
    let key: String
    let value: String

    init?(argument: String) {
        guard let sign = argument.firstIndex(of: "="), sign != argument.startIndex else { return nil }
        key = String(argument[..<sign])
        value = String(argument[argument.index(after: sign)...])
    }

    /// A contradiction in them; nil if there is none.
    static func problem(_ pairs: [PairArgument], of option: String) -> String? {
        var values: [String: String] = [:]
        for pair in pairs {
            if let first = values.updateValue(pair.value, forKey: pair.key), first != pair.value {
                return "\(option) \(pair.key) is given as '\(first)' and as '\(pair.value)'"
            }
        }
        return nil
    }

    static func map(_ pairs: [PairArgument]) -> [String: String] {
        Dictionary(pairs.map { ($0.key, $0.value) }) { _, last in last }
    }
}

/// What is said to people goes to standard error; standard output is for results.
enum Say {
    static func line(_ text: String) {
        File.write(PlainText.lines(text, prefix: "baton: "), to: STDERR_FILENO)
    }
    static func result(_ text: String) { File.write(text, to: STDOUT_FILENO) }
}
