import Wire

/// What a parser said, in a form that doesn't depend on how the bytes were cut.
struct Heard: Equatable {
    var requests: [Message] = []
    var error: WireError?

    struct Message: Equatable {
        var line = ""
        var fields: [String] = []
        var body: [UInt8] = []
        var isComplete = false
    }

    mutating func hear(_ event: RequestParser.Event) {
        switch event {
        case .head(let head):
            let fields = (0..<head.fieldCount).map { "\(head.fieldName($0)):\(head.fieldValue($0))" }
            let line = "\(head.methodName) \(head.path)?\(head.query) \(head.framing) \(head.keepAlive)"
            requests.append(Message(line: line, fields: fields))
        case .body(let part): requests[requests.count - 1].body.append(contentsOf: part)
        case .end: requests[requests.count - 1].isComplete = true
        }
    }
}

/// Feeds the pieces one after another, until the end or an error.
func feed(_ pieces: [[UInt8]], limits: Limits = Limits()) -> Heard {
    var heard = Heard()
    var parser = RequestParser(limits: limits)
    for piece in pieces {
        let stopped = piece.withUnsafeBytes { bytes in
            var input = bytes
            do throws(WireError) {
                while let event = try parser.next(&input) { heard.hear(event) }
                return false
            } catch {
                heard.error = error
                return true
            }
        }
        if stopped { break }
    }
    return heard
}

func whole(_ text: String, limits: Limits = Limits()) -> Heard { feed([Array(text.utf8)], limits: limits) }

func byteByByte(_ text: String, limits: Limits = Limits()) -> Heard {
    feed(text.utf8.map { [$0] }, limits: limits)
}

/// The head of a text that is one, for tests of what it says.
func head(_ text: String) throws -> RequestHead {
    var parser = RequestParser()
    let event = try Array(text.utf8).withUnsafeBytes { bytes in
        var input = bytes
        return try parser.next(&input)
    }
    guard case .head(let head) = event else { throw WireError(status: 0, detail: "no head in \(text)") }
    return head
}

/// The same numbers for the same seed, for ever (SplitMix64).
struct Dice: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
