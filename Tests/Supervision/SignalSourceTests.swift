import Glibc
import Testing

extension Processes {
    @Suite struct `Signals as something to read` {
        @Test func `are heard`() throws {
            let play = try Play(["listen", "hear", "hear", "goodbye"])
            try play.blocks("0000000000014007")
            play.signal(SIGINT)
            try play.line("heard 2")
            play.signal(SIGTERM)
            try play.line("heard 15")
        }

        @Test func `stay ignored if they were, as nohup means it`() throws {
            let play = try Play(["listen", "hear", "goodbye"], ignoring: "HUP INT")
            try play.blocks("0000000000014004")
            play.signal(SIGHUP)
            play.signal(SIGQUIT)
            try play.line("heard 3")
        }
    }
}

extension Play {
    /// Waits until the probe blocks those signals: bits of /proc/PID/status.
    func blocks(_ mask: String) throws {
        var line: Substring = ""
        try eventually("SigBlk \(mask), not \(line)") {
            line =
                contents("/proc/\(pid)/status").split(separator: "\n").first { $0.hasPrefix("SigBlk") } ?? ""
            return line.hasSuffix(mask)
        }
    }
}
