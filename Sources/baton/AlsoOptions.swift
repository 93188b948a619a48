import ArgumentParser
import Client
import Digest

/// More names for one lock, all or none.
struct AlsoOptions: ParsableArguments {
    @Option(
        name: .customLong("also"),
        help: ArgumentHelp(
            "Another lock that is needed at the same time: all of them are held, or none; repeat it.",
            valueName: "name"))
    var names: [String] = []

    /// What contradicts itself; nil if nothing does.
    func problem(with name: String, once: Bool) -> String? {
        if names.isEmpty { return nil }
        if once { return "--also takes locks, which leave no done marker: leave out --once and --input" }
        if names.count > 15 { return "--also can be given 15 times at the most, not \(names.count)" }
        for (index, other) in names.enumerated() {
            do { try DerivedName.check(other) } catch { return "--also \(other): \(error.description)" }
            if other == name || names[..<index].contains(other) {
                return "--also \(other) is asked for already"
            }
        }
        return nil
    }
}
