/// The names in memory, by their keys.
///
/// What memory has of a name is some hundred bytes: each has a place of its own, which the table points at. So a
/// table that grows moves pointers, and holders wait for it as little as can be.
struct NameTable: Sendable {
    final class Place: @unchecked Sendable {
        fileprivate(set) var name: NameState
        fileprivate init(_ name: consuming NameState) { self.name = name }
    }

    typealias Index = Dictionary<Key, Place>.Index

    private var places: [Key: Place] = [:]

    var count: Int { places.count }
    var indices: DefaultIndices<[Key: Place]> { places.indices }

    func index(forKey key: Key) -> Index? { places.index(forKey: key) }
    func contains(_ key: Key) -> Bool { places.index(forKey: key) != nil }

    /// In place.
    subscript(at index: Index) -> NameState {
        _read { yield places.values[index].name }
        _modify {
            own(index)
            yield &places.values[index].name
        }
    }

    subscript(key: Key) -> NameState? { places[key]?.name }

    mutating func put(_ name: consuming NameState, _ key: Key) {
        if let index = places.index(forKey: key) {
            self[at: index] = name
        } else {
            places[key] = Place(name)
        }
    }

    mutating func remove(_ key: Key) { places[key] = nil }

    /// A core that was copied shares its places until one of the two changes something.
    private mutating func own(_ index: Index) {
        if !isKnownUniquelyReferenced(&places.values[index]) {
            places.values[index] = Place(places.values[index].name)
        }
    }
}

extension NameTable: Sequence {
    typealias Entries = LazyMapSequence<[Key: Place], (key: Key, value: NameState)>

    func makeIterator() -> Entries.Iterator {
        places.lazy.map { (key: $0.key, value: $0.value.name) }.makeIterator()
    }
}
