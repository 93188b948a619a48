// Plays baton for the tests of Supervision, which have threads and so can't start
// a guardian themselves. Each argument is a step; what happens is printed, one
// line each, with "probe:" before it. What the steps do is in Steps.swift.

let probe: Probe
do {
    probe = try Probe()
} catch {
    say("error \(error)")
    exitProbe(1)
}
for step in CommandLine.arguments.dropFirst() { probe.take(step) }
