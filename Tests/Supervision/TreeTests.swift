import Glibc
import Testing

@testable import Supervision

/// Scripts of shells that don't want to go.
enum Script {
    /// A child, a grandchild in a session of its own whose parent has ended, and a
    /// great-grandchild: none hears SIGTERM, each writes its pid.
    static let stubborn = """
        trap '' TERM HUP; echo $$ >>$FOLDER/pids
        (setsid sh -c 'echo $$ >>$FOLDER/pids; sh -c "echo \\$\\$ >>$FOLDER/pids; sleep 600; :"; :' &)
        sleep 600; :
        """

    /// Ever new processes whose parents end, in eight lines (four of them fast, for
    /// as long as a shell recurses; four in ever new sessions), and a crowd that forks short ones.
    static let bomb = """
        trap '' TERM
        hop() { hop & }
        H='setsid sh -c "$H" &'; export H
        for i in 1 2 3 4; do hop 2>/dev/null; eval "$H"; done
        crowd() { while :; do (:) & (:); done; }
        for i in 1 2 3 4 5 6 7 8 9 10; do (for j in 1 2 3 4 5 6 7 8 9 10; do crowd & done; sleep 600) & done
        echo $$ >>$FOLDER/pids
        sleep 600; :
        """
}

extension Processes {
    @Suite struct `The end of a tree` {
        @Test func `who ends within the grace isn't killed`() throws {
            let play = try Play([
                "listen",
                "spawn=trap 'sleep 0.3; exit 4' TERM; echo $$ >$FOLDER/pids; while :; do sleep 0.01; done",
                "hear", "end=5000", "await=treeGone", "goodbye",
            ])
            _ = try play.pids(1)
            play.signal(SIGTERM)
            #expect(try play.rest().contains("exited(4)"))
        }

        @Test func `who doesn't is killed after it, and not before`() throws {
            let play = try Play([
                "listen", "spawn=\(Script.stubborn)", "hear", "end=600", "await=treeGone", "goodbye",
            ])
            let pids = try play.pids(3)
            play.signal(SIGTERM)
            try play.line("heard 15")
            let start = BootClock.now
            try play.line("signalled(9)")
            let took = BootClock.now - start
            #expect(took > 500_000_000 && took < 1_600_000_000)
            _ = try play.rest()
            #expect(pids.filter(isAlive) == [])
        }

        @Test func `a stopped one hears SIGTERM too`() throws {
            let play = try Play([
                "listen", "spawn=trap 'exit 6' TERM; echo $$ >$FOLDER/pids; kill -STOP $$; sleep 600",
                "hear", "end=5000", "await=treeGone", "goodbye",
            ])
            let child = try play.pids(1)[0]
            try eventually("stopped") { contents("/proc/\(child)/stat").contains(") T ") }
            play.signal(SIGTERM)
            #expect(try play.rest(within: 4).contains("exited(6)"))
        }

        @Test func `what a child leaves behind is ended after it`() throws {
            let play = try Play([
                "spawn=(\(Script.stubborn)) & while [ ! -s $FOLDER/pids ]; do sleep 0.01; done; exit 0",
                "await=treeGone", "goodbye",
            ])
            #expect(try play.rest().contains("exited(0))\nprobe: treeGone"))
            #expect(try play.pids(1).filter(isAlive) == [])
        }

        @Test func `what finishes by itself after the child may do so`() throws {
            let play = try Play(["spawn=(sleep 0.2; echo late) & exit 0", "await=treeGone", "goodbye"])
            #expect(try play.rest().contains("exited(0))\nlate\nprobe: treeGone"))
        }

        @Test func `forkers don't outrun it`() throws {
            let play = try Play(["listen", "spawn=\(Script.bomb)", "hear", "end=0", "await=tree", "goodbye"])
            _ = try play.pids(1)
            try eventually("a crowd") {
                ProcessTree(root: try play.guardian()).descendants().count > 150
            }
            play.signal(SIGTERM)
            try play.line("heard 15")
            let start = BootClock.now
            try play.line("signalled(9)")
            try play.line("treeGone")
            #expect(BootClock.now - start < 2_000_000_000)
            _ = try play.rest()
        }

        @Test func `the slower way finds the same children`() throws {
            let play = try Play([
                "listen", "spawn=\(Script.stubborn)", "hear", "end=0", "await=treeGone", "goodbye",
            ])
            _ = try play.pids(3)
            let guardian = try play.guardian()
            #expect(Proc.childrenByParent()[guardian].map(Set.init) == Set(Proc.children(of: guardian)))
            play.signal(SIGTERM)
            _ = try play.rest()
        }
    }
}
