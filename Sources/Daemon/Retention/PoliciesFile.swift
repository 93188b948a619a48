import API
import Coordination
import Identity

/// The file that `retention.policiesFile` names: which markers are pruned by schedule. YAML; docs/retention.md
/// is its reference.
enum PoliciesFile {
    static func read(_ path: String?) throws(ConfigurationError) -> RetentionPolicies {
        guard let path else { return RetentionPolicies() }
        let text: [UInt8]
        do throws(SettingFileError) { text = try SettingFile.read(path, isSecret: false) } catch {
            throw ConfigurationError("retention.policiesFile: \(path): \(error.reason)")
        }
        do throws(ConfigurationError) { return try read(text, path: path) } catch {
            throw ConfigurationError("retention.policiesFile: \(error)")
        }
    }

    static func read(_ text: [UInt8], path: String) throws(ConfigurationError) -> RetentionPolicies {
        guard let root = try YAMLNode.read(text, path: path) else {
            throw ConfigurationError("\(path): it is empty; a list \"policies\" is expected")
        }
        let fields = try YAMLFields(root, path, "the file", ["policies"])
        var policies = RetentionPolicies()
        for node in try fields.list("policies") { policies.all.append(try policy(node, path)) }
        return policies
    }

    private static func policy(
        _ node: YAMLNode, _ path: String
    ) throws(ConfigurationError) -> RetentionPolicy {
        let fields = try YAMLFields(
            node, path, "a policy",
            ["namespaces", "names", "maxAge", "keep", "protectNames", "protectLabels"])
        var namespaces: [Glob] = []
        for text in try fields.optionalTexts("namespaces") ?? ["*"] {
            guard let glob = Glob(text) else {
                throw fields.error("namespaces", "\(text) is not valid; they are \(TokenFile.namespacesRule)")
            }
            namespaces.append(glob)
        }
        let policy = RetentionPolicy(
            namespaces: namespaces, names: try patterns("names", fields, or: ["*"]),
            maxAge: try age(fields), keep: try count(fields),
            protectedNames: try patterns("protectNames", fields, or: []),
            protectedLabels: try selectors(fields))
        guard policy.prunes || !policy.protectedNames.isEmpty || !policy.protectedLabels.isEmpty else {
            throw ConfigurationError(
                "\(path):\(node.line): a policy needs one of maxAge, keep, protectNames, protectLabels")
        }
        return policy
    }

    private static func patterns(
        _ name: String, _ fields: YAMLFields, or standard: [String]
    ) throws(ConfigurationError) -> [Wildcard] {
        var patterns: [Wildcard] = []
        for text in try fields.optionalTexts(name) ?? standard {
            guard Elections.isPattern(text) else {
                throw fields.error(name, "\(text) is not valid; it is \(Elections.patternRule)")
            }
            patterns.append(Wildcard(text))
        }
        return patterns
    }

    private static func age(_ fields: YAMLFields) throws(ConfigurationError) -> Interval? {
        guard let text = try fields.optionalText("maxAge") else { return nil }
        guard let age = Interval(text: text), age >= .seconds(1) else {
            throw fields.error("maxAge", "\(text) is not a duration such as 14d or 336h, of at least 1s")
        }
        return age
    }

    private static func count(_ fields: YAMLFields) throws(ConfigurationError) -> Int? {
        guard let text = try fields.optionalText("keep") else { return nil }
        guard let count = Int(text), (1...1_000_000).contains(count) else {
            throw fields.error("keep", "\(text) is not a whole number from 1 to 1000000")
        }
        return count
    }

    private static func selectors(_ fields: YAMLFields) throws(ConfigurationError) -> [MarkerSelector] {
        var selectors: [MarkerSelector] = []
        for text in try fields.optionalTexts("protectLabels") ?? [] {
            do throws(MarkerSelector.Malformed) { selectors.append(try MarkerSelector(text)) } catch {
                throw fields.error("protectLabels", "\(text): \(error.reason)")
            }
            if selectors.last?.selectsAll == true {
                throw fields.error("protectLabels", "an empty selector would protect all")
            }
        }
        return selectors
    }
}
