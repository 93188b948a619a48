import API
import Coordination
import Store

/// Questions about aliases, and markers that are found by less than their names.
extension Reader {
    func aliases(_ namespace: String, _ prefix: String, _ page: ReadQuery.Page) -> APIResponse {
        let items = core.aliases(
            in: namespace, prefix: prefix, after: page.after, limit: page.limit + 1)
        let shown = Array(items.prefix(page.limit))
        return elections.aliases(shown, next: items.count > page.limit ? shown.last?.key.name : nil)
    }

    /// The exact name goes first, so that no marker that comes later changes what it means.
    func resolution(of text: String, in namespace: String) throws -> Resolution {
        let key = Key(namespace: namespace, name: text)
        if let marker = try marker(key) { return .name(marker) }
        if let alias = core.alias(key), let marker = try marker(alias.marker) { return .alias(alias, marker) }
        let found = try store.markers(namespace: namespace, prefix: text, limit: 2)
        if found.count < 2 { return found.first.map { .prefix($0) } ?? .nothing }
        let names = try store.markers(namespace: namespace, prefix: text, limit: Resolution.counted + 1)
            .map(\.key.name)
        let count = min(names.count, Resolution.counted)
        return .ambiguous(
            Array(names.prefix(Resolution.shown)), count: count, more: names.count > Resolution.counted)
    }

    /// As memory has it, or else the store.
    private func marker(_ key: Key) throws -> DoneMarker? {
        if core.knows(key) { return core.marker(key) }
        return try store.fetch([key]).first?.marker
    }
}
