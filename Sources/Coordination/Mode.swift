/// How a hold shares its name with others. What isn't exclusive is a lock: it leaves no marker.
public enum Mode: Hashable, Sendable {
    /// Alone.
    case exclusive
    /// Together with others that are shared; an exclusive one waits for all of them.
    case shared
    /// Together with others of the same number, up to so many.
    case permits(Int)
    /// Beside whatever there is, without an election: it is recorded, and nothing else.
    case observe

    /// Whether such a hold has a lease of its own.
    public var isGrouped: Bool { self != .exclusive }

    /// Whether both may be asked for on one name at a time. Shared and exclusive are made for each
    /// other; a number of permits goes with itself only.
    func mixes(with other: Mode) -> Bool {
        switch (self, other) {
        case (.observe, _), (_, .observe): true
        case (.permits(let mine), .permits(let others)): mine == others
        case (.permits, _), (_, .permits): false
        default: true
        }
    }
}

// A shared hold, or one of several permits, is the hold of a lease of its own, a member of the name:
// so it has its own deadline, its own object, and goes through everything that a hold goes through.
// The name's own lease keeps what outlives its members.

extension Key {
    private static let mark = ".hold-"

    /// The lease of the hold that has this token.
    public func member(_ token: FencingToken) -> Key {
        Key(namespace: namespace, name: memberPrefix + String(token))
    }

    /// With what the names of this one's members begin.
    public var memberPrefix: String { name + Self.mark }

    /// The name that this one would be a member of, by its form: `NAME.hold-<token>`. Such names are
    /// kept for members.
    public var group: Key? {
        var name = name
        let count = name.withUTF8 { bytes -> Int? in
            var end = bytes.count
            while end > 0, Self.isDigit(bytes[end - 1]) { end -= 1 }
            let digits = bytes[end...]
            let mark = Self.mark.utf8
            guard 1...16 ~= digits.count, digits.first != UInt8(ascii: "0"), end > mark.count,
                bytes[(end - mark.count)..<end].elementsEqual(mark)
            else { return nil }
            return end - mark.count
        }
        return count.map {
            Key(namespace: namespace, name: String(decoding: name.utf8.prefix($0), as: UTF8.self))
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
