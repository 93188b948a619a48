/// A request that is rendered once. What differs from use to use is written over in place:
/// eight digits of a serial number, and sixteen places of a fencing token or a resource version.
struct Request {
    private(set) var bytes: [UInt8]
    private let serials: [Int]
    private let tokens: [Int]
    private let versions: [Int]

    /// Where the serial number goes, in a path or a body.
    static let serial = "########"
    /// Where the token goes. JSON lets a number have spaces before it, not zeros.
    static let token = "~~~~~~~~~~~~~~~~"
    /// Where the resource version goes, in a string: with zeros before it.
    static let version = "^^^^^^^^^^^^^^^^"

    init(_ method: String, _ path: String, streaming: Bool = false, body: String? = nil) {
        var text = "\(method) \(path) HTTP/1.1\r\nHost: bench\r\n"
        if streaming { text += "Accept: application/x-ndjson\r\n" }
        if let body {
            text += "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        } else {
            text += "\r\n"
        }
        bytes = Array(text.utf8)
        serials = Self.places(of: Self.serial, in: bytes)
        tokens = Self.places(of: Self.token, in: bytes)
        versions = Self.places(of: Self.version, in: bytes)
        set(serial: 0)
        set(token: 0)
    }

    /// The head of a request whose body, so many bytes, may or may not follow.
    init(_ method: String, _ path: String, announcing length: Int) {
        let head = "\(method) \(path) HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
        bytes = Array("\(head)Content-Length: \(length)\r\n\r\n".utf8)
        serials = []
        tokens = []
        versions = []
    }

    private static func places(of mark: String, in bytes: [UInt8]) -> [Int] {
        let mark = Array(mark.utf8)
        guard bytes.count >= mark.count else { return [] }
        return (0...(bytes.count - mark.count)).filter { bytes[$0..<($0 + mark.count)].elementsEqual(mark) }
    }

    mutating func set(serial: Int) { put(UInt64(serial), at: serials, digits: Self.serial.utf8.count) }

    mutating func set(version: UInt64) { put(version, at: versions, digits: Self.version.utf8.count) }

    private mutating func put(_ number: UInt64, at places: [Int], digits: Int) {
        for place in places {
            var rest = number
            for index in (place..<(place + digits)).reversed() {
                bytes[index] = 0x30 + UInt8(rest % 10)
                rest /= 10
            }
        }
    }

    mutating func set(token: UInt64) {
        for place in tokens {
            var rest = token
            for index in (place..<(place + Self.token.utf8.count)).reversed() {
                bytes[index] = rest > 0 || index == place + 15 ? 0x30 + UInt8(rest % 10) : 0x20
                rest /= 10
            }
        }
    }

    func with(token: UInt64) -> Request {
        var copy = self
        copy.set(token: token)
        return copy
    }
}

/// What a client asks of one name. `name` and `holder` may hold `Request.serial`.
struct Verbs {
    let namespace: String

    enum Marker: String { case once, none }

    func campaign(
        _ name: String, by holder: String, marker: Marker, duration: String = "30s", wait: String? = nil
    ) -> Request {
        let path = "\(lease(name))/campaign" + (wait.map { "?wait=\($0)" } ?? "")
        return Request(
            "POST", path, streaming: wait != nil,
            body: """
                {"holderIdentity":"\(holder)","campaignID":"c-\(holder)",\
                "leaseDuration":"\(duration)","marker":"\(marker.rawValue)"}
                """)
    }

    func renew(_ name: String, by holder: String) -> Request { claim("renew", name, holder) }
    func complete(_ name: String, by holder: String) -> Request { claim("complete", name, holder) }
    func resign(_ name: String, by holder: String) -> Request { claim("resign", name, holder) }

    /// A plain wait for a marker, held back for as long as the daemon does.
    func wait(_ name: String) -> Request {
        Request("GET", "/v1/namespaces/\(namespace)/markers/\(name)?wait=25s")
    }

    private func lease(_ name: String) -> String { "/v1/namespaces/\(namespace)/leases/\(name)" }

    private func claim(_ verb: String, _ name: String, _ holder: String) -> Request {
        Request(
            "POST", "\(lease(name))/\(verb)",
            body: "{\"holderIdentity\":\"\(holder)\",\"fencingToken\":\(Request.token)}")
    }
}
