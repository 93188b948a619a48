/// Where the members of an object stand in its text: found without reading their values, which cost most.
///
/// For text that `JSONWriter` wrote: there is no white space, and no name has anything escaped in it. What is not
/// like that has no outline; what is inside the values nobody looks at.
public struct JSONOutline {
    public struct Member {
        /// Of the name, without its quotes.
        public var name: Range<Int>
        public var value: Range<Int>
    }

    private let bytes: UnsafeBufferPointer<UInt8>
    private var at = 0

    /// Calls `body` for each member. False: this is no such text.
    public static func read(_ text: [UInt8], _ body: (UnsafeBufferPointer<UInt8>, Member) -> Void) -> Bool {
        text.withUnsafeBufferPointer { bytes in
            var outline = JSONOutline(bytes: bytes)
            return outline.object { body(bytes, $0) }
        }
    }

    private init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    private mutating func object(_ body: (Member) -> Void) -> Bool {
        guard take(UInt8(ascii: "{")) else { return false }
        if take(UInt8(ascii: "}")) { return at == bytes.count }
        repeat {
            let start = at
            guard skipString(), take(UInt8(ascii: ":")) else { return false }
            let name = start + 1..<at - 2
            let value = at
            guard skipValue() else { return false }
            body(Member(name: name, value: value..<at))
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "}")) && at == bytes.count
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard at < bytes.count, bytes[at] == byte else { return false }
        at += 1
        return true
    }

    private mutating func skipString() -> Bool {
        guard take(UInt8(ascii: "\"")) else { return false }
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "\""):
                at += 1
                return true
            case UInt8(ascii: "\\"): at += 2
            default: at += 1
            }
        }
        return false
    }

    /// Up to the comma behind it, or the end of what it is in.
    private mutating func skipValue() -> Bool {
        let start = at
        var depth = 0
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "\""): guard skipString() else { return false }
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                at += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return at > start }
                depth -= 1
                at += 1
            case UInt8(ascii: ",") where depth == 0: return at > start
            default: at += 1
            }
        }
        return false
    }
}
