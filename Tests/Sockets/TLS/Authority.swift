import Glibc
import Testing

@testable import Sockets

/// Makes certificates with the openssl command, for one test, in a folder that goes with it.
final class Authority {
    let folder: String
    /// Its own certificate, in PEM.
    let certificate: [UInt8]

    struct Leaf {
        /// In PEM: key, then certificate.
        let text: [UInt8]
    }

    init(_ name: String = "Test CA") throws {
        var template = Array("/tmp/baton-tls-test.XXXXXX".utf8CString)
        folder = String(cString: try #require(mkdtemp(&template)))
        let made = try Self.run(
            "openssl req -x509 \(Self.newKey) -keyout '\(folder)/key' -subj '/CN=\(name)' -days 2 | tee '\(folder)/ca'"
        )
        certificate = made
    }

    deinit {
        for file in ["key", "ca", "request"] { unlink("\(folder)/\(file)") }
        rmdir(folder)
    }

    /// - Parameter days: negative for one that has expired.
    func leaf(_ subject: String = "/CN=localhost", days: Int = 2) throws -> Leaf {
        let text = try Self.run(
            "openssl req -new -utf8 \(Self.newKey) -keyout /dev/fd/3 -subj '\(subject)' 3>&1 >'\(folder)/request' && openssl x509 -req -in '\(folder)/request' -CA '\(folder)/ca' -CAkey '\(folder)/key' -days \(days) -set_serial \(UInt32.random(in: 1...(.max)))"
        )
        return Leaf(text: text)
    }

    private static let newKey = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"

    private static func run(_ command: String) throws -> [UInt8] {
        let pipe = try #require(popen("\(command) 2>/dev/null", "r"))
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0 {
            bytes.append(contentsOf: buffer[..<count])
        }
        try #require(pclose(pipe) == 0 && !bytes.isEmpty, "\(command)")
        return bytes
    }

    /// A server's side with a fresh certificate of this authority.
    func context(
        _ leaf: Leaf? = nil, clients: TLSContext.ClientCertificates = .none, of authority: Authority? = nil,
        minVersion: TLSContext.Version = .v12, after old: TLSContext? = nil
    ) throws -> TLSContext {
        let text = try (leaf ?? self.leaf()).text
        var material = TLSContext.Material(certificates: text, key: text)
        material.clientCertificates = clients
        if clients != .none { material.clientCA = (authority ?? self).certificate }
        material.minVersion = minVersion
        return try TLSContext(material, after: old)
    }
}
