import Glibc
import Supervision

final class Probe {
    let guardian: Guardian
    var signals: SignalSource?
    var environment = ["PATH": "/usr/local/bin:/usr/bin:/bin"]
    var directory: String?

    init() throws {
        guardian = try Guardian.start(orphaned: noteOrphaned)
        say("guardian \(children())")
    }

    /// A step is NAME or NAME=VALUE.
    func take(_ step: String) {
        let parts = step.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let value = parts.count > 1 ? String(parts[1]) : ""
        do {
            try perform(String(parts[0]), value)
        } catch let error as SupervisionError {
            say("error \(error.exitCode.map(String.init) ?? "-") \(error)")
        } catch {
            say("error \(error)")
        }
    }

    private func perform(_ name: String, _ value: String) throws {
        switch name {
        case "report": try guardian.setReport(Array(value.utf8))
        case "spawn": try spawn(["sh", "-c", value])
        case "exec": try spawn(value.split(separator: " ").map(String.init))
        case "repeat": try repeatSpawn(value)
        case "missing": countMissing(Int(value) ?? 0)
        case "env": setVariable(value)
        case "cd": directory = value
        case "await": awaitEvent(value)
        case "events": printEvents(for: .milliseconds(Int(value) ?? 0))
        case "signal": guardian.signal(Int32(value) ?? 0)
        case "end": guardian.endTree(grace: .milliseconds(Int(value) ?? 0))
        case "deadman": armDeadman(value)
        case "disarm": guardian.disarmDeadman()
        case "listen": signals = try SignalSource()
        case "hear": hear()
        case "children": say("children \(children())")
        case "terminal": say("terminal \(tcgetpgrp(0) == getpgrp() ? "ours" : "theirs")")
        case "killEverything": guardian.killEverything()
        case "stop": kill(getpid(), SIGSTOP)
        case "die": kill(getpid(), SIGKILL)
        case "goodbye": guardian.goodbye()
        default: say("error no step '\(name)'")
        }
    }

    private func spawn(_ arguments: [String]) throws {
        let command = Command(arguments: arguments, environment: environment, workingDirectory: directory)
        say("spawned \(try guardian.spawn(command))")
    }

    /// COUNT SCRIPT
    private func repeatSpawn(_ value: String) throws {
        let parts = value.split(separator: " ", maxSplits: 1)
        let command = Command(arguments: ["sh", "-c", String(parts[1])], environment: environment)
        var sum: Int32 = 0
        for _ in 0..<(Int(parts[0]) ?? 0) {
            _ = try guardian.spawn(command)
            while let event = next(), event != .treeGone {
                if case .childExited(let status) = event { sum += status.exitCode }
            }
        }
        say("sum \(sum)")
    }

    private func countMissing(_ count: Int) {
        let command = Command(arguments: ["nonsense"], environment: environment)
        var missing = 0
        for _ in 0..<count {
            do { _ = try guardian.spawn(command) } catch .notFound { missing += 1 } catch {}
        }
        say("missing \(missing)")
    }

    /// NAME=VALUE is added; nothing at all empties it.
    private func setVariable(_ value: String) {
        let parts = value.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        if value.isEmpty { environment = [:] } else { environment[String(parts[0])] = String(parts[1]) }
    }

    /// TERM KILL, in milliseconds from now.
    private func armDeadman(_ value: String) {
        let times = value.split(separator: " ").map { BootClock.after(.milliseconds(Int($0) ?? 0)) }
        guardian.armDeadman(termAt: times[0], killAt: times[1])
    }

    // MARK: Events

    /// Prints events up to one that begins so.
    private func awaitEvent(_ name: String) {
        while let event = next() {
            say("\(event)")
            if "\(event)".hasPrefix(name) || event == .guardianLost { return }
        }
        say("error awaited \(name) in vain")
    }

    private func printEvents(for duration: Duration) {
        let deadline = BootClock.after(duration)
        while BootClock.now < deadline {
            if let event = next(milliseconds: Int32((deadline - BootClock.now) / 1_000_000) + 1) {
                say("\(event)")
            }
        }
    }

    /// The descriptor may be readable for what isn't an event.
    private func next(milliseconds: Int32 = 10_000) -> GuardianEvent? {
        let deadline = BootClock.after(.milliseconds(Int(milliseconds)))
        while true {
            if let event = guardian.nextEvent() { return event }
            let now = BootClock.now
            guard now < deadline else { return nil }
            wait(for: guardian.descriptor, Int32((deadline - now) / 1_000_000) + 1)
        }
    }

    private func hear() {
        guard let signals else { return }
        wait(for: signals.descriptor, 10_000)
        while let number = signals.next() { say("heard \(number)") }
    }

    private func wait(for descriptor: Int32, _ milliseconds: Int32) {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        poll(&entry, 1, milliseconds)
    }

    private func children() -> String {
        contents(of: "/proc/self/task/\(getpid())/children")
            .split(separator: " ").joined(separator: " ")
    }
}
