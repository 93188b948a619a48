import Glibc
import Testing

@testable import ServiceManager

@Suite struct `What a service manager hands over` {
    private func sockets(_ environment: [String: String]) throws -> [GivenSocket] {
        try ServiceManager(environment: environment, process: 42).sockets
    }

    @Test func `descriptors begin with 3 and have the names given`() throws {
        let given = try sockets(["LISTEN_FDS": "2", "LISTEN_PID": "42", "LISTEN_FDNAMES": "plain:tls"])
        #expect(
            given == [GivenSocket(descriptor: 3, name: "plain"), GivenSocket(descriptor: 4, name: "tls")])
    }

    @Test func `without names they are unknown`() throws {
        #expect(try sockets(["LISTEN_FDS": "1", "LISTEN_PID": "42"]).map(\.name) == ["unknown"])
    }

    @Test func `what is meant for another process is left alone`() throws {
        #expect(try sockets(["LISTEN_FDS": "1", "LISTEN_PID": "43"]).isEmpty)
        #expect(try sockets(["LISTEN_FDS": "1"]).isEmpty)
        let other = try ServiceManager(
            environment: ["WATCHDOG_USEC": "1000", "WATCHDOG_PID": "43"], process: 42)
        #expect(other.watchdog == nil)
    }

    @Test(arguments: [
        ["LISTEN_FDS": "-1", "LISTEN_PID": "42"], ["LISTEN_FDS": "all", "LISTEN_PID": "42"],
        ["LISTEN_FDS": "2", "LISTEN_PID": "42", "LISTEN_FDNAMES": "one"], ["WATCHDOG_USEC": "soon"],
        ["WATCHDOG_USEC": "0"],
    ])
    func `nonsense is refused`(environment: [String: String]) {
        #expect(throws: ServiceManagerError.self) {
            try ServiceManager(environment: environment, process: 42)
        }
    }

    @Test func `a watchdog's time comes as microseconds`() throws {
        let manager = try ServiceManager(
            environment: ["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "42"], process: 42)
        #expect(manager.watchdog == 3_000_000_000)
        #expect(try ServiceManager(environment: ["WATCHDOG_USEC": "5"], process: 42).watchdog == 5000)
    }

    @Test func `a manager is told by a path, or by an abstract name`() {
        #expect(Notifier("/run/systemd/notify") != nil)
        #expect(Notifier("@name") != nil)
        #expect(Notifier("vsock:2:1234") == nil)
        #expect(Notifier("") == nil)
        #expect(Notifier("/" + String(repeating: "x", count: 120)) == nil)
    }
}
