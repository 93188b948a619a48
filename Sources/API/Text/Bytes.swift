import Coordination

/// Numbers as text, straight into bytes: a `String` in between would cost an allocation each.
extension [UInt8] {
    mutating func append(decimal number: Int64) {
        if number < 0 { append(UInt8(ascii: "-")) }
        append(decimal: number.magnitude, digits: 1)
    }

    /// At least so many digits, with zeros before it.
    mutating func append(decimal number: UInt64, digits: Int) {
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

    /// Seconds with as many decimals as it takes: 30, 27.1, 0.000001.
    mutating func append(seconds interval: Interval) {
        let nanoseconds = interval.nanoseconds
        if nanoseconds < 0 { append(UInt8(ascii: "-")) }
        let (whole, fraction) = nanoseconds.magnitude.quotientAndRemainder(dividingBy: 1_000_000_000)
        append(decimal: whole, digits: 1)
        guard fraction > 0 else { return }
        append(UInt8(ascii: "."))
        append(decimal: fraction, digits: 9)
        while last == UInt8(ascii: "0") { removeLast() }
    }

    /// Two digits, in lower case.
    mutating func append(hexadecimal byte: UInt8) {
        append(hexDigits[Int(byte >> 4)])
        append(hexDigits[Int(byte & 15)])
    }
}

private let hexDigits = Array("0123456789abcdef".utf8)
