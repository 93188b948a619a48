import API
import Coordination
import Store

/// Waits for so many markers that have certain labels.
///
/// The core knows no labels, and most markers are on disk and not in memory. So these waits are here: each reads the
/// namespace's markers page by page, and takes in what becomes durable from its first page on. What a page says and
/// what a change says of one name is the same or later, so the order between the two doesn't matter. Memory holds
/// the names that count. Nothing is said that isn't on disk.
///
/// Reading is paced as watches are. The core counts whoever waits here with all others who wait.
final class Selections {
    fileprivate struct Wait {
        var selection: MarkerSelection
        /// Nil: it is answered as soon as everything has been read.
        var until: Instant?
        var client: String?
        /// Those that count.
        var succeeded: Set<String> = []
        var failed: Set<String> = []
        /// Behind which name the next page begins; nil in the end.
        var page: Page?
        var told = -1
    }
    fileprivate enum Page {
        case first
        case after(String)
    }
    private static let pageSize = 100

    private let turns: Turns
    private var waits: [RequestID: Wait] = [:]
    private var ends = DueQueue<RequestID>()
    /// Those that have read on to do.
    private var reading: Set<RequestID> = []
    private var pacer = Pacer()
    /// Says the answer.
    var onEnd: (RequestID, MarkersView) -> Void = { _, _ in }
    /// The store can't be read.
    var onTrouble: (RequestID) -> Void = { _ in }
    /// Says how it stands.
    var onNews: (RequestID, MarkersView) -> Void = { _, _ in }

    init(turns: Turns) { self.turns = turns }

    func add(
        _ selection: MarkerSelection, until: Instant?, client: String?, as request: RequestID
    ) throws(Rejection) {
        if until != nil { try turns.core.beginWaiting(in: selection.namespace, client: client) }
        waits[request] = Wait(selection: selection, until: until, client: client, page: .first)
        reading.insert(request)
        if let until { ends.add(request, at: until) }
        if ends.count > 1024 + 2 * waits.count { ends.keep { waits[$0] != nil } }
    }

    func remove(_ request: RequestID) {
        reading.remove(request)
        guard let wait = waits.removeValue(forKey: request), wait.until != nil else { return }
        turns.core.endWaiting(in: wait.selection.namespace, client: wait.client)
    }

    var nextWake: Instant? {
        guard !reading.isEmpty else { return ends.next }
        return min(ends.next ?? pacer.next, pacer.next)
    }

    /// A turn is on disk.
    func committed(_ changes: [Change]) {
        guard !waits.isEmpty else { return }
        var touched: Set<RequestID> = []
        for change in changes {
            guard let namespace = change.namespaceOfMarkers else { continue }
            let news = News(change)
            for (request, wait) in waits where wait.selection.namespace == namespace {
                if case .namespace = change {
                    end(request, .deleted)
                } else {
                    waits[request]!.take(news)
                    touched.insert(request)
                }
            }
        }
        for request in touched.sorted() { judge(request) }
    }

    /// Reads on, and ends what is over.
    func tend(at now: Instant) {
        read(at: now)
        while let request = ends.popDue(at: now) { end(request, .waiting) }
    }

    private func read(at now: Instant) {
        guard !reading.isEmpty, pacer.mayBegin(at: now) else { return }
        let start = Instant(nanoseconds: Meters.moment)
        var line = reading.sorted()[...]
        while let request = line.popFirst(), Meters.moment - start.nanoseconds < Pacer.workTime.nanoseconds {
            do {
                try readPage(request)
            } catch {
                remove(request)
                onTrouble(request)
                continue
            }
            judge(request)
            if reading.contains(request) { line.append(request) }
        }
        pacer.worked(from: start, to: Instant(nanoseconds: Meters.moment))
    }

    private func readPage(_ request: RequestID) throws {
        guard var wait = waits[request], let page = wait.page else { return }
        var after: String?
        if case .after(let name) = page { after = name }
        let namespace = wait.selection.namespace
        let markers = try turns.store.markers(namespace: namespace, after: after, limit: Self.pageSize)
        for marker in markers { wait.take(News(.marker(marker))) }
        wait.page = markers.count == Self.pageSize ? .after(markers.last!.key.name) : nil
        waits[request] = wait
        if wait.page == nil { reading.remove(request) }
        let isTerminating = turns.store.namespaceRecord(namespace)?.isTerminating ?? false
        if isTerminating, wait.page == nil, wait.verdict == nil { end(request, .deleted) }
    }

    private func judge(_ request: RequestID) {
        guard let wait = waits[request] else { return }
        if let verdict = wait.verdict { return end(request, verdict) }
        if wait.page == nil, wait.until == nil { return end(request, .waiting) }
        guard wait.page == nil, wait.told != wait.succeeded.count else { return }
        waits[request]!.told = wait.succeeded.count
        var view = MarkersView(verdict: .waiting, markers: [], missing: [])
        view.left = wait.left
        onNews(request, view)
    }

    private func end(_ request: RequestID, _ verdict: MarkersView.Verdict) {
        guard let wait = waits[request] else { return }
        remove(request)
        do {
            onEnd(request, try view(of: wait, verdict))
        } catch {
            onTrouble(request)
        }
    }

    private func view(of wait: Wait, _ verdict: MarkersView.Verdict) throws -> MarkersView {
        let names = (verdict == .failed ? wait.failed : wait.succeeded).sorted()
        let keys = names.prefix(MarkerSelection.mostShown).map {
            Key(namespace: wait.selection.namespace, name: $0)
        }
        let markers = try turns.store.fetch(keys).compactMap(\.marker).sorted { $0.key < $1.key }
        var view = MarkersView(verdict: verdict, markers: markers, missing: [])
        view.left = wait.left
        view.about = verdict == .failed ? keys.first : nil
        return view
    }
}

extension Selections.Wait {
    fileprivate var left: Int { max(0, selection.count - succeeded.count) }

    /// Fails at once when one has failed.
    fileprivate var verdict: MarkersView.Verdict? {
        if !failed.isEmpty { return .failed }
        return succeeded.count >= selection.count ? .done : nil
    }

    fileprivate mutating func take(_ news: Selections.News) {
        succeeded.remove(news.name)
        failed.remove(news.name)
        guard let (labels, outcome) = news.marker, selection.wants(labels) else { return }
        if outcome == .succeeded { succeeded.insert(news.name) } else { failed.insert(news.name) }
    }
}

extension Selections {
    /// A marker that is there, has changed, or is gone.
    fileprivate struct News {
        var name = ""
        var marker: (labels: MarkerLabels, outcome: Outcome)?

        init(_ change: Change) {
            switch change {
            case .marker(let marker, _):
                name = marker.key.name
                self.marker = (MarkerLabels(of: marker), marker.finding.outcome)
            case .markerDeleted(let marker, _): name = marker.key.name
            default: break
            }
        }
    }
}

extension Change {
    /// Whose waits for markers it may end.
    fileprivate var namespaceOfMarkers: String? {
        switch self {
        case .marker(let marker, _), .markerDeleted(let marker, _): marker.key.namespace
        case .namespace(let record, _): record.isTerminating ? record.name : nil
        default: nil
        }
    }
}
