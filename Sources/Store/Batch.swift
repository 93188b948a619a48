import Coordination
import Glibc

/// Records for the tables, each name and token once, and the turn up to which they are complete.
struct Batch: Sendable {
    var revision: Revision
    var rows: [Row]

    /// In the order of the tables and their keys: neighbours share a page, so that a slice
    /// dirties few of them, and the next turn's flush carries no more than those.
    ///
    /// Turns wait meanwhile. So rows are told apart by eight bytes behind what all names have in common, and names
    /// are compared only where those are the same.
    mutating func sort() {
        var tables = [[Int]](repeating: [], count: Row.tables)
        for index in rows.indices { tables[rows[index].table].append(index) }
        rows = tables.flatMap { sorted($0) }.map { rows[$0] }
    }

    private struct Place {
        var head: UInt64
        /// Among those of its table.
        var index: Int32
    }

    /// Of one table.
    private func sorted(_ indices: [Int]) -> [Int] {
        let texts = indices.map { rows[$0].sortKey }
        guard let first = texts.first else { return [] }
        let shared = texts.reduce(first.count) { min($0, first.sharedBytes($1, upTo: $0)) }
        var places = texts.enumerated().map {
            Place(head: $0.element.head(behind: shared), index: Int32($0.offset))
        }
        places.sort {
            $0.head != $1.head
                ? $0.head < $1.head : texts[Int($0.index)].precedes(texts[Int($1.index)], behind: shared)
        }
        return places.map { indices[Int($0.index)] }
    }
}

extension [UInt8] {
    /// How many bytes both begin with, if that is less.
    fileprivate func sharedBytes(_ other: [UInt8], upTo limit: Int) -> Int {
        let end = Swift.min(limit, count, other.count)
        for index in 0..<end where self[index] != other[index] { return index }
        return end
    }

    /// The eight bytes behind so many, as a number that sorts as they do; zeros behind the end.
    fileprivate func head(behind start: Int) -> UInt64 {
        (start..<start + 8).reduce(0) { $0 << 8 | UInt64($1 < count ? self[$1] : 0) }
    }

    fileprivate func precedes(_ other: [UInt8], behind start: Int) -> Bool {
        let order = withUnsafeBufferPointer { mine in
            other.withUnsafeBufferPointer { theirs in
                memcmp(
                    mine.baseAddress! + start, theirs.baseAddress! + start,
                    Swift.min(count, other.count) - start)
            }
        }
        return order != 0 ? order < 0 : count < other.count
    }
}

/// A row of the readable tables as it shall be.
indirect enum Row: Sendable {
    case lease(LeaseRecord)
    case noLease(Key)
    case marker(DoneMarker)
    case noMarker(Key)
    case hold(HoldRecord)
    case namespace(NamespaceRecord)
    case noNamespace(String)
    case audit(AuditEntry)
    case waits(WaitsRecord)
    case alias(AliasRecord)
    case noAlias(Key)
    case aliasMove(AliasMove)
}

extension Row {
    fileprivate static let tables = 8

    fileprivate var table: Int {
        switch self {
        case .lease, .noLease: 0
        case .marker, .noMarker: 1
        case .hold: 2
        case .audit: 3
        case .namespace, .noNamespace: 4
        case .alias, .noAlias: 5
        case .aliasMove: 6
        case .waits: 7
        }
    }

    /// Sorts as the table's key does: byte by byte.
    fileprivate var sortKey: [UInt8] {
        switch self {
        case .lease(let record): Self.bytes(record.key)
        case .noLease(let key), .noMarker(let key), .noAlias(let key): Self.bytes(key)
        case .marker(let record): Self.bytes(record.key)
        case .alias(let record): Self.bytes(record.key)
        case .namespace(let record): Array(record.name.utf8)
        case .noNamespace(let name): Array(name.utf8)
        case .hold(let record): Self.bytes(record.token)
        case .audit(let entry): Self.bytes(entry.revision)
        case .aliasMove(let move): Self.bytes(move.revision)
        case .waits(let record): Self.bytes(record.revision)
        }
    }

    private static func bytes(_ key: Key) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(key.namespace.utf8.count + 1 + key.name.utf8.count)
        bytes.append(contentsOf: key.namespace.utf8)
        // Less than any letter: a namespace comes before another that begins with it.
        bytes.append(0)
        bytes.append(contentsOf: key.name.utf8)
        return bytes
    }

    /// Tokens and revisions are never negative.
    private static func bytes(_ number: Int64) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }
}
