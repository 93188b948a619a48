import CLinux
import Glibc

/// RFC 9110 §6.6.1: the `Date` field, rendered once a second.
struct DateField {
    private var bytes: [UInt8] = []
    private var staleAt = Int64.min

    /// The field with its CRLF. `now` is the loop's clock, which tells when to look at the wall's.
    mutating func rendered(now: Int64) -> [UInt8] {
        if now >= staleAt {
            let wall = loop_walltime()
            bytes = DateField.render(wall / 1_000_000_000)
            staleAt = now + 1_000_000_000 - wall % 1_000_000_000
        }
        return bytes
    }

    /// RFC 9110 §5.6.7: IMF-fixdate.
    static func render(_ seconds: Int64) -> [UInt8] {
        var time = time_t(seconds)
        var parts = tm()
        gmtime_r(&time, &parts)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let date = "\(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) \(parts.tm_year + 1900)"
        let clock = "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
        return Array("Date: \(days[Int(parts.tm_wday)]), \(date) \(clock) GMT\r\n".utf8)
    }
}
