import Coordination
import Testing

@testable import Daemon

@Suite struct `How refusals are folded` {
    private func at(_ seconds: Int64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }

    private func refusal(
        _ number: Int = 0, from address: String = "10.0.0.7", identity: String? = nil,
        because reason: String = "unauthenticated"
    ) -> AuditEntry {
        var entry = AuditEntry(
            .campaign, .refused, at: Timestamp(microseconds: Int64(number)), reason: reason)
        entry.origin = Origin(requestID: "r-\(number)", identity: identity, address: address)
        return entry
    }

    @Test func `the first is told at once, those behind it together when the minute is over`() {
        var folder = RefusalFolder()
        for number in 0..<1000 { folder.note(refusal(number), at: at(Int64(number / 20))) }
        #expect(folder.take(at: at(50)).map(\.count) == [1])
        #expect(folder.nextEnd == at(60))
        let early = folder.take(at: at(59))
        #expect(early.isEmpty)
        let rest = folder.take(at: at(60))
        #expect(rest.map(\.count) == [999])
        #expect(rest.first?.origin?.requestID == "r-999")
        #expect(folder.nextEnd == nil)
    }

    @Test func `a single one is one entry, and the next minute begins anew`() {
        var folder = RefusalFolder()
        folder.note(refusal(), at: at(0))
        #expect(folder.take(at: at(1)).count == 1)
        let none = folder.take(at: at(61))
        #expect(none.isEmpty)
        #expect(folder.nextEnd == nil)
        folder.note(refusal(), at: at(70))
        #expect(folder.take(at: at(71)).map(\.count) == [1])
    }

    @Test func `who it is and why make the kind; an identity goes before its addresses`() {
        var folder = RefusalFolder()
        folder.note(refusal(from: "a"), at: at(0))
        folder.note(refusal(from: "b"), at: at(0))
        folder.note(refusal(from: "a", because: "too-many"), at: at(0))
        folder.note(refusal(from: "a", identity: "anna", because: "forbidden"), at: at(0))
        folder.note(refusal(from: "b", identity: "anna", because: "forbidden"), at: at(0))
        #expect(folder.take(at: at(1)).count == 4)
    }

    @Test func `a flood of kinds is bounded, and its rest is counted`() {
        var folder = RefusalFolder()
        for number in 0..<5000 { folder.note(refusal(number, from: "10.0.\(number)"), at: at(0)) }
        #expect(folder.take(at: at(1)).count == RefusalFolder.kindsMax)
        let rest = folder.take(at: at(60))
        #expect(rest.map(\.verb) == [.overflow])
        #expect(rest.map(\.count) == [5000 - RefusalFolder.kindsMax])
    }

    @Test func `every refusal is counted once, whatever the minutes cut`() {
        var folder = RefusalFolder()
        var counted = 0
        for number in 0..<4000 {
            folder.note(refusal(number, from: "10.0.\(number % 90)"), at: at(Int64(number / 10)))
            if number % 7 == 0 {
                counted += folder.take(at: at(Int64(number / 10))).reduce(0) { $0 + $1.count }
            }
        }
        counted += folder.take(at: at(400), everything: true).reduce(0) { $0 + $1.count }
        #expect(counted == 4000)
    }
}
