import Coordination
import Testing

@testable import Daemon

@Suite struct RateLimiterTests {
    private let start = Instant(nanoseconds: 5_000_000_000)

    /// How many of so many requests pass at one moment.
    private func passing(_ count: Int, _ limiter: inout RateLimiter, _ client: String, _ now: Instant) -> Int
    {
        (0..<count).count { _ in limiter.admit(client, at: now) == nil }
    }

    @Test func `a burst passes, the next one is told when`() {
        var limiter = RateLimiter(perSecond: 10, burst: 3)
        #expect(passing(3, &limiter, "anna", start) == 3)
        #expect(limiter.admit("anna", at: start) == .milliseconds(100))
        #expect(limiter.admit("anna", at: start + .milliseconds(40)) == .milliseconds(60))
        #expect(limiter.admit("anna", at: start + .milliseconds(100)) == nil)
        #expect(limiter.admit("anna", at: start + .milliseconds(100)) == .milliseconds(100))
    }

    @Test func `in the long run it is the rate, whatever is asked`() {
        var limiter = RateLimiter(perSecond: 50, burst: 5)
        var passed = 0
        for step in 0..<10_000 {
            if limiter.admit("anna", at: start + .milliseconds(Int64(step))) == nil { passed += 1 }
        }
        #expect(passed == 5 + 499)
    }

    @Test func `a refusal costs nothing, and silence fills the bucket to the brim and no further`() {
        var limiter = RateLimiter(perSecond: 10, burst: 3)
        #expect(passing(1000, &limiter, "anna", start) == 3)
        #expect(passing(1000, &limiter, "anna", start + .milliseconds(200)) == 2)
        #expect(passing(1000, &limiter, "anna", start + .hours(1)) == 3)
    }

    @Test func `one client's noise is no other's`() {
        var limiter = RateLimiter(perSecond: 1, burst: 1)
        #expect(passing(9, &limiter, "anna", start) == 1)
        #expect(passing(9, &limiter, "bela", start) == 1)
    }

    @Test func `what is only counted uses up tokens and makes no debts`() {
        var limiter = RateLimiter(perSecond: 10, burst: 3)
        for _ in 0..<100_000 { limiter.charge("anna", at: start) }
        #expect(limiter.admit("anna", at: start) == .milliseconds(100))
        #expect(limiter.admit("anna", at: start + .milliseconds(100)) == nil)
    }

    @Test func `who fell silent is forgotten`() {
        var limiter = RateLimiter(perSecond: 10, burst: 3, clientsMax: 2)
        #expect(limiter.admit("anna", at: start) == nil)
        #expect(limiter.admit("bela", at: start) == nil)
        #expect(limiter.clients == 2)
        #expect(limiter.admit("caro", at: start + .seconds(1)) == nil)
        #expect(limiter.clients == 1)
    }

    @Test func `a flood of clients doesn't grow it: those without a place share one bucket`() {
        var limiter = RateLimiter(perSecond: 1, burst: 4, clientsMax: 100)
        // The hundred that are there stay busy.
        for number in 0..<100 { #expect(passing(4, &limiter, "known \(number)", start) == 4) }
        let passed = (0..<10_000).count { limiter.admit("stranger \($0)", at: start) == nil }
        #expect(passed == 4)
        #expect(limiter.clients == 100)
        // Each known one has its own rate, as before.
        #expect(limiter.admit("known 7", at: start + .seconds(1)) == nil)
        // When the flood is over there are places again.
        #expect(limiter.admit("stranger 1", at: start + .seconds(10)) == nil)
        #expect(limiter.clients == 1)
    }
}
