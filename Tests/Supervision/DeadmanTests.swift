import Glibc
import Testing

@testable import Supervision

extension Processes {
    @Suite struct `The deadman` {
        @Test func `ends the tree while baton is stopped`() throws {
            let play = try Play([
                "listen", "spawn=\(Script.stubborn)", "hear", "deadman=300 600", "stop", "await=treeGone",
            ])
            let pids = try play.pids(3)
            let start = BootClock.now
            play.signal(SIGTERM)
            try eventually("ended", within: 2) { pids.filter(isAlive).isEmpty }
            #expect(BootClock.now - start > 600_000_000)
            try play.goOn()
            let text = try play.rest()
            #expect(
                text.contains(
                    "deadmanFired\nprobe: childExited(Supervision.ChildStatus.signalled(9))\nprobe: treeGone")
            )
        }

        @Test func `waits when it is armed anew, and sleeps when it is disarmed`() throws {
            let play = try Play([
                "spawn=sleep 600", "deadman=200 200", "deadman=60000 60000", "events=300", "deadman=200 200",
                "disarm",
                "events=300", "end=0", "await=treeGone", "goodbye",
            ])
            #expect(try !play.rest().contains("deadmanFired"))
        }

        @Test func `that has fired lets no command begin`() throws {
            let play = try Play([
                "deadman=0 0", "await=deadmanFired", "spawn=true", "deadman=60000 60000", "spawn=true",
                "await=treeGone",
                "goodbye",
            ])
            let text = try play.rest()
            #expect(text.contains("error - the time for this command had run out"))
            #expect(text.contains("exited(0)"))
        }
    }
}
