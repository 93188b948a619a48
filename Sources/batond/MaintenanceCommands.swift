import ArgumentParser
import Coordination
import Daemon
import Store

struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy the data into a file, whether or not the daemon runs.",
        discussion: "The copy has every change that was acknowledged before the command began.")

    @OptionGroup var options: ConfigurationOptions

    @Flag(help: "Replace the file if it exists.")
    var force = false

    @Argument(help: "The file to write.")
    var file: String

    func run() throws {
        let report = try Backup.write(from: options.load().data, to: file, replacing: force)
        print("\(file): everything up to revision \(report.revision), \(report.bytes) bytes")
    }
}

struct RestoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Put a backup in the place of the data. The daemon must not run.",
        discussion: """
            Revisions and fencing tokens go on far above any that were given out before. After the start \
            nobody is elected for the longest lease duration allowed, because holders that the backup doesn't \
            know may still be at work. The data that was there is kept beside it.
            """)

    @OptionGroup var options: ConfigurationOptions

    @Argument(help: "The backup.")
    var file: String

    func run() throws {
        let directory = try options.load().data
        let report = try Restore.run(from: file, into: directory, now: .wallNow)
        print("restored into \(directory); revisions and tokens go on above \(report.revision)")
        if let kept = report.kept { print("what was there is kept as \(kept)") }
        if report.kept != nil, !report.oldWasReadable {
            print(
                "its revisions could not be read: if it had gone beyond the backup by 2^40, tokens may repeat"
            )
        }
    }
}
