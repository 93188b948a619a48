// What the fuzzer calls. Compiled together with Sources/Wire by run.sh, as one module, so that it
// sees the offsets; no part of the package.
//
// An input is four bytes and then what a peer sends. The first byte chooses the limits: an odd one
// ("s") small ones, an even one ("d") the daemon's. The next three are the lengths of the pieces in
// which the bytes come, in turns, modulo 32: "a" is 1, "p" is 16, "@" an empty piece.

/// Traps on whatever the parser must never do; libFuzzer keeps the input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count > 4 else { return 0 }
    let input = UnsafeRawBufferPointer(start: start, count: count)
    let limits = input[0] & 1 == 1 ? smallLimits : Limits()
    let sent = UnsafeRawBufferPointer(rebasing: input[4...])
    let whole = heard(sent, pieces: [sent.count], limits)
    let lengths = input[1..<4].map { Int($0 & 31) }
    guard lengths.contains(where: { $0 > 0 }) else { return 0 }
    let cut = heard(sent, pieces: lengths, limits)
    precondition(whole == cut, "cuts changed what was heard")
    return 0
}

/// So small that short inputs reach them.
let smallLimits = Limits(
    headBytes: 120, targetBytes: 40, headerCount: 4, bodyBytes: 24, chunkExtensionBytes: 10,
    trailerBytes: 24)

/// What a parser said, in a form that doesn't depend on how the bytes were cut.
struct Transcript: Equatable {
    var words: [Int] = []
    var bytes: [UInt8] = []
    var error: WireError?

    mutating func hear(_ head: RequestHead) {
        words.append(-1)
        words += [Int(head.methodEnd), Int(head.pathStart), Int(head.pathEnd), Int(head.queryStart)]
        words += [Int(head.queryEnd), Int(head.method.rawValue), Int(head.flags.rawValue)]
        words += [bodyLength(head), head.bytes.count]
        for field in head.fields {
            words += [Int(field.nameStart), Int(field.nameEnd), Int(field.valueStart), Int(field.valueEnd)]
        }
        bytes += head.bytes
    }

    private func bodyLength(_ head: RequestHead) -> Int {
        switch head.framing {
        case .none: 0
        case .length(let count): count
        case .chunked: -2
        }
    }
}

/// Feeds `sent` in pieces of these lengths, in turns.
func heard(_ sent: UnsafeRawBufferPointer, pieces: [Int], _ limits: Limits) -> Transcript {
    var parser = RequestParser(limits: limits)
    var transcript = Transcript()
    var ledger = Ledger(limits: limits)
    var at = 0
    var turn = 0
    while at < sent.count, transcript.error == nil {
        let length = min(pieces[turn % pieces.count], sent.count - at)
        turn += 1
        // A copy of its own: a look beyond the piece is a look beyond an allocation.
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: length, alignment: 1)
        defer { piece.deallocate() }
        piece.copyMemory(from: UnsafeRawBufferPointer(rebasing: sent[at..<(at + length)]))
        feed(UnsafeRawBufferPointer(piece), &parser, &transcript, &ledger)
        at += length
    }
    transcript.words += [parser.isIdle ? 1 : 0, parser.isInHead ? 1 : 0, ledger.body]
    return transcript
}

func feed(
    _ piece: UnsafeRawBufferPointer, _ parser: inout RequestParser, _ transcript: inout Transcript,
    _ ledger: inout Ledger
) {
    var input = piece
    do throws(WireError) {
        while true {
            let before = input.count
            let event = try parser.next(&input)
            // What is left is always the end of what there was.
            precondition(input.count <= before, "the input grew")
            if input.count > 0 {
                let end = piece.baseAddress! + piece.count
                precondition(input.baseAddress! + input.count == end, "the input moved")
            }
            guard let event else {
                precondition(input.isEmpty, "something was left and nothing said")
                return
            }
            switch event {
            case .head(let head):
                ledger.begin(head)
                transcript.hear(head)
            case .body(let part):
                precondition(part.count > 0 && part.baseAddress! >= piece.baseAddress!)
                precondition(part.baseAddress! + part.count <= piece.baseAddress! + piece.count)
                ledger.add(part.count)
                transcript.bytes += part
            case .end:
                transcript.words += [-3, ledger.body]
                ledger.end()
            }
        }
    } catch {
        precondition([400, 411, 413, 414, 417, 431, 501, 505].contains(error.status), "an unknown status")
        transcript.error = error
        var again = piece
        let second = Result { () throws(WireError) in try parser.next(&again) }
        guard case .failure(error) = second else { fatalError("an error that isn't repeated") }
    }
}

/// The order of events, and the amounts.
struct Ledger {
    let limits: Limits
    var framing: RequestHead.BodyFraming?
    var body = 0

    init(limits: Limits) { self.limits = limits }

    mutating func begin(_ head: RequestHead) {
        precondition(framing == nil, "a head within a request")
        judge(head, limits)
        framing = head.framing
        body = 0
    }

    mutating func add(_ count: Int) {
        precondition(framing != nil && framing != RequestHead.BodyFraming.none, "a body that no head told")
        body += count
        precondition(body <= limits.bodyBytes, "more body than the limit")
        if case .length(let length) = framing { precondition(body <= length, "more body than its length") }
    }

    mutating func end() {
        precondition(framing != nil, "an end without a head")
        if case .length(let length) = framing { precondition(body == length, "an end before the length") }
        framing = nil
    }
}
