import API
import Coordination
import Sockets
import Wire

/// A request that is whole, before it is known whose it is.
struct Arrival {
    var visit: Visit
    var asked: APIRequest
    /// As the Kubernetes face reads it; nil: it isn't this face's.
    var kubernetes: KubernetesRequest?
    var head: RequestHead
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
        waiting[arrival.visit.exchange.number] = (arrival, until)
        bytes += arrival.asked.body.count
        return true
    }

    /// Nil if it isn't here.
    mutating func remove(_ exchange: ExchangeID) -> Arrival? {
        guard let gone = waiting.removeValue(forKey: exchange.number)?.arrival else { return nil }
        bytes -= gone.asked.body.count
        return gone
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
        for arrival in late { _ = remove(arrival.visit.exchange) }
        return late
    }

    var nextWake: Instant? { waiting.values.map(\.until).min() }
}
