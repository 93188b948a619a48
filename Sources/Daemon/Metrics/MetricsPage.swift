import API
import Coordination
import Identity
import Sockets
import Store

/// GET /metrics: everything that is counted, as one text. docs/metrics.md is its reference.
///
/// No label holds a name, an identity or an address: how many series there are doesn't depend on
/// what clients do.
struct MetricsPage {
    let turns: Turns
    let meters: Meters
    let store: StoreFigures
    let server: ServerCounters
    let facts: ServerFacts
    let health: Health
    let issuers: Issuers
    let now: Now
    /// Clients that the rate limiter has in mind.
    let rateClients: Int

    func text() -> [UInt8] {
        var text = MetricsText()
        // Counted from all that waits: once.
        let figures = turns.core.figures
        holds(&text, figures)
        queues(&text, figures)
        commits(&text)
        storage(&text)
        retention(&text)
        limits(&text)
        readiness(&text)
        authentication(&text)
        http(&text)
        watches(&text)
        tls(&text)
        process(&text)
        return text.bytes
    }

    private func holds(_ text: inout MetricsText, _ figures: Coordinator.Figures) {
        let elections: [(String, WaitEnd)] = [("fresh", .electedAtOnce), ("handover", .handedOver)]
        text.begin("baton_elections_total", .counter, "Elections, by how they came about.")
        for (name, end) in elections { text.sample(meters.waits[Int(end.rawValue)].count, ("kind", name)) }
        let campaigns = meters.campaigns
        text.begin("baton_campaigns_total", .counter, "Campaigns that were answered, by outcome.")
        text.sample(campaigns.elected, ("outcome", "elected"))
        text.sample(campaigns.done, ("outcome", "done"))
        text.sample(campaigns.failed, ("outcome", "failed"))
        text.sample(campaigns.waiting, ("outcome", "waiting"))
        text.begin("baton_holds_ended_total", .counter, "Holds that ended, by how.")
        for end in HoldEnd.allCases { text.sample(meters.holdEnds[Int(end.rawValue)], ("end", "\(end)")) }
        text.counter(
            "baton_takeovers_total", meters.takeovers,
            "Elections after a hold that expired or was abandoned: the work may be half done.")
        text.begin("baton_markers_total", .counter, "Done markers that were written, by outcome.")
        text.sample(meters.markers[Int(Outcome.succeeded.rawValue)], ("outcome", "succeeded"))
        text.sample(meters.markers[Int(Outcome.failed.rawValue)], ("outcome", "failed"))
        text.begin("baton_hold_duration_seconds", .histogram, "How long holds lasted that have ended.")
        text.samples(meters.held)
        text.counter("baton_renewals_total", meters.renewals, "Renewals that were granted.")
        text.counter(
            "baton_stale_tokens_total", meters.staleTokens,
            "Requests of a holder or an operator whose hold had ended already.")
        text.counter(
            "baton_foreign_tokens_total", meters.foreignTokens,
            "Requests with the token of a hold that belongs to somebody else.")
        text.begin("baton_audit_entries_total", .counter, "What the audit record was told, by outcome.")
        for outcome in AuditEntry.Outcome.allCases {
            text.sample(meters.recorded[outcome] ?? 0, ("outcome", outcome.rawValue))
        }
        text.counter(
            "baton_gaps_total", turns.statistics.gaps,
            "Times at which the daemon was away and every hold got the time added.")
        text.gauge("baton_holds", figures.holds, "Holds now.")
    }

    private func queues(_ text: inout MetricsText, _ figures: Coordinator.Figures) {
        text.begin(
            "baton_contender_wait_seconds", .histogram,
            "From a contender's arrival to its election, or to the marker of the work.")
        text.samples(meters.waits[Int(WaitEnd.electedAtOnce.rawValue)], ("result", "elected_at_once"))
        text.samples(meters.waits[Int(WaitEnd.handedOver.rawValue)], ("result", "handed_over"))
        text.samples(meters.waits[Int(WaitEnd.settled.rawValue)], ("result", "settled"))
        text.gauge("baton_contenders", figures.contenders, "Requests that wait to be elected, now.")
        text.gauge(
            "baton_waiters", figures.waiters, "Requests that wait for markers without contending, now.")
        let oldest = turns.core.oldestArrival.map { Double((now.instant - $0).nanoseconds) / 1e9 }
        text.gauge(
            "baton_oldest_contender_age_seconds", max(0, oldest ?? 0),
            "For how long the contender has waited that came first; 0 if nobody waits.")
    }

