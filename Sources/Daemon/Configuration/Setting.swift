/// One setting: its key in the file, how its text becomes a value, and how its value becomes text. The
/// file, the environment and the flags all go through this table, so they can't disagree.
struct Setting: Sendable {
    let key: String
    /// Whether SIGHUP changes it in a running daemon; otherwise it waits for the next start.
    let isReloadable: Bool
    let apply: @Sendable (inout Configuration, String) throws(ConfigurationError) -> Void
    /// As it would stand in the file; empty where nothing is set.
    let show: @Sendable (Configuration) -> String
    /// Gives one configuration the value of another.
    let copy: @Sendable (_ from: Configuration, _ to: inout Configuration) -> Void

    typealias Path<Value> = any WritableKeyPath<Configuration, Value> & Sendable

    /// `read` says nil of a text that is no value; `expected` ends the sentence about it.
    init<Value: Sendable>(
        _ key: String, _ path: Path<Value>, reloads: Bool, expected: String,
        read: @escaping @Sendable (String) -> Value?, show: @escaping @Sendable (Value) -> String
    ) {
        self.key = key
        isReloadable = reloads
        apply = { (configuration, text) throws(ConfigurationError) in
            guard let value = read(text) else {
                throw ConfigurationError("\(key): \(text) is not \(expected)")
            }
            configuration[keyPath: path] = value
        }
        self.show = { show($0[keyPath: path]) }
        copy = { $1[keyPath: path] = $0[keyPath: path] }
    }

    /// Applies it and notes that it was given.
    func give(_ text: String, to configuration: inout Configuration) throws(ConfigurationError) {
        try apply(&configuration, text)
        configuration.given[key] = text
    }

    /// `lease.maxDuration` is `BATOND_LEASE_MAX_DURATION`.
    var environmentName: String {
        var name = "BATOND_"
        for character in key {
            if character == "." {
                name.append("_")
            } else {
                if character.isUppercase { name.append("_") }
                name.append(contentsOf: character.uppercased())
            }
        }
        return name
    }
}

extension StringProtocol {
    var trimmingSpace: SubSequence {
        let start = firstIndex { $0 != " " } ?? endIndex
        let end = lastIndex { $0 != " " }.map { index(after: $0) } ?? start
        return self[start..<end]
    }
}
