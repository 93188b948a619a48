import Objects

/// Numbers as Go reads them, with its words for what is none.
extension Go {
    /// `strconv.ParseUint(text, 10, 64)`; the error is the message of Go's.
    static func unsigned(_ text: String) -> Result<UInt64, Message> {
        guard isDigits(text) else { return .failure(syntax("ParseUint", text)) }
        return UInt64(text).map { .success($0) } ?? .failure(range("ParseUint", text))
    }

    /// `strconv.ParseInt(text, 10, 64)`.
    static func signed(_ text: String) -> Result<Int64, Message> {
        let isSigned = text.hasPrefix("-") || text.hasPrefix("+")
        guard isDigits(isSigned ? String(text.dropFirst()) : text) else {
            return .failure(syntax("ParseInt", text))
        }
        return Int64(text).map { .success($0) } ?? .failure(range("ParseInt", text))
    }

    struct Message: Error {
        var text: String
    }

    private static func isDigits(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 &- UInt8(ascii: "0") < 10 }
    }

    private static func syntax(_ function: String, _ text: String) -> Message {
        Message(text: "strconv.\(function): parsing \(quoted(text)): invalid syntax")
    }

    private static func range(_ function: String, _ text: String) -> Message {
        Message(text: "strconv.\(function): parsing \(quoted(text)): value out of range")
    }
}
