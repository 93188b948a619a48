import ArgumentParser
import Client

/// `--artifact`, for whoever records what they made.
struct ArtifactOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            A file whose SHA-256 and size the marker records, or as NAME=sha256:…[,SIZE] what is known \
            of it; repeat it.
            """, valueName: "name=file"))
    var artifact: [String] = []

    func validate() throws { _ = try parsed() }

    /// After validation all of them are sound.
    var arguments: [ArtifactArgument] { (try? parsed()) ?? [] }

    private func parsed() throws -> [ArtifactArgument] {
        do throws(ArtifactArgument.Malformed) { return try ArtifactArgument.parse(all: artifact) } catch {
            throw ValidationError("--artifact: \(error.text)")
        }
    }

    /// Hashes the files.
    func read() throws -> [Artifact] {
        do throws(ArtifactFault) { return try ArtifactReader.all(arguments) } catch {
            Say.line(error.text)
            throw ExitCode(ExitCodes.noInput)
        }
    }
}
