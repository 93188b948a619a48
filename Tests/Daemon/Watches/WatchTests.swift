import API
import Coordination
import Testing

@testable import Daemon

private func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

@Suite struct `How watchers are paced` {
    @Test func `who worked for a while rests four times as long`() {
        var pacer = Pacer()
        #expect(pacer.mayBegin(at: at(0)))
        pacer.worked(from: at(100), to: at(105))
        #expect(!pacer.mayBegin(at: at(124)))
        #expect(pacer.mayBegin(at: at(125)))
    }

    @Test func `whatever there is to do, a fifth of the time is theirs at the most`() {
        var pacer = Pacer()
        var now = at(0)
        var worked: Int64 = 0
        for length in [5, 5, 1, 0, 4, 5, 2, 3] as [Int64] {
            now = max(now, pacer.next)
            pacer.worked(from: now, to: now + .milliseconds(length))
            now = now + .milliseconds(length)
            worked += length
        }
        #expect(worked * 5 <= pacer.next.nanoseconds / 1_000_000)
    }
}

@Suite struct `When a watch is told how far it is` {
    @Test func `after a minute of silence, two seconds before the end, and then it ends`() {
        var times = WatchTimes(from: at(0), timeout: .seconds(100), allowsBookmarks: true)
        #expect(times.next == at(60_000))
        #expect(times.due(at: at(59_999)) == nil)
        #expect(times.due(at: at(60_000)) == .bookmark)
        times.said(at: at(60_000))
        #expect(times.next == at(98_000))
        #expect(times.due(at: at(98_000)) == .bookmark)
        times.said(at: at(98_000))
        #expect(times.next == at(100_000))
        #expect(times.due(at: at(100_000)) == .end)
    }

    @Test func `an event puts it off, but not the one before the end`() {
        var times = WatchTimes(from: at(0), timeout: .seconds(100), allowsBookmarks: true)
        times.said(at: at(30_000))
        #expect(times.next == at(90_000))
        times.said(at: at(50_000))
        #expect(times.next == at(98_000))
        times.said(at: at(97_999))
        #expect(times.next == at(98_000))
    }

    @Test func `who doesn't ask for bookmarks only ends`() {
        var times = WatchTimes(from: at(0), timeout: .seconds(100), allowsBookmarks: false)
        times.said(at: at(5))
        #expect(times.next == at(100_000))
        #expect(times.due(at: at(99_999)) == nil)
        #expect(times.due(at: at(100_000)) == .end)
    }

    @Test func `a watch of a second has no room for one before its end`() {
        let times = WatchTimes(from: at(0), timeout: .seconds(1), allowsBookmarks: true)
        #expect(times.next == at(1000))
        #expect(times.due(at: at(1000)) == .end)
    }
}

@Suite struct `What a list has told already` {
    @Test func `a change is covered if its name was read at that version or later`() {
        var cover = InitialCover()
        cover.read("ci", to: "m", at: 10)
        cover.read("ci", to: nil, at: 20)
        // Passed before it changed.
        #expect(cover.covers("ci", "a", at: 10))
        #expect(!cover.covers("ci", "a", at: 15))
        #expect(!cover.covers("ci", "m", at: 15))
        // Read as it was after it, or not read because it was gone by then.
        #expect(cover.covers("ci", "n", at: 15))
        #expect(!cover.covers("ci", "n", at: 21))
        #expect(!cover.covers("other", "n", at: 15), "a namespace that is younger than the list")
    }

    @Test func `steps within one version are one stretch`() {
        var cover = InitialCover()
        cover.read("ci", to: "c", at: 10)
        cover.read("ci", to: "m", at: 10)
        cover.read("ci", to: nil, at: 12)
        #expect(cover.covers("ci", "d", at: 10))
        #expect(!cover.covers("ci", "d", at: 11))
        #expect(cover.covers("ci", "z", at: 12))
    }

    @Test func `nothing was told beyond the latest`() {
        #expect(!InitialCover().covers("ci", "a", at: 1))
    }
}

@Suite struct `The changes of late` {
    private let face = Kubernetes(incarnation: 1, version: "1")

    private func changes(_ revisions: Revision...) -> [SharedChange] {
        revisions.map { revision in
            let lease = LeaseRecord(
                key: Key(namespace: "ci", name: "n\(revision)"), revision: revision, created: revision,
                createdAt: Timestamp(microseconds: 0), way: .once, maxAttempts: 5)
            return SharedChange(face.seen(.lease(lease))!)
        }
    }

    @Test func `all after a version, or nothing at all`() throws {
        var recent = RecentChanges(after: 10)
        recent.append(changes(11, 12), revision: 12, bytes: 100)
        recent.append(changes(), revision: 13, bytes: 10)
        recent.append(changes(14), revision: 15, bytes: 100)
        #expect(recent.after(9, atLeast: 10) == nil)
        let all = try #require(recent.after(10, atLeast: 10))
        #expect(all.changes.map(\.revision) == [11, 12, 14])
        #expect(all.end == 15)
        let rest = try #require(recent.after(12, atLeast: 10))
        #expect(rest.changes.map(\.revision) == [14])
        // In the middle of a turn: the whole turn comes, and whoever asks knows what it has.
        #expect(try #require(recent.after(11, atLeast: 1)).changes.map(\.revision) == [11, 12])
        #expect(try #require(recent.after(15, atLeast: 1)).end == 15)
    }

    @Test func `the oldest go when there are too many bytes, and with them the way back`() {
        var recent = RecentChanges(after: 0)
        for revision in 1...5 as ClosedRange<Revision> {
            recent.append(changes(revision), revision: revision, bytes: 512 * 1024)
        }
        #expect(recent.floor == 1)
        #expect(recent.after(0, atLeast: 1) == nil)
        #expect(recent.after(1, atLeast: 9)?.changes.count == 4)
        recent.append(changes(6), revision: 6, bytes: 5 << 20)
        #expect(recent.floor == 6)
    }
}

@Suite struct `Who is due` {
    @Test(arguments: [1, 2, 3] as [Int]) func `comes in the order of the moments`(step: Int) {
        var queue = DueQueue<Int>()
        for index in 0..<100 { queue.add(index, at: at(Int64(index * 37 * step % 101))) }
        var moments: [Int] = []
        while let next = queue.popDue(at: at(200)) { moments.append(next * 37 * step % 101) }
        #expect(moments == moments.sorted())
        #expect(moments.count == 100)
    }

    @Test func `nobody before their time, and those that are over are dropped`() {
        var queue = DueQueue<Int>()
        for index in 0..<10 { queue.add(index, at: at(Int64(10 - index))) }
        #expect(queue.popDue(at: at(0)) == nil)
        queue.keep { $0 % 2 == 0 }
        #expect(queue.count == 5)
        #expect(queue.popDue(at: at(20)) == 8)
    }
}
