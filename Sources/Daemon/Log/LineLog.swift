import API
import Coordination
import Glibc
import JSON
import Logging

/// A log on standard error: lines for a terminal, or JSON objects for machines. One event is one line,
/// whatever is in it.
public struct LineLog: LogHandler {
    public var metadata: Logger.Metadata = [:]
    public var logLevel: Logger.Level
    private let isJSON: Bool

    public init(level: Logger.Level, json: Bool) {
        logLevel = level
        isJSON = json
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        let facts = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        let time = Timestamp.wallNow.text
        var line: [UInt8]
        if isJSON {
            var writer = JSONWriter()
            writer.object { json in
                json.member("time", time)
                json.member("level", event.level.rawValue)
                json.member("message", event.message.description)
                json.member("facts", facts.reduce(into: [:]) { $0[$1.key] = $1.value.description })
            }
            line = LogText.escapedJSON(writer.bytes)
        } else {
            var text = "\(time) \(event.level.rawValue): \(LogText.escaped(event.message.description))"
            for (key, value) in facts { text += " \(key)=\(LogText.value(value.description))" }
            line = Array(text.utf8)
        }
        line.append(UInt8(ascii: "\n"))
        // One write: lines of different threads don't mix.
        _ = line.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
    }
}
