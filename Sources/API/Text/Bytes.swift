import Coordination
import JSON

extension [UInt8] {
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
}
