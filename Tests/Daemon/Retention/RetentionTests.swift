import API
import Coordination
import Identity
import Logging
import Store
import Testing

@testable import Daemon

@Suite struct RetentionTests {
    // MARK: The file

    private func read(_ text: String) throws -> RetentionPolicies {
        try PoliciesFile.read(Array(text.utf8), path: "policies.yaml")
    }

    private func fault(_ text: String) -> String? {
        do {
            _ = try read(text)
            return nil
        } catch { return "\(error)" }
    }

    @Test func `a file of policies is read, with what isn't said left open`() throws {
        let policies = try read(
            """
            policies:
            - namespaces: [ci-*, prod]
              names: run-*
              maxAge: 14d
              keep: 20
              protectNames: [cache, release-*]
              protectLabels: keep=yes
            - maxAge: 90d
            """
        ).all
        #expect(policies.count == 2)
        #expect(policies[0].reaches("ci-1") && policies[0].reaches("prod") && !policies[0].reaches("ci"))
        #expect(policies[0].matches("run-7") && !policies[0].matches("runs"))
        #expect(policies[0].maxAge == .hours(336) && policies[0].keep == 20)
        #expect(policies[0].protectedNames.map(\.description) == ["cache", "release-*"])
        #expect(policies[0].protectedLabels.map(\.description) == ["keep=yes"])
        #expect(policies[1].reaches("anything") && policies[1].matches("whatever"))
    }

    @Test(arguments: [
        ("", "policies.yaml: it is empty"),
        ("policies: []", "policies.yaml:1: policies: a list"),
        ("rules: []", "policies.yaml:1: the file has no rules"),
        ("policies:\n- names: a\n", "policies.yaml:2: a policy needs one of"),
        ("policies:\n- maxage: 1d\n", "policies.yaml:2: a policy has no maxage"),
        ("policies:\n- names: a\n  maxAge: soon\n", "policies.yaml:3: maxAge: soon is not a duration"),
        ("policies:\n- maxAge: 0s\n", "policies.yaml:2: maxAge: 0s"),
        ("policies:\n- keep: 0\n", "policies.yaml:2: keep: 0 is not a whole number"),
        ("policies:\n- keep: -1\n", "policies.yaml:2: keep: -1"),
        ("policies:\n- keep: 5\n  names: A_b\n", "policies.yaml:3: names: A_b is not valid"),
        ("policies:\n- keep: 5\n  namespaces: a.b\n", "policies.yaml:3: namespaces: a.b is not valid"),
        ("policies:\n- keep: 5\n  protectNames: [x, Y]\n", "policies.yaml:3: protectNames: Y is not valid"),
        ("policies:\n- protectLabels: '=='\n", "policies.yaml:2: protectLabels: ==: "),
        ("policies:\n- protectLabels: ''\n", "policies.yaml:2: protectLabels: an empty selector"),
        ("policies:\n- keep: [1]\n", "policies.yaml:2: keep: a text is expected"),
    ])
    func `what is wrong in it is named with its line and field`(_ text: String, _ beginning: String) {
        #expect(fault(text)?.hasPrefix(beginning) == true, "\(fault(text) ?? "accepted")")
    }

