import Coordination
import Testing

@testable import Daemon

@Suite struct `When a stream gets a line` {
    private let key = Key(namespace: "ci", name: "import")

    private func standing(position: Int) -> Standing {
        let lease = LeaseRecord(
            key: key, revision: 1, created: 1, createdAt: Timestamp(microseconds: 0), way: .once,
            maxAttempts: 5)
        return Standing(
            reason: .held, lease: LeaseView(record: lease, remaining: nil, lastRenewal: nil, queueLength: 9),
            position: position, queueLength: 9)
    }

    private func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    @Test func `a sign of life comes every 15 s, and none after the end`() {
        var streams = Streams(signOfLife: .seconds(15))
        streams.add(1, nil, nil, at: at(0))
        streams.add(2, nil, nil, at: at(100))
        #expect(streams.nextWake == at(15_000))
        let told1 = streams.dueSignsOfLife(at: at(14_999))
        #expect(told1.isEmpty)
        let told2 = streams.dueSignsOfLife(at: at(15_000))
        #expect(told2 == [1])
        streams.remove(2)
        let told3 = streams.dueSignsOfLife(at: at(16_000))
        #expect(told3.isEmpty)
        let told4 = streams.dueSignsOfLife(at: at(30_000))
        #expect(told4 == [1])
    }

    @Test func `changes that come together are told together, at most once in 2 s`() {
        var streams = Streams(signOfLife: .seconds(15))
        streams.add(1, key, .init(standing(position: 3)), at: at(0))
        streams.changed(key, at: at(1000))
        streams.changed(key, at: at(1100))
        #expect(streams.nextWake == at(1200))
        let told5 = streams.dueNames(at: at(1200))
        #expect(told5 == [key])
        streams.changed(key, at: at(1300))
        let told6 = streams.dueNames(at: at(1500))
        #expect(told6.isEmpty)
        let told7 = streams.dueNames(at: at(3300))
        #expect(told7 == [key])
        let told8 = streams.dueNames(at: at(9000))
        #expect(told8.isEmpty)
    }

    @Test func `a place that is the same is no news`() {
        var streams = Streams(signOfLife: .seconds(15))
        streams.add(1, key, .init(standing(position: 3)), at: at(0))
        let told9 = streams.isNews(.init(standing(position: 3)), to: 1)
        #expect(!told9)
        let told10 = streams.isNews(.init(standing(position: 2)), to: 1)
        #expect(told10)
        let told11 = streams.isNews(.init(standing(position: 2)), to: 1)
        #expect(!told11)
        streams.remove(1)
        let told12 = streams.isNews(.init(standing(position: 1)), to: 1)
        #expect(!told12)
    }

    @Test func `a name that nobody streams is not remembered`() {
        var streams = Streams(signOfLife: .seconds(15))
        streams.add(1, nil, nil, at: at(0))
        streams.changed(key, at: at(0))
        let told13 = streams.dueNames(at: at(5000))
        #expect(told13.isEmpty)
    }
}
