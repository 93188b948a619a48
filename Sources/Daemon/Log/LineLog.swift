import API
import Coordination
import Glibc
import JSON
import Logging
import Synchronization

/// How all loggers write. It may change while they do.
public final class LogStyle: Sendable {
    private let style: Mutex<(level: Logger.Level, isJSON: Bool)>

    public init(_ configuration: Configuration) { style = Mutex(Self.style(configuration)) }

    func change(to configuration: Configuration) {
        style.withLock { $0 = Self.style(configuration) }
    }

    var level: Logger.Level { style.withLock { $0.level } }
    var isJSON: Bool { style.withLock { $0.isJSON } }

    private static func style(_ configuration: Configuration) -> (Logger.Level, Bool) {
        (Logger.Level(rawValue: configuration.logLevel) ?? .info, configuration.logFormat == "json")
    }
}

/// A log on standard error: lines for a terminal, or JSON objects for machines. One event is one line,
/// whatever is in it.
public struct LineLog: LogHandler {
    public var metadata: Logger.Metadata = [:]
    private let style: LogStyle
    /// Of this logger alone, if somebody set one.
    private var ownLevel: Logger.Level?

    public init(_ style: LogStyle) { self.style = style }

    public var logLevel: Logger.Level {
        get { ownLevel ?? style.level }
        set { ownLevel = newValue }
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        let facts = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        let time = Timestamp.wallNow.text
        var line: [UInt8]
        if style.isJSON {
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