    private func commits(_ text: inout MetricsText) {
        let statistics = turns.statistics
        text.counter(
            "baton_commits_total", statistics.commits, "Turns that were made durable: one flush each.")
        text.counter(
            "baton_commands_total", statistics.commands, "Commands in the turns that were made durable.")
        text.counter(
            "baton_commits_failed_total", statistics.failedCommits, "Turns that were taken back.")
        text.begin(
            "baton_commit_duration_seconds", .histogram,
            "From handing a turn to the store until it was known to be durable.")
        text.samples(meters.commitTime)
        text.begin("baton_turn_commands", .histogram, "Commands in each turn that was made durable.")
        text.samples(meters.turnSize)
        text.begin(
            "baton_store_flush_duration_seconds", .histogram, "The flush of each turn that was made durable.")
        text.samples(meters.flushTime)
        text.begin(
            "baton_turn_bytes", .histogram, "Bytes in the journal of each turn that was made durable.")
        text.samples(meters.turnBytes)
        text.gauge("baton_revision", turns.core.durableRevision, "The latest revision that is on disk.")
    }

    private func retention(_ text: inout MetricsText) {
        text.begin("baton_markers_pruned_total", .counter, "Done markers that were pruned, by whom.")
        text.sample(meters.pruned.bySchedule, ("by", "schedule"))
        text.sample(meters.pruned.byRequest, ("by", "request"))
        text.gauge(
            "baton_retention_last_run_timestamp_seconds",
            Double(meters.retentionRun?.microseconds ?? 0) / 1e6,
            "When the last pass of the retention ended; 0: none has since the start.")
        text.gauge(
            "baton_clocks_disagree", meters.clocksDisagree ? 1 : 0,
            "1: the wall clock jumped, and nothing is deleted by age until batond is started anew.")
    }

    private func storage(_ text: inout MetricsText) {
        text.gauge(
            "baton_store_wal_bytes", store.logBytes, "Bytes of the write-ahead log since it last began anew.")
        text.gauge(
            "baton_store_wal_limit_bytes", facts.walBytesMax, "Above it the daemon is not ready.")
        text.gauge("baton_store_journal_bytes", store.journalBytes, "Bytes of the journal.")
        text.counter(
            "baton_store_checkpoints_total", store.checkpoints,
            "Checkpoints that copied the whole write-ahead log into the database.")
        text.gauge(
            "baton_store_tables_lag_revisions", max(0, store.committed - store.tablesRevision),
            "How many revisions the readable tables are behind the journal.")
    }

    private func limits(_ text: inout MetricsText) {
        text.begin(
            "baton_refusals_total", .counter, "Requests and connections that met a limit, by its setting.")
        for (setting, count) in meters.refusals.sorted(by: { $0.key < $1.key }) {
            text.sample(count, ("setting", setting))
        }
        let usage = turns.core.usageInAll
        text.gauge("baton_stored_leases", usage.leases, "Leases of all namespaces, idle ones included.")
        text.gauge("baton_stored_markers", usage.markers, "Done markers of all namespaces.")
        text.gauge(
            "baton_reserved_markers", usage.reserved,
            "Markers that holds under way may leave where there is none yet.")
        text.gauge("baton_stored_bytes", usage.bytes, "Bytes of leases and done markers as they are stored.")
        text.gauge("baton_namespaces", turns.core.namespaceCount, "Namespaces that have a lease or a marker.")
        text.gauge(
            "baton_rate_clients", rateClients,
            "Clients whose requests are counted against rate.perSecond at present.")
    }

    private func readiness(_ text: inout MetricsText) {
        text.gauge("baton_ready", health.degraded == nil ? 1 : 0, "1 while changes are accepted.")
        text.begin("baton_degraded", .gauge, "1 for each reason why changes aren't accepted.")
        for reason in Health.Reason.allCases {
            text.sample(health.has(reason) ? 1 : 0, ("reason", reason.rawValue))
        }
        text.begin("baton_build_info", .gauge, "Always 1; the version is its label.")
        text.sample(1, ("version", batonVersion))
    }

