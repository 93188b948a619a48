import Coordination
import JSON

/// In what form the events of a watch go out. Whoever watches in the same form gets the same bytes.
///
/// JSON: one event a line, never indented. Protobuf: each event behind its length in four bytes; the event itself
/// has no envelope, the object in it has one.
public struct WatchForm: Hashable, Sendable {
    let resource: Resource
    let encoding: AnswerForm.Encoding
    let shape: AnswerForm.Shape
    /// Of a row of a Table.
    let included: IncludedObject

    init(
        resource: Resource, encoding: AnswerForm.Encoding, shape: AnswerForm.Shape, included: IncludedObject
    ) {
        self.resource = resource
        self.encoding = encoding
        self.shape = shape
        // What makes no difference must not make two forms.
        if case .table = shape { self.included = included } else { self.included = .metadata }
    }

    var contentType: APIResponse.Header {
        encoding == .protobuf
            ? APIResponse.Header("Content-Type", "\(MediaType.protobuf);stream=watch") : .json
    }

    /// Whether the first event of a stream differs from all others: it carries the columns of the Table.
    public var hasColumns: Bool { if case .table = shape { true } else { false } }

    /// - Parameters:
    ///   - isFirst: of its stream.
    ///   - now: to tell ages by.
    public func bytes(_ event: WatchEvent, isFirst: Bool, at now: Timestamp) -> [UInt8] {
        guard encoding != .protobuf else { return frame(event.kind, message(of: event.object)) }
        return line(event.kind) { writer in
            switch shape {
            case .object: event.object.write(to: &writer, isTyped: true)
            case .partial(let version): event.object.writePartial(to: &writer, version: version)
            case .table(let version):
                table(version, event.object.metadata.version, isFirst: isFirst, to: &writer) {
                    TableText.row(event.object, included, version: version, at: now, to: &$0)
                }
            }
        }
    }

    /// How far the stream is. - Parameter endsInitial: whether all that was there has been sent.
    public func bookmark(at version: Revision, endsInitial: Bool, isFirst: Bool) -> [UInt8] {
        let metadata = BookmarkMetadata(version: version, endsInitial: endsInitial)
        guard encoding != .protobuf else { return frame(.bookmark, message(of: metadata)) }
        return line(.bookmark) { writer in
            switch shape {
            case .object: write(metadata, to: &writer)
            case .partial(let version): metadata.writePartial(to: &writer, version: version)
            case .table(let version):
                table(version, metadata.version, isFirst: isFirst, to: &writer) {
                    row(metadata, version, to: &$0)
                }
            }
        }
    }

    /// The last event of a stream that can't go on.
    public func error(_ fault: WatchFault) -> [UInt8] {
        guard encoding != .protobuf else { return frame(.error, fault.status.protobuf) }
        return line(.error) { fault.status.write(to: &$0) }
    }

    // MARK: JSON

    private func line(_ kind: WatchEvent.Kind, _ object: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        writer.object {
            $0.member("type", kind.rawValue)
            $0.member("object", object)
        }
        return writer.bytes + [UInt8(ascii: "\n")]
    }

    private func table(
        _ version: String, _ revision: Revision, isFirst: Bool, to writer: inout JSONWriter,
        row: (inout JSONWriter) -> Void
    ) {
        writer.type("Table", "meta.k8s.io/\(version)")
        writer.member("metadata") { $0.member("resourceVersion", String(revision)) }
        writer.name("columnDefinitions")
        writer.value(isFirst ? TableText.columns(of: resource) : .null)
        writer.name("rows")
        writer.array([()]) { writer, _ in row(&writer) }
    }

    /// A row of nothing, for what carries only a version.
    private func row(_ metadata: BookmarkMetadata, _ version: String, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.name("cells")
            writer.array(resource.columns) { writer, column in
                switch (column.name, column.type) {
                case ("Age", _): writer.value("<unknown>")
                case (_, "integer"): writer.value(Int64(0))
                default: writer.value("")
                }
            }
            switch included {
            case .none: writer.null("object")
            case .metadata: writer.member("object") { metadata.writePartial(to: &$0, version: version) }
            case .object: writer.member("object") { write(metadata, to: &$0) }
            }
        }
    }

    private func write(_ metadata: BookmarkMetadata, to writer: inout JSONWriter) {
        writer.type(resource.kind, resource.groupVersion.text)
        writer.member("metadata") { metadata.write(to: &$0) }
        // As Go writes what is empty; custom resources have no types there.
        if resource != .doneMarkers { writer.member("spec") { _ in } }
        if resource == .namespaces { writer.member("status") { _ in } }
    }

    // MARK: Protobuf

    /// metav1.WatchEvent: its type, and an object's bytes in a RawExtension.
    private func frame(_ kind: WatchEvent.Kind, _ object: [UInt8]) -> [UInt8] {
        var event = ProtobufWriter()
        event.string(1, kind.rawValue)
        event.message(2) { $0.raw(1, object) }
        let count = UInt32(event.bytes.count)
        return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0) } + event.bytes
    }

    private func message(of object: KubernetesObject) -> [UInt8] {
        if case .partial(let version) = shape {
            return ProtobufEnvelope.of(
                "PartialObjectMetadata", "meta.k8s.io/\(version)", object.partialProtobuf)
        }
        return ProtobufEnvelope.of(resource.kind, resource.groupVersion.text, object.protobuf ?? [])
    }

    private func message(of metadata: BookmarkMetadata) -> [UInt8] {
        var message = ProtobufWriter()
        message.message(1) { metadata.write(to: &$0) }
        if case .partial(let version) = shape {
            return ProtobufEnvelope.of("PartialObjectMetadata", "meta.k8s.io/\(version)", message.bytes)
        }
        message.message(2) { _ in }
        if resource == .namespaces { message.message(3) { _ in } }
        return ProtobufEnvelope.of(resource.kind, resource.groupVersion.text, message.bytes)
    }
}

/// All that a bookmark's object has.
private struct BookmarkMetadata {
    var version: Revision
    var endsInitial: Bool

    private var annotations: [String: String] {
        endsInitial ? ["k8s.io/initial-events-end": "true"] : [:]
    }

    func write(to writer: inout JSONWriter) {
        writer.member("resourceVersion", String(version))
        if endsInitial { writer.member("annotations", annotations) }
    }

    func writePartial(to writer: inout JSONWriter, version: String) {
        writer.type("PartialObjectMetadata", "meta.k8s.io/\(version)")
        writer.member("metadata") { write(to: &$0) }
    }

    func write(to writer: inout ProtobufWriter) {
        for field in 1...5 { writer.string(field, "") }
        writer.string(6, String(version))
        writer.number(7, 0)
        writer.message(8) { _ in }
        writer.map(12, annotations)
    }
}

/// Why a watch ends before its time.
public enum WatchFault: Hashable, Sendable {
    /// What happened since isn't known any more. - Parameter oldest: the first version to watch from.
    case expired(Revision, oldest: Revision)
    /// So much of the stream lies unread.
    case tooSlow(unread: Int)
    case unavailable(Unavailable)

    var status: Status {
        switch self {
        case .expired(let version, let oldest):
            Status(410, "Expired", "too old resource version: \(version) (\(oldest))")
        // client-go waits a moment and goes on from the version that it knows.
        case .tooSlow(let unread):
            Status(
                429, "TooManyRequests",
                "the watch ends, because \(unread) bytes of it were not read (http.writeBacklogBytes): go on from "
                    + "the last resourceVersion, and read faster or watch less")
        case .unavailable(let reason): Status.unavailable(reason)
        }
    }
}
