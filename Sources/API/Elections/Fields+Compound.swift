import Coordination
import JSON

/// Fields that are more than one value: durations, maps of strings, artifacts, findings.
extension Fields {
    /// "30s", "1h30m", or a number of seconds.
    func duration(_ name: String, in range: ClosedRange<Interval>) throws(Problem) -> Interval? {
        guard let value = self[name] else { return nil }
        let interval: Interval?
        switch value {
        case .string(let text): interval = Interval(text: text)
        case .number(let number): interval = number.real.flatMap { Interval(seconds: $0) }
        default: throw wrongKind(name, value, wanted: Self.rule(range))
        }
        guard let interval, range.contains(interval) else {
            let shown = value.string.map(quoted) ?? value.numberText
            throw problem(name, "is \(shown); it has to be \(Self.rule(range)).", allowed: Self.rule(range))
        }
        return interval
    }

    private static func rule(_ range: ClosedRange<Interval>) -> String {
        "a duration from \(range.lowerBound.text) to \(range.upperBound.text), such as \"30s\" or "
            + "\"1h30m\", or a number of seconds"
    }

    /// An object of strings. `key` says which names may be in it.
    func strings(
        _ name: String, max: Int, keyRule: String, isKey: (String) -> Bool
    ) throws(Problem) -> [String: String] {
        guard let value = self[name] else { return [:] }
        guard case .object(let members) = value else {
            throw wrongKind(name, value, wanted: "an object of strings")
        }
        var map: [String: String] = [:]
        map.reserveCapacity(members.count)
        var bytes = 0
        for member in members {
            guard isKey(member.name) else {
                throw problem(
                    name, "has the name \(quoted(member.name)); a name has to be \(keyRule).",
                    allowed: keyRule)
            }
            guard case .string(let text) = member.value else {
                throw problem(
                    name, "has \(member.value.kind) under \(quoted(member.name)); values have to be strings.",
                    allowed: "an object of strings")
            }
            guard !text.utf8.contains(0) else {
                let rule = "values without U+0000"
                throw problem(name, "has a U+0000 under \(quoted(member.name)).", allowed: rule)
            }
            bytes += member.name.utf8.count + text.utf8.count
            map[member.name] = text
        }
        guard bytes <= max else {
            let rule = "names and values of at most \(max) bytes in all"
            throw problem(name, "has \(bytes) bytes; it may have \(rule).", allowed: rule)
        }
        return map
    }

    /// Facts for people.
    func info(_ settings: Elections.Settings) throws(Problem) -> [String: String] {
        try strings(
            "info", max: settings.infoBytesMax, keyRule: "1 to 253 bytes without control characters",
            isKey: { (1...253).contains($0.utf8.count) && !Names.hasControl($0) })
    }

    /// How a piece of work ended.
    func finding(_ settings: Elections.Settings) throws(Problem) -> Finding {
        Finding(
            outcome: try choice("outcome", [("Succeeded", Outcome.succeeded), ("Failed", .failed)])
                ?? .succeeded,
            reason: try text("reason", max: settings.reasonBytesMax),
            result: try strings(
                "result", max: settings.resultBytesMax,
                keyRule: "a letter or \"_\", then letters, digits, \"_\" and \"-\"", isKey: Names.isResultKey),
            artifacts: try artifacts(settings))
    }

    private func artifacts(_ settings: Elections.Settings) throws(Problem) -> [Artifact] {
        guard let value = self["artifacts"] else { return [] }
        guard case .array(let items) = value else {
            throw wrongKind("artifacts", value, wanted: "an array of objects")
        }
        guard items.count <= settings.artifactsMax else {
            let rule = "at most \(settings.artifactsMax) artifacts"
            throw problem("artifacts", "has \(items.count); there may be \(rule).", allowed: rule)
        }
        var artifacts: [Artifact] = []
        var names: Set<String> = []
        for (index, item) in items.enumerated() {
            let fields = try Fields(item, path: "artifacts[\(index)].", allowed: ["name", "digest", "size"])
            let artifact = try fields.artifact(settings)
            guard names.insert(artifact.name).inserted else {
                throw fields.problem(
                    "name", "comes twice: \(quoted(artifact.name)).", allowed: "a name of its own")
            }
            artifacts.append(artifact)
        }
        return artifacts
    }

    private func artifact(_ settings: Elections.Settings) throws(Problem) -> Artifact {
        guard let name = try word("name", max: settings.artifactNameBytesMax) else { throw required("name") }
        guard let digest = try digest("digest") else { throw required("digest") }
        return Artifact(
            name: name, digest: digest, size: try integer("size", in: 0...revisionRange.upperBound))
    }
}
