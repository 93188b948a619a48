import Glibc
import Testing

@testable import Daemon

/// Retention as the daemon runs it, on a store in a directory, against a naive model.
///
/// `SIMULATION_SEEDS=1000 SIMULATION_FROM=1 swift test --filter PolicySeeds` plays more of them;
/// `SIMULATION_SEEDS=1 SIMULATION_FROM=N` plays the one that failed.
@Suite struct PolicySeeds {
    private func setting(_ name: String, _ otherwise: UInt64) -> UInt64 {
        getenv(name).flatMap { UInt64(String(cString: $0)) } ?? otherwise
    }

    static let found: [UInt64] = [
        // A marker that was made during a pass was taken for the first that stays: older ones were overlooked.
        5_312
    ]

    @Test(arguments: found) func `a seed that found something finds nothing any more`(seed: UInt64) throws {
        #expect(try PolicyPlay(seed: seed).run(steps: 600) == nil)
    }

    @Test func `what goes may go, and what may goes some time, whatever the dice say`() throws {
        let from = setting("SIMULATION_FROM", 1)
        let count = setting("SIMULATION_SEEDS", 12)
        var met: Set<String> = []
        for seed in from..<(from + count) {
            let play = try PolicyPlay(seed: seed)
            if let fault = try play.run(steps: 600) {
                Issue.record("seed \(seed), \(fault)")
                return
            }
            met.formUnion(play.met)
        }
        // What no seed meets would be tested by none.
        let all: Set = [
            "short", "long", "by policy", "by request", "pruned", "restarted",
            "restarted in the middle of a pass", "held", "waitedFor", "aliased", "wasAliased",
            "protectedName", "protectedLabel", "tooYoung", "amongNewest", "ownRetention", "finalizers",
        ]
        if count >= 12 { #expect(all.subtracting(met) == []) }
    }
}
