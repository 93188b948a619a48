import Coordination

// As in RecordCodec+Records: the order of the lines is the format.

extension ByteWriter {
    mutating func audit(_ entry: AuditEntry) {
        integer(entry.revision)
        integer(entry.time.microseconds)
        text(entry.verb.rawValue)
        text(entry.outcome.rawValue)
        optional(entry.origin) { $0.origin($1) }
        text(entry.namespace)
        text(entry.name)
        text(entry.reason)
        text(entry.holder)
        integer(entry.token)
        integer(Int64(entry.count))
        map(entry.details)
    }

    private mutating func origin(_ origin: Origin) {
        text(origin.requestID)
        text(origin.identity)
        text(origin.address)
    }
}

extension ByteReader {
    mutating func audit() throws(CodecError) -> AuditEntry {
        let revision = try integer()
        let time = try time()
        var entry = AuditEntry(try word("verb"), try word("outcome"), at: time)
        entry.revision = revision
        entry.origin = try flag() ? try origin() : nil
        entry.namespace = try optionalText()
        entry.name = try optionalText()
        entry.reason = try optionalText()
        entry.holder = try optionalText()
        entry.token = try optionalInteger()
        entry.count = try number()
        entry.details = try map()
        return entry
    }

    private mutating func origin() throws(CodecError) -> Origin {
        Origin(requestID: try text(), identity: try optionalText(), address: try text())
    }

    private mutating func word<T: RawRepresentable>(_ field: String) throws(CodecError) -> T
    where T.RawValue == String {
        let at = offset
        guard let value = T(rawValue: try text()) else { throw .unknown(field: field, value: UInt64(at)) }
        return value
    }
}
