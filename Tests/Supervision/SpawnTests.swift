import Glibc
import Testing

@testable import Supervision

extension Processes {
    @Suite struct `A command under the guardian` {
        @Test func `its exit code and its signal are told`() throws {
            let play = try Play([
                "spawn=exit 3", "await=treeGone", "spawn=kill -SEGV $$", "await=treeGone", "goodbye",
            ])
            let text = try play.rest()
            #expect(text.contains("childExited(Supervision.ChildStatus.exited(3))\nprobe: treeGone"))
            #expect(text.contains("childExited(Supervision.ChildStatus.signalled(11))\nprobe: treeGone"))
        }

        @Test func `it reads what baton reads and writes where baton writes`() throws {
            let play = try Play(
                ["spawn=read line; echo got $line", "await=treeGone", "goodbye"], input: "/etc/passwd")
            #expect(try play.rest().contains("\ngot root:"))
        }

        @Test func `it has exactly the environment that it was given`() throws {
            let play = try Play([
                "env=", "env=A=1", "env=EMPTY=", "env=B=x=y\nz", "exec=/usr/bin/env", "await=childExited",
                "goodbye",
            ])
            let text = try play.rest()
            #expect(text.contains("A=1\nB=x=y\nz\nEMPTY=\nprobe: "), "\(text)")
            #expect(!text.contains("PATH="))
        }

        @Test func `it starts with default signals and an empty mask`() throws {
            let play = try Play([
                "listen", "exec=cat /proc/self/status", "await=childExited", "goodbye",
            ])
            let text = try play.rest()
            for field in ["SigBlk", "SigIgn", "SigCgt"] {
                #expect(text.contains("\(field):\t0000000000000000"), "\(text)")
            }
        }

        @Test func `it gets no descriptor but the standard three`() throws {
            // Some CI systems leak theirs: the child doesn't get those either.
            let play = try Play(["spawn=exec sleep 600", "await=never"]) { actions in
                posix_spawn_file_actions_adddup2(&actions, 1, 7)
            }
            let child = try #require(Int32(play.line("spawned ").split(separator: " ").last ?? ""))
            // Its own loading opens one for a moment; a leak stays.
            try eventually("only three") { Proc.numbers(in: "/proc/\(child)/fd").sorted() == [0, 1, 2] }
            // The guardian holds neither baton's output nor what was leaked.
            let guardian = try play.guardian()
            let held = Proc.numbers(in: "/proc/\(guardian)/fd").map { target("/proc/\(guardian)/fd/\($0)") }
            #expect(!held.contains(target("/proc/\(play.pid)/fd/1")))
        }

        private func target(_ link: String) -> String {
            var bytes = [UInt8](repeating: 0, count: 4_096)
            let count = max(0, readlink(link, &bytes, bytes.count))
            return String(decoding: bytes[..<count], as: UTF8.self)
        }

        @Test func `it works in the directory that it was given`() throws {
            let play = try Play([
                "cd=/proc", "exec=pwd", "await=treeGone", "cd=/nowhere", "exec=pwd", "goodbye",
            ])
            let text = try play.rest()
            #expect(text.contains("\n/proc\n"))
            #expect(text.contains("error 126 can't work in /nowhere: No such file or directory"))
        }

        @Test func `what isn't there is told from what can't be run`() throws {
            let play = try Play([
                "exec=nonsense", "exec=/no/such/program", "exec=/etc/passwd", "exec=/etc", "exec=true",
                "await=treeGone", "goodbye",
            ])
            let text = try play.rest()
            #expect(text.contains("error 127 nonsense: command not found"))
            #expect(text.contains("error 127 /no/such/program: command not found"))
            #expect(text.contains("error 126 /etc/passwd: Permission denied"))
            #expect(text.contains("error 126 /etc: Permission denied"))
            #expect(text.contains("exited(0)"), "an exec that failed must not be in the way of the next")
        }

        /// The exec's failure and the child's end race each other.
        @Test func `what isn't there is never taken for a child that ended`() throws {
            let play = try Play(["missing=300", "exec=true", "await=treeGone", "goodbye"])
            let text = try play.rest()
            #expect(text.contains("missing 300"))
            #expect(text.contains("exited(0)"))
        }

        @Test func `a script without an interpreter line runs, one with a missing interpreter doesn't`()
            throws
        {
            let steps = ["exec=$FOLDER/script x", "await=treeGone", "goodbye"]
            let bare = try Play(steps, script: "echo bare $0 $1\n")
            #expect(try bare.rest().contains("bare \(bare.folder)/script x"))
            let broken = try Play([steps[0], "goodbye"], script: "#!/no/such/shell\n")
            #expect(
                try broken.rest().contains("error 126 \(broken.folder)/script: its interpreter is not there"))
        }

        @Test func `a command of a megabyte passes`() throws {
            let long = (0..<10).map { "env=LONG\($0)=" + String(repeating: "x", count: 100_000) }
            let play = try Play(long + ["spawn=echo ${#LONG0} ${#LONG9}", "await=treeGone", "goodbye"])
            #expect(try play.rest().contains("100000 100000"))
        }

        @Test func `two at a time are refused`() throws {
            let play = try Play(["spawn=sleep 60", "spawn=true", "end=0", "await=treeGone", "goodbye"])
            #expect(
                try play.rest().contains("error - the processes of the previous command are not gone yet"))
        }

        @Test func `signals reach it and its group`() throws {
            let play = try Play([
                "listen",
                "spawn=trap 'echo caught; exit 5' USR1; echo $$ >$FOLDER/pids; while :; do sleep 0.01; done",
                "hear", "signal=10", "await=treeGone", "goodbye",
            ])
            _ = try play.pids(1)
            play.signal(SIGTERM)
            let text = try play.rest()
            #expect(text.contains("heard 15"))
            #expect(text.contains("caught\n"))
            #expect(text.contains("exited(5)"))
        }

        @Test func `two hundred in a row leave nothing behind`() throws {
            let play = try Play(["repeat=200 exit 1", "children", "stop", "goodbye"])
            let guardian = try play.guardian()
            try play.line("sum 200", within: 60)
            #expect(try play.line("probe: children").hasSuffix("children \(guardian)"))
            #expect(contents("/proc/\(guardian)/task/\(guardian)/children") == "")
            try play.goOn()
            _ = try play.rest()
            #expect(!isAlive(guardian))
        }
    }
}
