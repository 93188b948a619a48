import Testing

@testable import Coordination

@Suite struct MixedTests {
    /// `SIMULATION_SEEDS` and `SIMULATION_FROM` as for the other simulation.
    @Test(arguments: 0..<4)
    func `holders of both faces on one lease are never two at a time`(quarter: UInt64) {
        var terms = (electors: 0, contenders: 0)
        let from = setting("SIMULATION_FROM", 1)
        for seed in from..<(from + setting("SIMULATION_SEEDS", 300)) where seed % 4 == quarter {
            var play = MixedPlay(seed: seed)
            play.play(for: .minutes(10))
            terms.electors += play.terms.electors
            terms.contenders += play.terms.contenders
            if let fault = play.faults.first {
                Issue.record("seed \(seed): \(fault)")
                return
            }
        }
        #expect(terms.electors > 100)
        #expect(terms.contenders > 100)
    }
}
