import API
import Coordination
import Sockets
import Wire

/// A request that is whole, before it is known whose it is.
struct Arrival {
    var asked: APIRequest
    var route: RouteTemplate
    var head: RequestHead
    var exchange: ExchangeID
}

/// Where requests wait whose issuer's keys are being fetched: so many, and so long, at the most. Anybody
/// can send such requests.
struct Lobby {
    static let countMax = 1000
    /// Of bodies together.
    static let bytesMax = 16 << 20
    static let timeMax = Interval.seconds(10)

    private var waiting: [UInt64: (arrival: Arrival, until: Instant)] = [:]
    private var bytes = 0

    /// False if there is no room.
    mutating func admit(_ arrival: Arrival, until: Instant) -> Bool {
        guard waiting.count < Self.countMax, bytes + arrival.asked.body.count <= Self.bytesMax else {
            return false
        }
        waiting[arrival.exchange.number] = (arrival, until)
        bytes += arrival.asked.body.count
        return true
    }

    /// False if it isn't here.
    mutating func remove(_ exchange: ExchangeID) -> Bool {
        guard let gone = waiting.removeValue(forKey: exchange.number) else { return false }
        bytes -= gone.arrival.asked.body.count
        return true
    }

    /// Everybody, in order of arrival; nobody is left.
    mutating func takeAll() -> [(arrival: Arrival, until: Instant)] {
        defer {
            waiting = [:]
            bytes = 0
        }
        return waiting.sorted { $0.key < $1.key }.map(\.value)
    }

    /// Whose time is over.
    mutating func takeLate(at now: Instant) -> [Arrival] {
        guard let nextWake, nextWake <= now else { return [] }
        let late = waiting.values.filter { $0.until <= now }.map(\.arrival)
        for arrival in late { _ = remove(arrival.exchange) }
        return late
    }

    var nextWake: Instant? { waiting.values.map(\.until).min() }
}