    private func authentication(_ text: inout MetricsText) {
        let figures = issuers.figures
        text.begin(
            "baton_issuer_tokens_total", .counter, "Tokens of issuers that were judged, by what was found.")
        text.sample(figures.verified, ("outcome", "verified"))
        text.sample(figures.remembered, ("outcome", "remembered"))
        for kind in TokenRefusal.Kind.allCases {
            text.sample(figures.refused[kind, default: 0], ("outcome", kind.rawValue))
        }
        text.begin("baton_key_fetches_total", .counter, "Fetches of issuers' keys, by outcome.")
        text.sample(figures.fetches, ("outcome", "fetched"))
        text.sample(figures.failedFetches, ("outcome", "failed"))
        text.gauge(
            "baton_issuers_unreachable", issuers.troubles.count,
            "Issuers whose keys could not be fetched when it was last tried.")
    }

    private func watches(_ text: inout MetricsText) {
        let watching = meters.watching
        text.gauge("baton_watches", watching.open, "Watches that are open now.")
        text.gauge(
            "baton_watches_catching_up", watching.catchingUp,
            "Of them, those that have not been told yet all that is on disk.")
        text.counter("baton_watch_events_total", watching.events, "Events that were sent, to each watcher.")
        text.counter(
            "baton_watch_encodings_total", watching.encodings, "How often an event was put into bytes.")
        text.counter(
            "baton_watches_cut_off_total", watching.cutOff, "Watches that ended because nobody read them.")
    }

    private func http(_ text: inout MetricsText) {
        text.begin("baton_http_requests_total", .counter, "Requests that were answered, by route and status.")
        for route in RouteTemplate.allCases {
            for answer in meters.answers[route.rawValue].sorted(by: { $0.code < $1.code }) {
                text.sample(answer.count, ("route", route.text), ("code", String(answer.code)))
            }
        }
        text.begin(
            "baton_http_request_duration_seconds", .histogram,
            "From a request's arrival to its answer, by route, without those that waited for others.")
        for route in RouteTemplate.allCases where meters.answerTime[route.rawValue].count > 0 {
            text.samples(meters.answerTime[route.rawValue], ("route", route.text))
        }
        text.gauge("baton_connections", server.connectionsOpen, "Connections that are open now.")
        text.counter(
            "baton_connections_accepted_total", server.connectionsAccepted, "Connections that were taken.")
        text.counter(
            "baton_connections_shed_total", server.connectionsShed,
            "Connections that were closed at once: too many, or no descriptor left.")
        text.counter(
            "baton_connections_cut_off_total", server.cutOff,
            "Answers and streams that were cut off because nobody read them.")
        text.counter("baton_received_bytes_total", server.bytesIn, "Bytes that were read from clients.")
        text.counter("baton_sent_bytes_total", server.bytesOut, "Bytes that were written to clients.")
    }

    private func tls(_ text: inout MetricsText) {
        let tls = server.tls
        text.begin(
            "baton_tls_handshakes_total", .counter,
            "TLS handshakes that were completed, by version; resumed ones follow an earlier session.")
        for version in TLSContext.Version.allCases {
            text.sample(tls.full[version, default: 0], ("version", version.rawValue), ("kind", "full"))
            text.sample(tls.resumed[version, default: 0], ("version", version.rawValue), ("kind", "resumed"))
        }
        text.begin(
            "baton_tls_handshakes_failed_total", .counter, "TLS handshakes that came to nothing, by reason.")
        text.sample(tls.refused, ("reason", "refused"))
        text.sample(tls.plainHTTP, ("reason", "plain_http"))
        text.sample(tls.cutOff, ("reason", "cut_off"))
        text.sample(tls.timedOut, ("reason", "timed_out"))
        text.begin(
            "baton_tls_certificate_not_after_seconds", .gauge,
            "When the certificate that new connections are shown expires, in seconds since 1970-01-01 UTC.")
        if let end = tls.certificateNotAfter { text.sample(end) }
    }

    private func process(_ text: inout MetricsText) {
        let process = ProcessFigures.read()
        text.begin("process_cpu_seconds_total", .counter, "Processor time in user and kernel mode.")
        text.sample(process.cpu)
        if let resident = process.resident {
            text.gauge("process_resident_memory_bytes", resident, "Resident memory.")
        }
        if let open = process.openDescriptors {
            text.gauge("process_open_fds", open, "Open file descriptors.")
        }
        if let limit = process.descriptorsMax {
            text.gauge("process_max_fds", limit, "The most file descriptors that may be open.")
        }
        text.gauge(
            "process_start_time_seconds", Double(facts.startedAt.wall.microseconds) / 1e6,
            "When the daemon started, in seconds since 1970-01-01 UTC.")
    }
}
