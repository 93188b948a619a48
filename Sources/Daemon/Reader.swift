import API
import Coordination
import Identity
import Sockets
import Store

/// Answers questions: from memory where it knows the name, from the store for the rest.
struct Reader {
    let turns: Turns
    let elections: Elections
    let facts: ServerFacts
    let server: ServerCounters
    let rateClients: Int
    let issuers: Issuers
    /// Who asks; nil if everybody may see everything.
    var asker: Principal?

    var core: Coordinator { turns.core }
    var store: SQLiteStore { turns.store }

    private var health: Health { Health(turns: turns, figures: store.figures, facts: facts) }

    /// How the daemon is: that waits for no turn. Nil for all other questions.
    func answerAtOnce(_ query: ReadQuery, at now: Now) -> APIResponse? {
        switch query {
        case .ready(verbose: false): elections.ready(degraded: health.degraded)
        case .ready(verbose: true):
            elections.probe(health.readyChecks + Health.issuerChecks(issuers.troubles))
        case .live(verbose: false): elections.live
        case .live(verbose: true): elections.probe(Health.liveChecks)
        case .metrics:
            elections.metrics(
                MetricsPage(
                    turns: turns, meters: turns.meters, store: store.figures, server: server, facts: facts,
                    health: health, issuers: issuers, now: now, rateClients: rateClients
                ).text())
        case .lease, .leases, .history, .fence, .markers, .namespace, .audit, .status, .aliases,
            .aliasHistory, .resolve, .overlaps, .report:
            nil
        }
    }

    func answer(_ query: ReadQuery, at now: Now) throws -> APIResponse {
        switch query {
        case .lease(let key):
            try mustKnow(key)
            return elections.lease(core.lease(key, at: now), queue: core.contenders(key), of: key)
        case .leases(let namespace, let prefix, let held, let page):
            return try leases(namespace, prefix, held, page, now)
        case .markers(let namespace, let prefix, let page):
            let items = try store.markers(
                namespace: namespace, prefix: prefix, after: page.after, limit: page.limit + 1)
            let shown = Array(items.prefix(page.limit))
            return elections.markers(shown, next: items.count > page.limit ? shown.last?.key.name : nil)
        case .history(let namespace, let name, let before, let limit):
            return elections.history(
                try store.history(namespace: namespace, name: name, before: before, limit: limit))
        case .fence(let key, let token):
            try mustKnow(key)
            let current = core.lease(key, holding: token, at: now)
            let isPresent = current?.record.hold?.token == token
            let name = key.group ?? key
            // What this turn ended isn't in the store yet.
            let ended = isPresent ? nil : try core.ended(token, name) ?? store.endedHold(token: token)
            return elections.fence(token, current: current, ended: ended?.key == name ? ended : nil)
        case .aliases(let namespace, let prefix, let page): return aliases(namespace, prefix, page)
        case .aliasHistory(let key, let before, let limit):
            return elections.aliasHistory(try store.aliasHistory(key, before: before, limit: limit))
        case .resolve(let namespace, let text):
            return elections.resolution(
                try resolution(of: text, in: namespace), of: text, in: namespace)
        case .namespace(let namespace):
            return elections.namespace(
                namespace, core.usage(of: namespace), aliases: core.aliasCount(in: namespace),
                waiters: core.waiters(in: namespace),
                limits: core.settings)
        case .audit(let filter):
            let page = try store.audit(filter) { namespace in asker?.sees(namespace) ?? true }
            return elections.audit(page.entries, next: page.next)
        case .status: return elections.status(status(now))
        case .overlaps, .report: preconditionFailure("answered in steps")
        case .ready, .live, .metrics: preconditionFailure("answered at once")
        }
    }

    /// The store could not be read: what memory doesn't know may be there all the same.
    private func mustKnow(_ key: Key) throws {
        guard core.knows(key) else { throw StoreError.unavailable("\(key) could not be looked up") }
    }

    /// A page of what the store has, each name as memory knows it by now.
    private func leases(
        _ namespace: String, _ prefix: String, _ held: Bool?, _ page: ReadQuery.Page, _ now: Now
    ) throws -> APIResponse {
        let records = try store.leases(
            namespace: namespace, prefix: prefix, held: held, after: page.after, limit: page.limit + 1)
        let views = records.prefix(page.limit).compactMap { record -> LeaseView? in
            guard core.knows(record.key) else {
                return LeaseView(record: record, remaining: nil, lastRenewal: nil, queueLength: 0)
            }
            return core.lease(record.key, at: now)
        }
        let more = records.count > page.limit ? records[page.limit - 1].key.name : nil
        return elections.leases(views, next: more)
    }

    private func status(_ now: Now) -> DaemonStatus {
        let figures = core.figures
        return DaemonStatus(
            version: batonVersion, revision: core.revision, durableRevision: core.durableRevision,
            startTime: facts.startedAt.wall, uptime: now.instant - facts.startedAt.instant,
            holds: figures.holds, contenders: figures.contenders, waiters: figures.waiters,
            degraded: health.degraded, counters: counters)
    }

    private var counters: DaemonStatus.Counters {
        var counters = DaemonStatus.Counters()
        counters.commits = turns.statistics.commits
        counters.commands = turns.statistics.commands
        counters.renewals = turns.statistics.renewals
        counters.failedCommits = turns.statistics.failedCommits
        counters.connections = server.connectionsOpen
        counters.requests = server.requests
        counters.walBytes = Int(store.figures.logBytes)
        counters.journalBytes = Int(store.figures.journalBytes)
        return counters
    }
}

extension Principal {
    /// Whether they may see what happened there; nil: to the daemon as a whole, or nowhere that is known,
    /// which is for those whom every namespace is open to.
    fileprivate func sees(_ namespace: String?) -> Bool {
        guard let namespace else { return namespaces.contains { $0.description == "*" } }
        return reaches(namespace)
    }
}
