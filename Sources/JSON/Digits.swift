/// Numbers as text, straight into bytes: a `String` in between would cost an allocation each.
extension [UInt8] {
    /// As few digits as it takes.
    public mutating func append(decimal number: Int64) {
        if number < 0 { append(UInt8(ascii: "-")) }
        append(decimal: number.magnitude, digits: 1)
    }

    /// At least so many digits, with zeros before it.
    public mutating func append(decimal number: UInt64, digits: Int) {
        var rest = number
        var count = 1
        while rest >= 10 {
            rest /= 10
            count += 1
        }
        let width = Swift.max(count, digits)
        let end = self.count + width
        append(contentsOf: repeatElement(UInt8(ascii: "0"), count: width))
        rest = number
        var at = end - 1
        while rest > 0 {
            self[at] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
            at -= 1
        }
    }

    /// Two digits, in lower case.
    public mutating func append(hexadecimal byte: UInt8) {
        append(hexDigits[Int(byte >> 4)])
        append(hexDigits[Int(byte & 15)])
    }
}

private let hexDigits = Array("0123456789abcdef".utf8)
