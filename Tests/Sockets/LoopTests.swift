import CLinux
import Dispatch
import Sockets
import Synchronization
import Testing

@Suite struct `The loop` {
    @Test func `posts from other threads all run, in each thread's order`() throws {
        let loop = try EventLoop(label: "test")
        loop.start()
        defer { loop.sync { loop.stop() } }
        let done = Inbox<Int>()
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            for number in 0..<1_000 { loop.post { done.put(thread * 1_000 + number) } }
        }
        var last = [Int](repeating: -1, count: 8)
        for _ in 0..<8_000 {
            let value = try #require(done.take())
            #expect(value % 1_000 == last[value / 1_000] + 1)
            last[value / 1_000] = value % 1_000
        }
    }

    @Test func `a wake-up is never early and clears itself`() throws {
        let loop = try EventLoop(label: "test")
        let turns = Inbox<Int64>()
        loop.turn = { turns.put(loop_boottime()) }
        loop.start()
        defer { loop.sync { loop.stop() } }
        for delay: Int64 in [0, 1, 1_000_000, 3_000_000, 20_000_000] {
            let deadline = loop.sync {
                loop.setWakeUp(loop.now + delay)
                return loop.now + delay
            }
            // Turns for other reasons may come before; one comes after.
            var turn = try #require(turns.take())
            while turn < deadline { turn = try #require(turns.take()) }
            #expect(turn - deadline < 1_000_000_000)
        }
    }

    @Test func `a later wake-up replaces an earlier one`() throws {
        let loop = try EventLoop(label: "test")
        loop.start()
        defer { loop.sync { loop.stop() } }
        let turns = Inbox<Int64>()
        let deadline = loop.sync {
            loop.setWakeUp(loop.now + 10_000_000)
            loop.setWakeUp(loop.now + 40_000_000)
            loop.turn = { turns.put(loop_boottime()) }
            return loop.now + 40_000_000
        }
        var turn = try #require(turns.take())
        while turn < deadline { turn = try #require(turns.take()) }
    }

    @Test func `one turn follows all that was posted`() throws {
        let loop = try EventLoop(label: "test")
        let log = Inbox<String>()
        loop.start()
        defer { loop.sync { loop.stop() } }
        loop.sync {
            loop.turn = { log.put("turn") }
            for number in 0..<3 { loop.post { log.put("\(number)") } }
        }
        var heard: [String] = []
        while heard.count < 4 { heard.append(try #require(log.take())) }
        #expect(heard.joined(separator: " ").contains("0 1 2 turn"))
    }
}
