import API
import Coordination
import Glibc
import Sockets
import Testing

@testable import Daemon

@Suite struct `What the daemon is told` {
    private func configuration(
        _ yaml: String = "", environment: [String: String] = [:], set: [(key: String, value: String)] = []
    ) throws(ConfigurationError) -> Configuration {
        try ConfigurationSources(
            file: (Array(yaml.utf8), "batond.yaml"), environment: environment, overrides: set
        ).configuration()
    }

    private func refusal(
        _ yaml: String = "", environment: [String: String] = [:], set: [(key: String, value: String)] = []
    ) -> String? {
        do throws(ConfigurationError) {
            _ = try configuration(yaml, environment: environment, set: set)
            return nil
        } catch {
            return error.description
        }
    }

    @Test func `it runs without a file`() throws {
        let plain = try ConfigurationSources().configuration()
        #expect(plain.listen == ["127.0.0.1:7979"])
        #expect(plain.api.defaultLeaseDuration == .seconds(30))
    }

    @Test func `a flag wins over the environment, the environment over the file`() throws {
        let yaml = "lease:\n  maxDuration: 2h\n  retention: 10m\ncontender:\n  reconnectGrace: 5s\n"
        let told = try configuration(
            yaml, environment: ["BATOND_LEASE_RETENTION": "20m", "BATOND_CONTENDER_RECONNECT_GRACE": "6s"],
            set: [("contender.reconnectGrace", "7s")])
        #expect(told.api.maxLeaseDuration == .hours(2))
        #expect(told.leaseRetention == .minutes(20))
        #expect(told.core.reconnectGrace == .seconds(7))
    }

    @Test func `a list of listeners may be written as a list`() throws {
        let told = try configuration("listen: [127.0.0.1:1, 'unix:/run/baton.sock']")
        #expect(told.listen == ["127.0.0.1:1", "unix:/run/baton.sock"])
    }

    @Test(arguments: [
        "auth: {tokensFile: t}\ntls: {certificateFile: c, keyFile: k}",
        "tls: {certificateFile: c, keyFile: k, clientCertificates: required, clientCAFile: a}",
        "insecureListen: true\ntls: {certificateFile: c, keyFile: k}",
    ])
    func `beyond loopback it may listen with TLS if it knows its clients`(rest: String) throws {
        let told = try configuration("listen: tls:0.0.0.0:7979\n\(rest)")
        #expect(told.listen == ["tls:0.0.0.0:7979"])
    }

