import Coordination
import Identity
import Logging
import Sockets

/// The issuers whose tokens are taken, their keys, and the tokens that were verified. On the loop.
///
/// Keys are fetched on other threads; what comes of it is posted to the loop. A token whose key must be
/// fetched first can't be judged yet: `later`, and `onNews` says when to ask again.
final class Issuers {
    enum Verdict {
        case principal(Principal)
        case refused(TokenRefusal)
        case later
    }

    /// That an issuer's keys can't be fetched, for whoever asks how the daemon is.
    struct Trouble {
        var issuer: String
        var detail: String
    }

    private struct Member {
        var issuer: Issuer
        var ring: KeyRing
        var fetcher: KeyFetcher
    }

    private let settings: AuthSettings
    private let clocks: Clocks
    private let log: Logger
    private var members: [String: Member] = [:]
    private var verified = VerifiedTokens()
    private(set) var figures = IssuerFigures()
    /// Keys have come, or won't come.
    var onNews: () -> Void = {}

    init(_ issuers: [Issuer], _ settings: AuthSettings, _ clocks: Clocks, _ log: Logger) {
        self.settings = settings
        self.clocks = clocks
        self.log = log
        replace(with: issuers)
    }

    /// Those whose keys come from where they came from keep them.
    func replace(with issuers: [Issuer]) {
        let old = members
        members = [:]
        for issuer in issuers {
            if let kept = old[issuer.name], kept.issuer.source == issuer.source {
                members[issuer.name] = Member(issuer: issuer, ring: kept.ring, fetcher: kept.fetcher)
            } else {
                members[issuer.name] = Member(
                    issuer: issuer, ring: KeyRing(settings.keyRing), fetcher: KeyFetcher(issuer.source))
            }
        }
        for (name, member) in old where members[name]?.fetcher !== member.fetcher { member.fetcher.stop() }
        verified.forgetAll()
    }

    private var now: Duration { .nanoseconds(clocks.now.instant.nanoseconds) }

    // MARK: Tokens

    /// - Parameter digest: of `text`.
    func judge(_ text: String, _ digest: TokenDigest) -> Verdict {
        let wall = Double(Timestamp.wallNow.microseconds) / 1e6
        if let principal = verified.principal(digest, at: now, wall: wall) {
            figures.remembered += 1
            return .principal(principal)
        }
        do throws(TokenRefusal) {
            guard let principal = try verify(text, digest, wall) else { return .later }
            figures.verified += 1
            return .principal(principal)
        } catch {
            figures.refused[error.kind, default: 0] += 1
            return .refused(error)
        }
    }

    /// Nil: its issuer's keys have to be fetched first.
    private func verify(
        _ text: String, _ digest: TokenDigest, _ wall: Double
    ) throws(TokenRefusal) -> Principal? {
        let token = try JSONWebToken(parsing: text)
        guard let name = token.claims.issuer, var member = members[name] else {
            let shown = token.claims.issuer?.prefix(200).debugDescription ?? "missing"
            throw TokenRefusal(
                .issuer, "The token's issuer is \(shown), which is not one that is known here.")
        }
        let finding = member.ring.find(token, at: now)
        members[name] = member
        switch finding {
        case .key(let key):
            let principal = try member.issuer.principal(
                of: token, signedBy: key, at: wall, leeway: settings.leewaySeconds)
            verified.insert(
                digest, principal, expiry: (token.claims.expiry ?? 0) + settings.leewaySeconds,
                staleFrom: member.ring.staleFrom, at: now)
            return principal
        case .later:
            tend()
            return nil
        case .unknown:
            throw TokenRefusal(.key, "The token is signed with a key that its issuer \(name) doesn't show.")
        case .unavailable(let reason):
            throw TokenRefusal(.unavailable, "The keys of the issuer \(name) can't be fetched: \(reason).")
        }
    }

    // MARK: Keys

    /// Begins the fetches that are due.
    func tend() {
        for name in members.keys where members[name]!.ring.takeDueFetch(at: now) {
            let fetcher = members[name]!.fetcher
            let loop = clocks.loop
            let receive = Receive { [weak self] in self?.fetched($0, name, fetcher) }
            fetcher.fetch { result in loop.post { receive.body(result) } }
        }
    }

    /// Made and called on the loop; other threads only carry it.
    private struct Receive: @unchecked Sendable {
        let body: (Result<JSONWebKeySet, KeySetError>) -> Void
    }

    var nextWake: Instant? {
        members.values.compactMap(\.ring.nextFetch).min().map { Instant(nanoseconds: $0.nanoseconds) }
    }

    private func fetched(_ result: Result<JSONWebKeySet, KeySetError>, _ name: String, _ fetcher: KeyFetcher)
    {
        // An issuer that is no longer configured, or elsewhere.
        guard var member = members[name], member.fetcher === fetcher else { return }
        let before = member.ring.failure
        switch result {
        case .success(let keySet):
            figures.fetches += 1
            let isNew = member.ring.arrived(keySet, at: now)
            if isNew { verified.forgetAll() }
            if isNew || before != nil { logArrival(keySet, name) }
        case .failure(let error):
            figures.failedFetches += 1
            member.ring.failed(error.description)
            if before != error.description {
                log.warning(
                    "an issuer's keys can't be fetched",
                    metadata: ["issuer": "\(name)", "reason": "\(error)"])
            }
        }
        members[name] = member
        onNews()
    }

    private func logArrival(_ keySet: JSONWebKeySet, _ name: String) {
        var metadata: Logger.Metadata = ["issuer": "\(name)", "keys": "\(keySet.keys.count)"]
        if !keySet.skipped.isEmpty { metadata["skipped"] = "\(keySet.skipped.joined(separator: "; "))" }
        log.notice("an issuer's keys were fetched", metadata: metadata)
    }

    /// Of those whose last fetch failed.
    var troubles: [Trouble] {
        members.keys.sorted().compactMap { name in
            let ring = members[name]!.ring
            guard let failure = ring.failure else { return nil }
            let state =
                switch ring.age(at: now) {
                case nil: "there are none"
                case let age? where ring.isUsable(at: now):
                    "those of \(age.components.seconds) s ago are used"
                case let age?: "those of \(age.components.seconds) s ago are too old"
                }
            return Trouble(issuer: name, detail: "the keys can't be fetched, \(state): \(failure)")
        }
    }

    var issuers: [Issuer] { members.values.map(\.issuer) }

    /// Ends what is under way, and waits for it, which takes a second or so.
    func stop() {
        for member in members.values { member.fetcher.stop() }
        for member in members.values { member.fetcher.join() }
    }
}

/// What became of tokens and of fetches.
struct IssuerFigures {
    var verified: UInt64 = 0
    /// Taken because they had been verified before.
    var remembered: UInt64 = 0
    var refused: [TokenRefusal.Kind: UInt64] = [:]
    var fetches: UInt64 = 0
    var failedFetches: UInt64 = 0
}

extension Duration {
    var nanoseconds: Int64 {
        components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }
}
