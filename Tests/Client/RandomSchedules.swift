import Testing

@testable import Client

@Suite struct `Random schedules` {
    /// Whatever happens: the command never works past the server's deadline, the run
    /// always ends, nothing is completed twice, and it says so when it succeeded.
    @Test(arguments: 0..<20) func `no command outlives its hold`(block: UInt64) {
        for seed in block * 250..<(block + 1) * 250 {
            var world = World(seed: seed)
            world.run()
            #expect(world.broken.isEmpty, "seed \(seed)")
            #expect(world.completions <= 1, "seed \(seed)")
            if world.machine.settings.once, world.verdict == .ran(0) {
                #expect(world.completions == 1, "seed \(seed)")
            }
        }
    }
}
