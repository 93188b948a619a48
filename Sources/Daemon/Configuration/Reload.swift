/// What another reading of the configuration means for a running daemon.
struct Reload {
    struct Change: Equatable, CustomStringConvertible {
        var key: String
        var old: String
        var new: String

        var description: String {
            func shown(_ value: String) -> String { value.isEmpty ? "not set" : value }
            return "\(key): \(shown(old)) → \(shown(new))"
        }
    }

    /// What holds from now on: the new values of what can change, the old ones of what can't.
    let configuration: Configuration
    let changed: [Change]
    /// What has to wait for the next start.
    let deferred: [Change]

    /// - Throws: where the new values contradict old ones that only a restart would change.
    init(from old: Configuration, to new: Configuration) throws(ConfigurationError) {
        var merged = old
        merged.given = new.given
        var changed: [Change] = []
        var deferred: [Change] = []
        for setting in Setting.all {
            let change = Change(key: setting.key, old: setting.show(old), new: setting.show(new))
            guard change.old != change.new else { continue }
            if setting.isReloadable {
                setting.copy(new, &merged)
                changed.append(change)
            } else {
                deferred.append(change)
            }
        }
        try merged.validate()
        configuration = merged
        self.changed = changed
        self.deferred = deferred
    }
}
