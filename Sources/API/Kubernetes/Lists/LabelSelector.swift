import Objects

/// `a=b,tier in (x,y),!gone`: which objects of a list are wanted, by their labels.
struct LabelSelector: Hashable, Sendable {
    enum Test: Hashable, Sendable {
        case exists
        case absent
        case isIn(Set<String>)
        /// Also where there is no such label.
        case isNotIn(Set<String>)
        case above(Int64)
        case below(Int64)
    }

    struct Requirement: Hashable, Sendable {
        var key: String
        var test: Test
    }

    var requirements: [Requirement] = []

    func matches(_ labels: [String: String]) -> Bool {
        requirements.allSatisfy { $0.test.holds(labels[$0.key]) }
    }

    /// Empty text wants everything.
    init(_ text: String) throws(Status) {
        var parser = LabelSelectorParser(text)
        do throws(Go.Message) { requirements = try parser.selector() } catch {
            throw .badRequest(error.text)
        }
    }
}

extension LabelSelector.Test {
    func holds(_ value: String?) -> Bool {
        switch self {
        case .exists: value != nil
        case .absent: value == nil
        case .isIn(let values): value.map { values.contains($0) } ?? false
        case .isNotIn(let values): value.map { !values.contains($0) } ?? true
        case .above(let bound): value.flatMap { Int64($0) }.map { $0 > bound } ?? false
        case .below(let bound): value.flatMap { Int64($0) }.map { $0 < bound } ?? false
        }
    }
}

/// The words of a selector.
enum LabelToken: Equatable {
    case end
    case word(String)
    /// `in`, `notin`, or one of `= == != ! > < ( ) ,`.
    case sign(String)
    /// Signs that make nothing together.
    case fault(String)

    static let symbols: Set<Character> = ["=", "!", "(", ")", ",", ">", "<"]
    static let signs: Set<String> = ["=", "==", "!=", "!", ">", "<", "(", ")", ","]

    /// As errors show it.
    var text: String {
        switch self {
        case .end: ""
        case .word(let text), .sign(let text): text
        case .fault(let text): "error expected: keyword found '\(text)'"
        }
    }

    static func scan(_ text: String) -> [LabelToken] {
        var tokens: [LabelToken] = []
        var rest = Substring(text)
        while true {
            rest = rest.drop { $0 == " " || $0 == "\t" || $0 == "\r" || $0 == "\n" || $0 == "\r\n" }
            guard let first = rest.first else { return tokens + [.end] }
            if symbols.contains(first) {
                // The longest sign that begins here: none is longer than two.
                let two = String(rest.prefix(2))
                let sign = signs.contains(two) ? two : String(first)
                tokens.append(.sign(sign))
                rest = rest.dropFirst(sign.count)
            } else {
                let word = rest.prefix { !symbols.contains($0) && !$0.isWhitespace }
                rest = rest.dropFirst(word.count)
                tokens.append(word == "in" || word == "notin" ? .sign(String(word)) : .word(String(word)))
            }
        }
    }
}