    @Test(arguments: [
        ("leese:\n  maxDuration: 2h", "batond.yaml:2: there is no setting leese.maxDuration"),
        ("lease:\n  maxDuraton: 2h", "batond.yaml:2: there is no setting lease.maxDuraton"),
        ("lease:\n  maxDuration: soon", "batond.yaml:2: lease.maxDuration: soon is not a duration"),
        ("lease:\n  maxDuration: 5s", "lease.minDuration, lease.defaultDuration and lease.maxDuration"),
        (
            "attempts:\n  default: 0",
            "batond.yaml:2: attempts.default: 0 is not a whole number from 1 to 1000"
        ),
        ("data: /a\ndata: /b", "batond.yaml:2: data is set already in line 1"),
        ("- a\n- b", "batond.yaml:1: a mapping of settings is expected"),
        ("listen: [", "batond.yaml:"),
        ("listen: 0.0.0.0:7979", "can be reached from other machines"),
        ("listen: 0.0.0.0:7979\nauth:\n  tokensFile: tokens", "there is no TLS"),
        ("listen: tls:0.0.0.0:7979\ntls: {certificateFile: c, keyFile: k}", "may do everything"),
        (
            "listen: tls:0.0.0.0:7979\ntls: {certificateFile: c, keyFile: k, clientCertificates: optional, clientCAFile: a}",
            "may do everything"
        ),
        ("listen: tls:127.0.0.1:7979", "needs tls.certificateFile and tls.keyFile"),
        ("listen: tls:unix:/a", "tls:unix:/a is not an address"),
        ("listen: tls:localhost:1\ntls: {certificateFile: c}", "needs tls.certificateFile and tls.keyFile"),
        ("tls: {keyFile: k}", "tls.certificateFile and tls.keyFile belong together"),
        ("tls: {certificateFile: c, keyFile: k}", "none of listen speaks TLS"),
        ("tls: {clientCertificates: optional}", "there is no tls.clientCAFile"),
        ("tls: {clientCAFile: a}", "tls.clientCertificates is none"),
        ("tls: {clientCAFile: a, clientCertificates: required}", "there is no tls.certificateFile"),
        ("tls: {clientCertificates: maybe}", "tls.clientCertificates: maybe is not one of none"),
        ("tls: {minVersion: 1.1}", "tls.minVersion: 1.1 is not one of 1.2, 1.3"),
        ("listen: somewhere", "listen: somewhere is not an address"),
        ("insecureListen: maybe", "insecureListen: maybe is not one of true, false"),
        ("restoreQuarantine: 1m", "restoreQuarantine (1m) is shorter than lease.maxDuration (1h)"),
        ("wait:\n  streamMax: 1m", "wait.streamDefault"),
        (
            "http:\n  connections: 10\n  connectionsPerAddress: 11",
            "http.connectionsPerAddress (11) is more than"
        ),
        ("http:\n  bodyBytes: 8192", "http.bodyBytes (8192) is too small"),
        ("http:\n  headBytes: 65000", "http.headBytes (65000) is more than"),
        ("http:\n  writeBacklogBytes: 1073741824", "http.writeBacklogBytes (1073741824) is more than"),
        ("log:\n  level: loud", "log.level: loud is not one of trace"),
        (
            "rate:\n  perSecond: 0\n  limitAddresses: true",
            "rate.limitAddresses (true) limits nothing while rate.perSecond is 0"
        ),
    ])
    func `a wrong file stops the start with a message that names the setting`(yaml: String, message: String) {
        #expect(refusal(yaml)?.contains(message) == true, "\(refusal(yaml) ?? "accepted")")
    }

    @Test func `a wrong variable or flag is named, too`() {
        #expect(refusal(environment: ["BATOND_LISTN": "x"])?.hasPrefix("BATOND_LISTN:") == true)
        #expect(refusal(environment: ["BATOND_DATA": ""])?.hasPrefix("BATOND_DATA: data:") == true)
        #expect(refusal(set: [("lease.max", "1h")])?.contains("did you mean lease.") == true)
    }

    @Test func `a setting's text gives its value back`() throws {
        let told = try configuration(
            "http:\n  connectionsPerAddress: 7\n  idleTime: 90s\nrestoreQuarantine: 2h\nunixSocket: {mode: 0600, group: ci}"
        )
        #expect(Setting.all.filter { $0.show(told) != $0.show(Configuration()) }.count == 5)
        for setting in Setting.all {
            var copied = Configuration()
            setting.copy(told, &copied)
            #expect(setting.show(copied) == setting.show(told))
            var read = Configuration()
            let text = setting.show(told)
            if !text.isEmpty { try setting.apply(&read, text) }
            #expect(setting.show(read) == text)
        }
    }

    @Test func `a credential is a file of the service manager's directory, and nothing beyond it`() {
        #expect(Credential.path("credential:tokens", directory: "/run/c") == "/run/c/tokens")
        #expect(Credential.path("/etc/tokens", directory: nil) == "/etc/tokens")
        #expect(Credential.path("credential:tokens", directory: nil) == "credential:tokens")
        for name in ["", ".", "..", "../x", "a/b"] {
            #expect(Credential.path("credential:\(name)", directory: "/run/c") == nil)
        }
    }

    @Test func `sockets that were given replace the default, not what was set`() throws {
        #expect(Configuration().listeners(besideGiven: true).isEmpty)
        #expect(Configuration().listeners(besideGiven: false) == [.tcp(host: "127.0.0.1", port: 7979)])
        let told = try configuration("listen: 127.0.0.1:7979")
        #expect(told.listeners(besideGiven: true) == [.tcp(host: "127.0.0.1", port: 7979)])
    }

