import Coordination
import JSON

/// Members of the core's types of time. One that is nil is left out.
extension JSONWriter {
    /// As a number of seconds, exactly.
    public mutating func member(_ name: StaticString, _ interval: Interval?) {
        guard let interval else { return }
        self.name(name)
        bytes.append(seconds: interval)
    }

    /// As RFC 3339 in UTC with microseconds.
    public mutating func member(_ name: StaticString, _ time: Timestamp?) {
        guard let time else { return }
        self.name(name)
        bytes.append(UInt8(ascii: "\""))
        bytes.append(date: time)
        bytes.append(UInt8(ascii: "\""))
    }
}
