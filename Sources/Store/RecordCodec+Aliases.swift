import Coordination

// As in RecordCodec+Records: the order of the lines is the format.

extension RecordCodec {
    static func encode(_ record: AliasRecord, into out: inout ByteWriter) {
        out.reset()
        out.byte(version)
        out.alias(record)
    }

    static func encode(_ move: AliasMove, into out: inout ByteWriter) {
        out.reset()
        out.byte(version)
        out.aliasMove(move)
    }

    static func alias(_ bytes: UnsafeRawBufferPointer) throws(CodecError) -> AliasRecord {
        var reader = try body(bytes)
        let record = try reader.alias()
        try reader.finish()
        return record
    }

    static func aliasMove(_ bytes: UnsafeRawBufferPointer) throws(CodecError) -> AliasMove {
        var reader = try body(bytes)
        let move = try reader.aliasMove()
        try reader.finish()
        return move
    }
}

extension ByteWriter {
    private mutating func target(_ target: AliasTarget) {
        text(target.name)
        integer(target.revision)
    }

    mutating func alias(_ alias: AliasRecord) {
        key(alias.key)
        target(alias.target)
        optional(alias.previous) { $0.target($1) }
        integer(alias.revision)
        integer(alias.before)
        integer(alias.created)
        integer(alias.createdAt.microseconds)
        integer(alias.movedAt.microseconds)
        byte(alias.how.rawValue)
        text(alias.by)
        text(alias.holder)
        text(alias.reason)
    }

    mutating func aliasMove(_ move: AliasMove) {
        key(move.key)
        integer(move.revision)
        byte(move.how.rawValue)
        optional(move.from) { $0.target($1) }
        optional(move.to) { $0.target($1) }
        text(move.by)
        text(move.holder)
        text(move.reason)
        integer(move.at.microseconds)
    }
}

extension ByteReader {
    private mutating func target() throws(CodecError) -> AliasTarget {
        AliasTarget(name: try text(), revision: try integer())
    }

    mutating func alias() throws(CodecError) -> AliasRecord {
        AliasRecord(
            key: try key(), target: try target(), previous: try flag() ? try target() : nil,
            revision: try integer(), before: try integer(), created: try integer(), createdAt: try time(),
            movedAt: try time(), how: try choice("move", as: AliasMove.How.self), by: try optionalText(),
            holder: try optionalText(), reason: try optionalText())
    }

    mutating func aliasMove() throws(CodecError) -> AliasMove {
        AliasMove(
            key: try key(), revision: try integer(), how: try choice("move", as: AliasMove.How.self),
            from: try flag() ? try target() : nil, to: try flag() ? try target() : nil,
            by: try optionalText(), holder: try optionalText(), reason: try optionalText(), at: try time())
    }
}
