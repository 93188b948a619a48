import Testing

@testable import Coordination

/// Retention and pruning by the dice of one seed, against a naive model.
///
/// `SIMULATION_SEEDS=10000 SIMULATION_FROM=1 swift test --filter RetentionSeeds` plays more of them;
/// `SIMULATION_SEEDS=1 SIMULATION_FROM=N` plays the one that failed.
@Suite struct RetentionSeeds {
    @Test(arguments: 0..<4)
    func `a marker goes when nobody needs it and its time is over, whatever the dice say`(quarter: UInt64) {
        let from = setting("SIMULATION_FROM", 1)
        for seed in from..<(from + setting("SIMULATION_SEEDS", 48)) where seed % 4 == quarter {
            var play = RetentionPlay(seed: seed)
            if let fault = play.run(steps: 200) {
                Issue.record("seed \(seed), \(fault)")
                return
            }
        }
    }

    /// What no seed meets would be tested by none.
    @Test func `every fate is met by some seed`() {
        var met: Set<String> = []
        for seed in UInt64(1)...12 {
            var play = RetentionPlay(seed: seed)
            if let fault = play.run(steps: 200) { Issue.record("seed \(seed), \(fault)") }
            met.formUnion(play.met)
        }
        let all: Set = [
            "pruned", "changed", "held", "contended", "waitedFor", "aliased", "expired", "failed expired",
            "replaced", "deleted under who waits", "restarted", "kept over it", "pinned over it",
        ]
        #expect(met == all)
    }
}
