import Testing

@testable import Coordination

/// Which holds were there at the same time: the sweep against looking at every pair.
@Suite struct OverlapTests {
    private static func time(_ seconds: Int) -> Timestamp {
        Timestamp(microseconds: Int64(1_700_000_000 + seconds) * 1_000_000)
    }

    private static func hold(
        _ token: Int, _ mode: Mode, from: Int, to: Int?, name: String = "deploy", _ how: HoldEnd = .resigned
    ) -> HoldRecord {
        var hold = HoldRecord(
            key: Stage.key(name), token: FencingToken(token), way: .lock, holder: "h\(token)",
            campaignID: nil, principal: nil, attempt: 1, info: [:], began: time(from))
        hold.mode = mode
        hold.end = to.map {
            HoldRecord.End(how: how, reason: nil, by: nil, at: time($0), revision: Revision(token + 1000))
        }
        return hold
    }

    /// In the order in which the store gives them.
    private static func ordered(_ holds: [HoldRecord]) -> [HoldRecord] {
        holds.sorted {
            ($0.end?.at.microseconds ?? .max, $0.token) > ($1.end?.at.microseconds ?? .max, $1.token)
        }
    }

    private static func overlaps(
        _ holds: [HoldRecord], _ window: TimeWindow, includingShared: Bool = false
    ) -> [Overlap] {
        var sweep = OverlapSweep(window, includesShared: includingShared)
        var found: [Overlap] = []
        for hold in ordered(holds) { sweep.add(hold) { found.append($0) } }
        return found
    }

    private static let always = TimeWindow(since: time(0), until: time(1000))

    @Test func `who took over when the other ended overlaps with nobody`() {
        let holds = [
            Self.hold(1, .exclusive, from: 0, to: 10), Self.hold(2, .exclusive, from: 10, to: 20),
            Self.hold(3, .observe, from: 20, to: 20), Self.hold(4, .exclusive, from: 20, to: nil),
        ]
        #expect(Self.overlaps(holds, Self.always).isEmpty)
    }

    @Test func `what was never delivered is no evidence`() {
        let holds = [
            Self.hold(1, .observe, from: 0, to: 10), Self.hold(2, .exclusive, from: 5, to: 6, .undelivered),
        ]
        #expect(Self.overlaps(holds, Self.always).isEmpty)
    }

    @Test func `an open hold lasts until the window's end, and what was before it doesn't count`() throws {
        let holds = [Self.hold(1, .observe, from: 0, to: nil), Self.hold(2, .exclusive, from: 40, to: nil)]
        let window = TimeWindow(since: Self.time(50), until: Self.time(60))
        let overlap = try #require(Self.overlaps(holds, window).first)
        #expect(overlap.first.token == 1 && overlap.second.token == 2 && overlap.isObserved)
        #expect(overlap.from == Self.time(50) && overlap.length == .seconds(10))
    }

    @Test(arguments: [
        (Mode.exclusive, Mode.exclusive, true), (.exclusive, .shared, true), (.permits(3), .exclusive, true),
        (.observe, .exclusive, true), (.observe, .observe, true), (.observe, .shared, false),
        (.shared, .shared, false), (.permits(2), .permits(2), false), (.permits(2), .observe, false),
    ])
    func `these should not be there at the same time, and these may`(a: Mode, b: Mode, isConflict: Bool) {
        let holds = [Self.hold(1, a, from: 0, to: 10), Self.hold(2, b, from: 5, to: 15)]
        #expect(Self.overlaps(holds, Self.always).count == (isConflict ? 1 : 0))
        #expect(Self.overlaps(holds, Self.always, includingShared: true).count == 1)
        #expect(a.conflicts(with: b) == isConflict && b.conflicts(with: a) == isConflict)
    }

    @Test(arguments: 1...40)
    func `the sweep finds what looking at every pair finds`(seed: UInt64) {
        var dice = Dice(seed: seed)
        let window = TimeWindow(since: Self.time(30), until: Self.time(30 + dice.below(80)))
        let holds = (1...(2 + dice.below(120))).map { token -> HoldRecord in
            let from = dice.below(120)
            return Self.hold(
                token, dice.pick([.exclusive, .shared, .permits(3), .observe, .observe]), from: from,
                to: dice.oneIn(5) ? nil : from + dice.below(25) - 1, name: dice.pick(["a", "b"]),
                dice.pick([.resigned, .completed, .expired, .undelivered]))
        }
        for includingShared in [false, true] {
            let found = Self.overlaps(holds, window, includingShared: includingShared)
            #expect(Set(found) == Self.naive(holds, window, includingShared))
            #expect(found.count == Set(found).count)
            // The latest first: a page is what happened last.
            #expect(found.map(\.to) == found.map(\.to).sorted(by: >))
        }
    }

