/// Puts a configuration together: defaults, then the file, then the environment, then flags.
public struct ConfigurationSources: Sendable {
    /// The file's text and its path; nil if there is none.
    public var file: (text: [UInt8], path: String)?
    public var environment: [String: String]
    /// `key=value`, as flags gave them.
    public var overrides: [(key: String, value: String)]

    /// Whether the service manager gave a socket for TLS.
    public var isTLSGiven: Bool

    public init(
        file: (text: [UInt8], path: String)? = nil, environment: [String: String] = [:],
        overrides: [(key: String, value: String)] = [], isTLSGiven: Bool = false
    ) {
        self.file = file
        self.environment = environment
        self.overrides = overrides
        self.isTLSGiven = isTLSGiven
    }

    public func configuration() throws(ConfigurationError) -> Configuration {
        var configuration = Configuration()
        configuration.isTLSGiven = isTLSGiven
        let settings = Dictionary(uniqueKeysWithValues: Setting.all.map { ($0.key, $0) })
        if let file {
            for entry in try YAMLSettings.read(file.text, path: file.path) {
                // A section all of whose settings are commented out, as in the manual itself.
                if entry.value.isEmpty, settings.keys.contains(where: { $0.hasPrefix(entry.key + ".") }) {
                    continue
                }
                guard let setting = settings[entry.key] else {
                    throw ConfigurationError(
                        "\(file.path):\(entry.line): there is no setting \(entry.key)\(Self.hint(entry.key))")
                }
                do throws(ConfigurationError) {
                    try setting.give(entry.value, to: &configuration)
                } catch {
                    throw ConfigurationError("\(file.path):\(entry.line): \(error)")
                }
            }
        }
        try applyEnvironment(&configuration)
        for (key, value) in overrides {
            guard let setting = settings[key] else {
                throw ConfigurationError("--set: there is no setting \(key)\(Self.hint(key))")
            }
            try setting.give(value, to: &configuration)
        }
        try configuration.validate()
        return configuration
    }

    private func applyEnvironment(_ configuration: inout Configuration) throws(ConfigurationError) {
        let settings = Dictionary(uniqueKeysWithValues: Setting.all.map { ($0.environmentName, $0) })
        for (name, value) in environment where name.hasPrefix("BATOND_") && name != "BATOND_CONFIG" {
            guard let setting = settings[name] else {
                throw ConfigurationError("\(name): the environment names no setting of batond")
            }
            do throws(ConfigurationError) {
                try setting.give(value, to: &configuration)
            } catch {
                throw ConfigurationError("\(name): \(error)")
            }
        }
    }

    /// The keys that are most like a wrong one.
    private static func hint(_ key: String) -> String {
        let last = key.split(separator: ".").last.map { $0.lowercased() } ?? ""
        let similar = Setting.all.map(\.key).filter {
            let own = $0.lowercased()
            return own.contains(last) || own.split(separator: ".").contains { last.hasPrefix($0) }
        }
        guard last.count > 2, !similar.isEmpty else { return "; config/batond.yaml lists them all" }
        // Those of the same section first.
        let section = key.prefix { $0 != "." } + "."
        let near = similar.filter { $0.hasPrefix(section) } + similar.filter { !$0.hasPrefix(section) }
        return "; did you mean \(near.prefix(3).joined(separator: ", "))?"
    }
}
