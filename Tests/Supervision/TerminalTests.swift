import Glibc
import Testing

extension Processes {
    @Suite struct `On a terminal` {
        @Test func `the child has it, and baton has it back`() throws {
            let steps = [
                "terminal", "spawn=echo ready; read x; echo got $x", "await=treeGone", "terminal", "goodbye",
            ]
            let play = try Play(steps, onTerminal: true)
            try play.line("terminal ours")
            try play.line("ready")
            play.type("hello\n")
            try play.line("got hello")
            try play.line("treeGone")
            try play.line("terminal ours")
        }

        @Test func `Ctrl-C is the child's`() throws {
            let play = try Play(
                ["spawn=echo ready; exec sleep 600", "await=treeGone", "goodbye"], onTerminal: true)
            try play.line("ready")
            play.type("\u{3}")
            try play.line("signalled(2)")
            try play.line("treeGone")
        }

        /// The probe leads its session, so that nobody could continue it; then
        /// stopping is void and the child goes on at once.
        @Test func `Ctrl-Z where nobody could continue it stops nothing`() throws {
            let steps = ["spawn=echo ready; read x; echo got $x", "await=treeGone", "terminal", "goodbye"]
            let play = try Play(steps, onTerminal: true)
            try play.line("ready")
            play.type("\u{1a}")
            play.type("again\n")
            try play.line("got again")
            try play.line("terminal ours")
        }

        @Test func `an exec that fails gives it back`() throws {
            let play = try Play(["exec=nonsense", "terminal", "goodbye"], onTerminal: true)
            try play.line("error 127")
            try play.line("terminal ours")
        }
    }
}
