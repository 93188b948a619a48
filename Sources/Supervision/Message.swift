/// What travels between baton and its guardian: one message is one packet, so
/// that a baton killed in the middle of a word leaves no half of one.
///
///     kind (1 byte) | first (8, little endian) | second (8) | body
struct Message: Equatable {
    var kind: UInt8
    var first: UInt64 = 0
    var second: UInt64 = 0
    var body: [UInt8] = []

    /// What a packet holds at most; the commands themselves go as files in memory.
    static let bytesMax = 65_536
    static let headBytes = 17
    static let bodyBytesMax = bytesMax - headBytes

    var bytes: [UInt8] {
        var bytes = [kind]
        bytes.reserveCapacity(Self.headBytes + body.count)
        for number in [first, second] {
            for shift in stride(from: 0, to: 64, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: number >> shift))
            }
        }
        return bytes + body
    }

    init(kind: UInt8, first: UInt64 = 0, second: UInt64 = 0, body: [UInt8] = []) {
        self.kind = kind
        self.first = first
        self.second = second
        self.body = body
    }

    init?(bytes: ArraySlice<UInt8>) {
        guard bytes.count >= Self.headBytes else { return nil }
        let head = Array(bytes.prefix(Self.headBytes))
        func number(at offset: Int) -> UInt64 {
            (0..<8).reduce(0) { $0 | UInt64(head[offset + $1]) << (8 * UInt64($1)) }
        }
        self.init(
            kind: head[0], first: number(at: 1), second: number(at: 9),
            body: Array(bytes.dropFirst(Self.headBytes)))
    }
}

/// What baton asks of the guardian. Instants are nanoseconds of CLOCK_BOOTTIME.
enum Order: Equatable {
    /// Comes with descriptors: the command's image, then 0, 1 and 2 of the child,
    /// then the terminal if the child is to have it.
    case spawn(withTerminal: Bool)
    case report([UInt8])
    case signal(Int32)
    case end(grace: UInt64)
    case arm(termAt: UInt64, killAt: UInt64)
    case disarm
    case goodbye

    var message: Message {
        switch self {
        case .spawn(let withTerminal): Message(kind: 1, first: withTerminal ? 1 : 0)
        case .report(let bytes): Message(kind: 2, body: bytes)
        case .signal(let number): Message(kind: 3, first: UInt64(number))
        case .end(let grace): Message(kind: 4, first: grace)
        case .arm(let termAt, let killAt): Message(kind: 5, first: termAt, second: killAt)
        case .disarm: Message(kind: 6)
        case .goodbye: Message(kind: 7)
        }
    }

    init?(_ message: Message) {
        switch message.kind {
        case 1: self = .spawn(withTerminal: message.first != 0)
        case 2: self = .report(message.body)
        case 3: self = .signal(Int32(truncatingIfNeeded: message.first))
        case 4: self = .end(grace: message.first)
        case 5: self = .arm(termAt: message.first, killAt: message.second)
        case 6: self = .disarm
        case 7: self = .goodbye
        default: return nil
        }
    }
}

/// What the guardian tells baton.
enum Word: Equatable {
    case spawned(Int32)
    /// `stage` is a `baton_launch_stage`, or 0 when nothing was tried.
    case refused(stage: Int32, error: Int32)
    case childExited(ChildStatus)
    case childStopped(Int32)
    case treeGone
    case treeOutlives([Int32])
    case deadmanFired

    var message: Message {
        switch self {
        case .spawned(let pid): Message(kind: 1, first: UInt64(pid))
        case .refused(let stage, let error): Message(kind: 2, first: UInt64(stage), second: UInt64(error))
        case .childExited(.exited(let code)): Message(kind: 3, first: 0, second: UInt64(code))
        case .childExited(.signalled(let number)): Message(kind: 3, first: 1, second: UInt64(number))
        case .childStopped(let number): Message(kind: 4, first: UInt64(number))
        case .treeGone: Message(kind: 5)
        case .treeOutlives(let pids):
            Message(kind: 6, body: Array(pids.map(String.init).joined(separator: " ").utf8))
        case .deadmanFired: Message(kind: 7)
        }
    }

    init?(_ message: Message) {
        let first = Int32(truncatingIfNeeded: message.first)
        let second = Int32(truncatingIfNeeded: message.second)
        switch message.kind {
        case 1: self = .spawned(first)
        case 2: self = .refused(stage: first, error: second)
        case 3: self = .childExited(first == 0 ? .exited(second) : .signalled(second))
        case 4: self = .childStopped(first)
        case 5: self = .treeGone
        case 6:
            let pids = String(decoding: message.body, as: UTF8.self).split(separator: " ")
            self = .treeOutlives(pids.compactMap { Int32($0) })
        case 7: self = .deadmanFired
        default: return nil
        }
    }
}