    private static func naive(
        _ holds: [HoldRecord], _ window: TimeWindow, _ includingShared: Bool
    ) -> Set<Overlap> {
        let told = holds.filter { $0.end?.how != .undelivered }
        func isShared(_ mode: Mode) -> Bool { mode != .exclusive && mode != .observe }
        var found: Set<Overlap> = []
        for first in told {
            for second in told where second.token > first.token && second.key == first.key {
                if !includingShared {
                    let (a, b) = (first.mode, second.mode)
                    if isShared(a) && b != .exclusive || isShared(b) && a != .exclusive { continue }
                }
                let from = max(first.began, second.began, window.since)
                let to = min(first.end?.at ?? window.until, second.end?.at ?? window.until, window.until)
                if from < to { found.insert(Overlap(first: first, second: second, from: from, to: to)) }
            }
        }
        return found
    }

    @Test func `beyond so many nothing is looked for, and that is said`() {
        var sweep = OverlapSweep(Self.always)
        var count = 0
        for token in 1...500 { sweep.add(Self.hold(token, .observe, from: 0, to: nil)) { _ in count += 1 } }
        #expect(count == OverlapSweep.most && sweep.count == count && sweep.isTruncated)
    }

    @Test func `names that nobody holds any more are let go`() {
        var sweep = OverlapSweep(TimeWindow(since: Self.time(0), until: Self.time(100_000)))
        var count = 0
        for place in 0..<20_000 {
            let end = 100_000 - 2 * place
            sweep.add(Self.hold(30_000 - place, .exclusive, from: end - 1, to: end, name: "n\(place)")) { _ in
                count += 1
            }
        }
        #expect(count == 0 && sweep.namesKept < 3000)
    }

    // MARK: Reports

    @Test func `a report counts what became of each name`() {
        var holds = [
            Self.hold(1, .exclusive, from: 0, to: 10, .expired),
            Self.hold(2, .exclusive, from: 10, to: 30, .failed),
            Self.hold(3, .exclusive, from: 30, to: 31, .revoked),
            Self.hold(4, .exclusive, from: 40, to: 50), Self.hold(5, .exclusive, from: 60, to: nil),
            Self.hold(6, .observe, from: 45, to: 55), Self.hold(7, .observe, from: 52, to: 58),
            Self.hold(8, .exclusive, from: 0, to: 5, name: "other", .completed),
        ]
        // Given back before the work was tried: once is not a lock.
        var cancelled = Self.hold(9, .exclusive, from: 6, to: 7, name: "other")
        cancelled.way = .once
        holds.append(cancelled)
        var sheet = ReportSheet(TimeWindow(since: Self.time(5), until: Self.time(100)), limit: 10)
        for hold in Self.ordered(holds) { sheet.add(hold) }
        var waits = Waits()
        waits.addElected(after: .seconds(3))
        for at in [4, 5, 99, 100] {
            sheet.add(
                WaitsRecord(key: Stage.key("deploy"), revision: Revision(at), at: Self.time(at), waits: waits)
            )
        }
        let (rows, hasMore) = sheet.page
        #expect(rows.map(\.name) == ["deploy", "other"] && !hasMore)
        let deploy = rows[0]
        #expect(deploy.holds == 5 && deploy.attempts == 4 && deploy.failures == 2 && deploy.takeovers == 1)
        #expect(deploy.heldTime == .seconds(5 + 20 + 1 + 10 + 40))
        #expect(deploy.observed == 2 && deploy.wouldOverlap == 2)
        #expect(deploy.wouldOverlapTime == .seconds(5 + 3))
        #expect(deploy.waits.elected == 2 && deploy.waits.electedTime == .seconds(6))
        // What ended with the window's begin isn't in it.
        #expect(rows[1].holds == 1 && rows[1].attempts == 0)
    }

    @Test(arguments: 1...10)
    func `a report in pages is the whole report`(seed: UInt64) {
        var dice = Dice(seed: seed)
        let holds = Self.ordered(
            (1...200).map { token in
                let from = dice.below(100)
                return Self.hold(
                    token, dice.pick([.exclusive, .observe]), from: from, to: from + dice.below(9),
                    name: "n\(dice.below(40))")
            })
        func rows(after: String?, limit: Int) -> (rows: [ReportRow], hasMore: Bool) {
            var sheet = ReportSheet(Self.always, after: after, limit: limit)
            for hold in holds { sheet.add(hold) }
            return sheet.page
        }
        var paged: [ReportRow] = []
        var page = rows(after: nil, limit: 3)
        paged += page.rows
        while page.hasMore {
            page = rows(after: paged.last!.name, limit: 3)
            paged += page.rows
        }
        #expect(paged == rows(after: nil, limit: 1000).rows)
    }
}