    @Test func `a marker is the first policy's that matches it, and protected by that one alone`() throws {
        let policies = try read(
            """
            policies:
            - {names: cache-*, protectNames: "*"}
            - {namespaces: other, maxAge: 1h}
            - {names: "*-*", keep: 3}
            - maxAge: 1d
            """)
        let rules = policies.rules(in: "ci")
        #expect(rules.map(\.index) == [2, 3])
        #expect(
            rules[0].rule.matches("run-1") && !rules[0].rule.matches("run")
                && !rules[0].rule.matches("cache-1"))
        #expect(
            rules[1].rule.matches("run") && !rules[1].rule.matches("run-1")
                && !rules[1].rule.matches("cache-1"))
        #expect(policies.rules(in: "other").map(\.index) == [1, 2, 3])
    }

    // MARK: The rule

    private let now = Timestamp(microseconds: 1_000_000_000_000)

    private func line(_ name: String, age: Interval, retention: Interval? = nil) -> MarkerLine {
        MarkerLine(place: place(name, age: age), revision: 1, retention: retention)
    }

    private func place(_ name: String, age: Interval) -> MarkerPlace {
        MarkerPlace(
            ended: Timestamp(microseconds: now.microseconds - age.nanoseconds / 1000), name: name)
    }

    @Test func `each line that stays has its reason, and the rest goes`() {
        let rule = PruneRule(
            matches: { _ in true }, maxAge: .hours(1), keepLast: 2,
            protections: [
                .init(policy: nil, names: [Wildcard("cache")]),
                .init(
                    policy: RetentionPolicy(namespaces: [], names: [Wildcard("r-*")]),
                    names: [Wildcard("*-gold")]),
            ])
        let newest = place("m", age: .hours(3))
        func reason(_ line: MarkerLine) -> KeepReason? { rule.reason(line, newestFrom: newest, at: now) }
        #expect(reason(line("cache", age: .hours(9))) == .protectedName("cache", byPolicy: false))
        #expect(reason(line("r-gold", age: .hours(9))) == .protectedName("*-gold", byPolicy: true))
        #expect(reason(line("x-gold", age: .hours(9))) == nil)
        #expect(reason(line("m", age: .hours(3))) == .amongNewest(2))
        #expect(reason(line("l", age: .hours(3))) == nil)
        #expect(
            reason(line("y", age: .hours(9), retention: .hours(10)))
                == .ownRetention(until: now.later(by: .hours(1))))
        #expect(reason(line("y", age: .hours(9), retention: .hours(9))) == nil)
    }

    @Test func `an age is over at its very end, and not before`() {
        let rule = PruneRule(matches: { _ in true }, maxAge: .hours(1), protections: [])
        #expect(rule.reason(line("a", age: .hours(1)), newestFrom: nil, at: now) == nil)
        let young = Interval(nanoseconds: Interval.hours(1).nanoseconds - 1000)
        #expect(rule.reason(line("a", age: young), newestFrom: nil, at: now) == .tooYoung)
    }

    @Test func `an age and a retention count from when an alias left`() {
        let rule = PruneRule(matches: { _ in true }, maxAge: .hours(1), protections: [])
        func marker(_ retention: Interval?) -> DoneMarker {
            let ended = place("a", age: .hours(9)).ended
            return DoneMarker(
                key: Key(namespace: "ci", name: "a"), revision: 1, finding: Finding(), inputsDigest: nil,
                holder: "anna", principal: nil, token: nil, attempt: 1, info: [:], start: ended, end: ended,
                retention: retention)
        }
        let lately = place("a", age: .minutes(59)).ended
        #expect(rule.reason(marker(nil), left: nil, at: now) == nil)
        #expect(rule.reason(marker(nil), left: lately, at: now) == .wasAliased(until: lately))
        #expect(rule.reason(marker(nil), left: place("a", age: .hours(1)).ended, at: now) == nil)
        let before = place("a", age: .hours(2)).ended
        #expect(rule.reason(marker(.hours(3)), left: before, at: now) == .wasAliased(until: before))
        #expect(rule.reason(marker(.hours(2)), left: before, at: now) == nil)
    }

    @Test func `policies leave markers with a retention of their own to it`() throws {
        let rule = try #require(read("policies:\n- maxAge: 1h\n").rules(in: "ci").first?.rule)
        let own = line("a", age: .hours(9), retention: .hours(2))
        #expect(
            rule.reason(own, newestFrom: nil, at: now)
                == .ownRetention(until: own.place.ended.later(by: .hours(2))))
        #expect(rule.reason(own, newestFrom: nil, at: now)?.isLasting == true)
    }

    // MARK: Clocks

    @Test func `clocks that part by an hour are believed no more, also when they meet again`() {
        let began = Now(instant: Instant(nanoseconds: 5_000), wall: now)
        let meters = Meters()
        let clocks = ClockAgreement(began: began, meters: meters, log: Logger(label: "test"))
        func at(_ boot: Interval, _ wall: Interval) -> Now {
            Now(instant: began.instant + boot, wall: now.later(by: wall))
        }
        #expect(clocks.holds(at: at(.hours(900), .hours(900))))
        #expect(clocks.holds(at: at(.hours(900), .hours(900) + .minutes(59))))
        #expect(!meters.clocksDisagree)
        #expect(!clocks.holds(at: at(.hours(900), .hours(901))))
        #expect(meters.clocksDisagree)
        #expect(!clocks.holds(at: at(.hours(901), .hours(901))))
        let other = ClockAgreement(began: began, meters: Meters(), log: Logger(label: "test"))
        #expect(!other.holds(at: at(.hours(2), .hours(1))))
    }
}
