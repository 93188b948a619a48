/// Puts a configuration together: defaults, then the file, then the environment, then flags.
public struct ConfigurationSources: Sendable {
    /// The file's text and its path; nil if there is none.
    public var file: (text: [UInt8], path: String)?
    public var environment: [String: String]
    /// `key=value`, as flags gave them.
    public var overrides: [(key: String, value: String)]

    public init(
        file: (text: [UInt8], path: String)? = nil, environment: [String: String] = [:],
        overrides: [(key: String, value: String)] = []
    ) {
        self.file = file
        self.environment = environment
        self.overrides = overrides
    }

    public func configuration() throws(ConfigurationError) -> Configuration {
        var configuration = Configuration()
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
                    try setting.apply(&configuration, entry.value)
                    configuration.given[setting.key] = entry.value
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
            try setting.apply(&configuration, value)
            configuration.given[setting.key] = value
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
                try setting.apply(&configuration, value)
                configuration.given[setting.key] = value
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
        return "; did you mean \(similar.prefix(3).joined(separator: ", "))?"
    }
}
