import Coordination

/// Aliases and their moves, for `TableWriter`.
struct AliasWriter {
    private let put: Statement
    private let drop: Statement
    private let putMove: Statement
    private var body = ByteWriter()

    private static let insert: StaticString = """
        INSERT INTO aliases(
            namespace, name, target, target_revision, previous, moved, moved_by, holder, reason, created,
            revision, body)
        VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
        ON CONFLICT(namespace, name) DO UPDATE SET
            target = excluded.target, target_revision = excluded.target_revision,
            previous = excluded.previous, moved = excluded.moved, moved_by = excluded.moved_by,
            holder = excluded.holder, reason = excluded.reason, created = excluded.created,
            revision = excluded.revision, body = excluded.body
        """
    private static let delete: StaticString = "DELETE FROM aliases WHERE namespace = ?1 AND name = ?2"
    // A replay after a crash may bring a move that is there already; moves don't change.
    private static let insertMove: StaticString = """
        INSERT OR IGNORE INTO alias_moves(
            revision, namespace, name, how, from_target, from_revision, to_target, to_revision, moved_by,
            holder, reason, time, at, body)
        VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
        """

    init(_ connection: Connection) throws(StoreError) {
        put = try connection.prepare(Self.insert)
        drop = try connection.prepare(Self.delete)
        putMove = try connection.prepare(Self.insertMove)
    }

    mutating func write(_ alias: AliasRecord) throws(StoreError) {
        RecordCodec.encode(alias, into: &body)
        put.bind(1, alias.key.namespace)
        put.bind(2, alias.key.name)
        put.bind(3, alias.target.name)
        put.bind(4, alias.target.revision)
        put.bind(5, alias.previous?.name)
        put.bind(6, alias.movedAt.iso)
        put.bind(7, alias.by)
        put.bind(8, alias.holder)
        put.bind(9, alias.reason)
        put.bind(10, alias.createdAt.iso)
        put.bind(11, alias.revision)
        put.bind(12, body)
        try put.run()
    }

    func delete(_ key: Key) throws(StoreError) {
        drop.bind(1, key.namespace)
        drop.bind(2, key.name)
        try drop.run()
    }

    mutating func write(_ move: AliasMove) throws(StoreError) {
        RecordCodec.encode(move, into: &body)
        putMove.bind(1, move.revision)
        putMove.bind(2, move.key.namespace)
        putMove.bind(3, move.key.name)
        putMove.bind(4, move.how.word)
        putMove.bind(5, move.from?.name)
        putMove.bind(6, move.from?.revision)
        putMove.bind(7, move.to?.name)
        putMove.bind(8, move.to?.revision)
        putMove.bind(9, move.by)
        putMove.bind(10, move.holder)
        putMove.bind(11, move.reason)
        putMove.bind(12, move.at.iso)
        putMove.bind(13, move.at.microseconds)
        putMove.bind(14, body)
        try putMove.run()
    }
}

extension AliasMove.How {
    var word: String {
        switch self {
        case .set: "set"
        case .rolledBack: "rolled-back"
        case .followed: "followed"
        case .deleted: "deleted"
        }
    }
}
