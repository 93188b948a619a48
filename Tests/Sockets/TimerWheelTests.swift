import Testing

@testable import Sockets

@Suite struct `The timer wheel` {
    /// A wheel of 8 buckets of 10, and what it fired.
    private struct Clock {
        var wheel = TimerWheel(now: 0, resolution: 10, bucketCount: 8)
        mutating func advance(to now: Int64) -> [Int] {
            var fired: [Int] = []
            wheel.advance(to: now, fired: &fired)
            return fired.sorted()
        }
    }

    @Test func `a timer fires once, never early and at most a step late`() {
        var clock = Clock()
        clock.wheel.schedule(3, at: 25)
        #expect(clock.wheel.nearest == 30)
        #expect(clock.advance(to: 29) == [])
        #expect(clock.advance(to: 30) == [3])
        #expect(clock.advance(to: 1_000) == [])
        #expect(clock.wheel.nearest == TimerWheel.never)
    }

    @Test func `one that is put off fires at the later time`() {
        var clock = Clock()
        clock.wheel.schedule(0, at: 20)
        clock.wheel.schedule(0, at: 50)
        #expect(clock.advance(to: 40) == [])
        #expect(clock.advance(to: 50) == [0])
    }

    @Test func `one that is brought forward fires at the earlier time`() {
        var clock = Clock()
        for slot in 0..<3 { clock.wheel.schedule(slot, at: 60) }
        clock.wheel.schedule(1, at: 20)
        #expect(clock.advance(to: 20) == [1])
        #expect(clock.advance(to: 60) == [0, 2])
    }

    @Test func `one that is taken back doesn't fire`() {
        var clock = Clock()
        clock.wheel.schedule(0, at: 20)
        clock.wheel.cancel(0)
        #expect(clock.advance(to: 100) == [])
    }

    @Test func `beyond the span, and past times`() {
        var clock = Clock()
        clock.wheel.schedule(0, at: 1_000)
        clock.wheel.schedule(1, at: -5)
        #expect(clock.advance(to: 10) == [1])
        for now in stride(from: Int64(20), to: 1_000, by: 30) { #expect(clock.advance(to: now) == []) }
        #expect(clock.advance(to: 1_000) == [0])
    }

    @Test(arguments: 1...4)
    func `it agrees with a list`(seed: UInt64) {
        var clock = Clock()
        var state = seed
        func roll(_ bound: UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % bound
        }
        var due = [Int64](repeating: .max, count: 20)
        var now: Int64 = 0
        for _ in 0..<2_000 {
            let slot = Int(roll(20))
            if roll(5) == 0 {
                clock.wheel.cancel(slot)
                due[slot] = .max
            } else {
                due[slot] = now + Int64(roll(200)) + 1
                clock.wheel.schedule(slot, at: due[slot])
            }
            now += Int64(roll(15))
            let fired = clock.advance(to: now)
            for slot in fired {
                #expect(due[slot] <= now)
                due[slot] = .max
            }
            // Nothing is later than a step.
            #expect(due.allSatisfy { $0 > now - 10 })
        }
    }
}
