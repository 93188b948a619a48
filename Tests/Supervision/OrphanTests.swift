import Glibc
import Testing

@testable import Supervision

extension Processes {
    @Suite struct `When baton dies` {
        @Test func `the whole tree is gone within a second and then the report is made`() throws {
            let play = try Play(["report=hold 7", "spawn=\(Script.stubborn)", "await=never"])
            let pids = try play.pids(3)
            play.signal(SIGKILL)
            try eventually("reported", within: 1) { play.file("report") != "" }
            #expect(play.file("report") == "report=hold 7 alive=[]\n")
            #expect(pids.filter(isAlive) == [])
            let guardian = try play.guardian()
            try eventually("the guardian leaves") { !isAlive(guardian) }
        }

        @Test func `forkers are gone as well`() throws {
            let play = try Play(["report=hold 8", "spawn=\(Script.bomb)", "await=never"])
            let guardian = try play.guardian()
            _ = try play.pids(1)
            try eventually("a crowd") { ProcessTree(root: guardian).descendants().count > 150 }
            play.signal(SIGKILL)
            try eventually("reported", within: 3) { play.file("report") != "" }
            try eventually("the guardian leaves") { !isAlive(guardian) }
        }

        @Test func `the guardian does its duty though the group was told to end`() throws {
            let play = try Play(["report=hold 9", "spawn=\(Script.stubborn)", "await=never"])
            _ = try play.pids(3)
            let guardian = try play.guardian()
            for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1, SIGTSTP] {
                kill(guardian, number)
            }
            kill(-play.pid, SIGKILL)
            try eventually("reported", within: 1) { play.file("report") != "" }
        }

        @Test func `between election and spawn the report is made at once`() throws {
            let play = try Play(["report=old", "report=new", "die"])
            try eventually("reported", within: 1) { play.file("report") == "report=new alive=[]\n" }
        }

        @Test func `nothing is reported after a goodbye or without a report`() throws {
            for steps in [["report=hold", "goodbye"], ["report=hold", "report=", "die"]] {
                let play = try Play(steps)
                let guardian = try play.guardian()
                try eventually("the guardian leaves") { !isAlive(guardian) }
                #expect(play.file("report") == "")
            }
        }

        @Test func `whoever reads its output isn't kept waiting`() throws {
            let play = try Play(["spawn=\(Script.stubborn)", "await=never"])
            _ = try play.pids(3)
            play.signal(SIGKILL)
            _ = try play.rest(within: 1)
        }

        @Test func `a goodbye ends what still runs`() throws {
            let play = try Play([
                "listen", "report=hold", "spawn=\(Script.stubborn)", "hear", "goodbye", "children",
            ])
            let pids = try play.pids(3)
            play.signal(SIGTERM)
            #expect(try play.rest().contains("probe: children \n"))
            #expect(pids.filter(isAlive) == [])
            #expect(play.file("report") == "")
        }
    }
}

extension Processes {
    @Suite struct `When the guardian dies` {
        @Test func `baton is told and nothing is left`() throws {
            let play = try Play([
                "spawn=\(Script.stubborn)", "await=guardianLost", "children", "spawn=true", "goodbye",
            ])
            let pids = try play.pids(3)
            kill(try play.guardian(), SIGKILL)
            let text = try play.rest()
            #expect(text.contains("probe: guardianLost\nprobe: children \n"), "\(text)")
            #expect(text.contains("the guardian process is gone"))
            #expect(pids.filter(isAlive) == [])
        }

        @Test func `and if it is stopped instead, baton has a last resort`() throws {
            let steps = [
                "listen", "spawn=\(Script.stubborn)", "hear", "killEverything", "await=guardianLost",
                "children",
            ]
            let play = try Play(steps)
            let pids = try play.pids(3)
            kill(try play.guardian(), SIGSTOP)
            play.signal(SIGTERM)
            #expect(try play.rest().contains("probe: guardianLost\nprobe: children \n"))
            #expect(pids.filter(isAlive) == [])
        }
    }
}