    @Test func `a reload takes what can change, and tells what can't`() throws {
        let old = try configuration("data: /a\nlease:\n  retention: 1h")
        let reload = try Reload(
            from: old,
            to: configuration("data: /b\nlease:\n  retention: 2h\nhttp:\n  connectionsPerAddress: 9"))
        #expect(
            reload.changed.map(\.description) == [
                "lease.retention: 1h → 2h", "http.connectionsPerAddress: not set → 9",
            ])
        #expect(reload.deferred.map(\.description) == ["data: /a → /b"])
        #expect(reload.configuration.data == "/a")
        #expect(reload.configuration.leaseRetention == .hours(2))
    }

    @Test func `new values that contradict an old one that stays change nothing`() throws {
        let old = try configuration("restoreQuarantine: 1h")
        #expect(throws: ConfigurationError.self) {
            try Reload(from: old, to: configuration("restoreQuarantine: 2h\nlease:\n  maxDuration: 2h"))
        }
    }

    @Test func `no two settings share a name, in the file or in the environment`() {
        #expect(Set(Setting.all.map(\.key)).count == Setting.all.count)
        #expect(Set(Setting.all.map(\.environmentName)).count == Setting.all.count)
    }

    @Test func `the file in config marks the settings that wait for a restart`() throws {
        // A mark is for the settings right below it, up to the next comment.
        var marked: Set<String> = []
        var section = ""
        var isMarked = false
        for line in String(decoding: try manualText(), as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false)
        {
            let text = line.drop { $0 == " " }
            let isIndented = line.first == " "
            let isSetting = text.hasPrefix("#") && text.dropFirst().first?.isLetter == true
            if isSetting {
                let name = text.dropFirst().prefix { $0 != ":" }
                if isMarked { marked.insert(isIndented ? "\(section).\(name)" : String(name)) }
            } else if text.hasPrefix("#") {
                isMarked = text.hasSuffix("[restart]")
            } else {
                isMarked = false
                if !isIndented, !text.isEmpty { section = String(text.prefix { $0 != ":" }) }
            }
        }
        #expect(marked == Set(Setting.all.filter { !$0.isReloadable }.map(\.key)))
    }

    private func manualText() throws -> [UInt8] {
        let path = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let file = try #require(fopen("/\(path)/config/batond.yaml", "r"))
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = fread(&bytes, 1, bytes.count, file)
        return Array(bytes[..<count])
    }

    /// config/batond.yaml, with what is commented out there put in force.
    private func manual() throws -> [UInt8] {
        let lines = String(decoding: try manualText(), as: UTF8.self).split(separator: "\n").map { line in
            let text = line.drop { $0 == " " }
            let isSetting = text.hasPrefix("#") && text.dropFirst().first?.isLetter == true
            return isSetting ? line.prefix(while: { $0 == " " }) + text.dropFirst() : line
        }
        return Array(lines.joined(separator: "\n").utf8)
    }

    @Test func `the file in config lists every setting with its default`() throws {
        let entries = try YAMLSettings.read(manual(), path: "batond.yaml")
        #expect(Set(entries.map(\.key)) == Set(Setting.all.map(\.key)))
        var told = Configuration()
        let settings = Dictionary(uniqueKeysWithValues: Setting.all.map { ($0.key, $0) })
        for entry in entries {
            var changed = told
            try settings[entry.key]?.apply(&changed, entry.value)
            if entry.key == "restoreQuarantine" {
                #expect(changed.effectiveQuarantine == told.effectiveQuarantine)
            }
            if entry.key == "http.connectionsPerAddress" {
                #expect(changed.server.connectionsPerAddress == told.server.connections)
            }
            told = changed
        }
        told.restoreQuarantine = nil
        told.server.connectionsPerAddress = nil
        #expect("\(told)" == "\(Configuration())")
    }
}
