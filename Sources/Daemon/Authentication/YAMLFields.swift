/// The members of a mapping, each with a name that is known.
struct YAMLFields {
    private let path: String
    private let line: Int
    private let members: [String: YAMLNode.Member]

    /// - Parameters:
    ///   - what: what the mapping describes, for errors.
    ///   - names: what there may be.
    init(_ node: YAMLNode, _ path: String, _ what: String, _ names: [String]) throws(ConfigurationError) {
        guard case .mapping(let members) = node.value else {
            throw ConfigurationError(
                "\(path):\(node.line): \(what) is a mapping of \(names.joined(separator: ", "))")
        }
        for member in members where !names.contains(member.name) {
            throw ConfigurationError(
                "\(path):\(member.line): \(what) has no \(member.name); there are \(names.joined(separator: ", "))"
            )
        }
        self.path = path
        line = node.line
        self.members = Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0) })
    }

    func error(_ name: String, _ what: String) -> ConfigurationError {
        ConfigurationError("\(path):\(members[name]?.line ?? line): \(name): \(what)")
    }

    func optionalText(_ name: String) throws(ConfigurationError) -> String? {
        guard let member = members[name] else { return nil }
        guard case .scalar(let text) = member.node.value, !text.isEmpty else {
            throw error(name, "a text is expected")
        }
        return text
    }

    func text(_ name: String) throws(ConfigurationError) -> String {
        guard let text = try optionalText(name) else { throw error(name, "is missing") }
        return text
    }

    /// One, or a list of at least one.
    func texts(_ name: String) throws(ConfigurationError) -> [String] {
        guard let member = members[name] else { throw error(name, "is missing") }
        return try Self.texts(member.node, path, name)
    }

    /// As `texts`; nil if it isn't there.
    func optionalTexts(_ name: String) throws(ConfigurationError) -> [String]? {
        guard members[name] != nil else { return nil }
        return try texts(name)
    }

    func list(_ name: String) throws(ConfigurationError) -> [YAMLNode] {
        guard case .list(let items)? = members[name]?.node.value, !items.isEmpty else {
            throw error(name, "a list of at least one is expected")
        }
        return items
    }

    /// Empty if it isn't there.
    func optionalMapping(_ name: String) throws(ConfigurationError) -> [YAMLNode.Member] {
        guard let member = members[name] else { return [] }
        guard case .mapping(let inner) = member.node.value, !inner.isEmpty else {
            throw error(name, "a mapping is expected")
        }
        return inner
    }

    static func texts(
        _ node: YAMLNode, _ path: String, _ name: String
    ) throws(ConfigurationError) -> [String] {
        let items: [YAMLNode] = if case .list(let items) = node.value { items } else { [node] }
        var texts: [String] = []
        for item in items {
            guard case .scalar(let text) = item.value else {
                throw ConfigurationError("\(path):\(item.line): \(name): a text is expected")
            }
            texts.append(text)
        }
        guard !texts.isEmpty else {
            throw ConfigurationError("\(path):\(node.line): \(name): at least one is expected")
        }
        return texts
    }
}
