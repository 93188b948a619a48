import Objects

/// Reads a label selector, and refuses in the words of the reference.
///
///     selector    = [ requirement *( "," requirement ) ]
///     requirement = key / "!" key / key ( "=" / "==" / "!=" / ">" / "<" ) value / key ( "in" / "notin" ) "(" values ")"
struct LabelSelectorParser {
    private let tokens: [LabelToken]
    private var at = 0

    init(_ text: String) { tokens = LabelToken.scan(text) }

    private static func fault(_ token: LabelToken, _ expected: String) -> Go.Message {
        Go.Message(text: "found '\(token.text)', expected: \(expected)")
    }

    private static let operators = "in, notin, =, ==, !=, gt, lt"

    private var next: LabelToken { tokens[at] }

    private mutating func take() -> LabelToken {
        let token = tokens[at]
        // The end is there for as often as it is asked for.
        if token != .end { at += 1 }
        return token
    }

    /// The word of a key or a value, where `in` and `notin` are words like others.
    private static func word(_ token: LabelToken) -> String? {
        switch token {
        case .word(let text): text
        case .sign("in"): "in"
        case .sign("notin"): "notin"
        default: nil
        }
    }

    private static func beginsRequirement(_ token: LabelToken) -> Bool {
        token == .sign("!") || word(token) != nil
    }

    mutating func selector() throws(Go.Message) -> [LabelSelector.Requirement] {
        var requirements: [LabelSelector.Requirement] = []
        while true {
            if next == .end { return requirements }
            guard Self.beginsRequirement(next) else {
                throw Self.fault(next, "!, identifier, or 'end of string'")
            }
            do throws(Go.Message) { requirements.append(try requirement()) } catch {
                throw Go.Message(text: "unable to parse requirement: \(error.text)")
            }
            switch take() {
            case .end: return requirements
            case .sign(","):
                guard Self.beginsRequirement(next) else { throw Self.fault(next, "identifier after ','") }
            case let other: throw Self.fault(other, "',' or 'end of string'")
            }
        }
    }

    private mutating func requirement() throws(Go.Message) -> LabelSelector.Requirement {
        let isNegated = next == .sign("!")
        if isNegated { _ = take() }
        let token = take()
        guard let key = Self.word(token) else { throw Self.fault(token, "identifier") }
        if let wrong = LabelRules.faultOfKey(key) {
            throw Go.Message(text: "<nil>: Invalid value: \(Go.quoted(key)): \(wrong)")
        }
        if isNegated { return LabelSelector.Requirement(key: key, test: .absent) }
        if next == .end || next == .sign(",") {
            return LabelSelector.Requirement(key: key, test: .exists)
        }
        return LabelSelector.Requirement(key: key, test: try test(of: key))
    }

    private mutating func test(of key: String) throws(Go.Message) -> LabelSelector.Test {
        let sign = take()
        switch sign {
        case .sign("in"): return .isIn(try valid(try values(), key))
        case .sign("notin"): return .isNotIn(try valid(try values(), key))
        case .sign("="), .sign("=="): return .isIn(try valid([try value()], key))
        case .sign("!="): return .isNotIn(try valid([try value()], key))
        case .sign(">"): return .above(try bound(key))
        case .sign("<"): return .below(try bound(key))
        default: throw Self.fault(sign, Self.operators)
        }
    }

    private mutating func value() throws(Go.Message) -> String {
        if next == .end || next == .sign(",") { return "" }
        let token = take()
        guard let word = Self.word(token) else { throw Self.fault(token, "identifier") }
        return word
    }

    private mutating func bound(_ key: String) throws(Go.Message) -> Int64 {
        let value = try value()
        guard case .success(let bound) = Go.signed(value) else {
            throw Go.Message(
                text:
                    "values[0]: Invalid value: \(Go.quoted(value)): for 'Gt', 'Lt' operators, the value must be "
                    + "an integer")
        }
        return bound
    }

    /// `(x,y)`. Between commas, and between the brackets, nothing stands for the empty value.
    private mutating func values() throws(Go.Message) -> [String] {
        let open = take()
        guard open == .sign("(") else {
            throw Go.Message(text: "found '\(open.text)' expected: '('")
        }
        var values: [String] = []
        while true {
            if let word = Self.word(next) {
                _ = take()
                values.append(word)
            } else if next == .sign(",") || next == .sign(")") {
                values.append("")
            } else {
                throw Self.fault(next, values.isEmpty ? "',', ')' or identifier" : "',', or identifier")
            }
            switch take() {
            case .sign(")"): return values
            case .sign(","): continue
            case let other: throw Self.fault(other, "',' or ')'")
            }
        }
    }

    private func valid(_ values: [String], _ key: String) throws(Go.Message) -> Set<String> {
        for (index, value) in Set(values).sorted().enumerated() {
            guard let wrong = LabelRules.faultOfValue(value) else { continue }
            throw Go.Message(text: "values[\(index)][\(key)]: Invalid value: \(Go.quoted(value)): \(wrong)")
        }
        return Set(values)
    }
}
