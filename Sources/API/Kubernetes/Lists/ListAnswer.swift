import Coordination
import JSON

/// A list as it is being put together: object after object straight into bytes, so that none is kept.
public struct ListAnswer: Sendable {
    private let resource: Resource
    private let form: AnswerForm
    private let included: IncludedObject
    private let now: Timestamp
    private var items = JSONWriter(capacity: 4096)
    private var messages = ProtobufWriter()
    /// How many objects are in it.
    public private(set) var count = 0

    init(_ resource: Resource, _ form: AnswerForm, _ included: IncludedObject, at now: Timestamp) {
        self.resource = resource
        self.form = form
        self.included = included
        self.now = now
    }

    public mutating func append(_ object: KubernetesObject) {
        count += 1
        if form.encoding == .protobuf {
            // 2: the items of any list.
            if case .partial = form.shape {
                messages.raw(2, object.partialProtobuf)
            } else if let message = object.protobuf {
                messages.raw(2, message)
            }
            return
        }
        switch form.shape {
        case .object: items.object { object.write(to: &$0, isTyped: false) }
        case .partial(let version): items.object { object.writePartial(to: &$0, version: version) }
        case .table(let version): TableText.row(object, included, version: version, at: now, to: &items)
        }
    }

    /// - Parameters:
    ///   - version: what the list is of.
    ///   - next: how to ask for the next part; nil: this was the last.
    ///   - remaining: how many follow; nil: not counted.
    func response(version: Revision, next: String?, remaining: Int?) -> APIResponse {
        let head = ListHead(version: String(version), next: next, remaining: remaining)
        let (kind, apiVersion) = type
        guard form.encoding != .protobuf else {
            var list = ProtobufWriter()
            list.message(1) { head.write(to: &$0) }
            list.bytes.append(contentsOf: messages.bytes)
            return form.response(200, ProtobufEnvelope.of(kind, apiVersion, list.bytes))
        }
        var writer = JSONWriter(capacity: items.bytes.count + 4096)
        writer.object { writer in
            writer.type(kind, apiVersion)
            writer.member("metadata") { head.write(to: &$0) }
            if case .table = form.shape {
                TableText.columns(resource.columns, to: &writer)
                writer.name("rows")
            } else {
                writer.name("items")
            }
            writer.bytes.append(UInt8(ascii: "["))
            writer.bytes.append(contentsOf: items.bytes)
            writer.bytes.append(UInt8(ascii: "]"))
        }
        return form.response(200, writer.bytes)
    }

    private var type: (kind: String, apiVersion: String) {
        switch form.shape {
        case .object: ("\(resource.kind)List", resource.groupVersion.text)
        case .table(let version): ("Table", "meta.k8s.io/\(version)")
        case .partial(let version): ("PartialObjectMetadataList", "meta.k8s.io/\(version)")
        }
    }
}

/// The metadata of a list.
private struct ListHead {
    var version: String
    var next: String?
    var remaining: Int?

    func write(to writer: inout JSONWriter) {
        writer.member("resourceVersion", version)
        writer.member("continue", next)
        if let remaining { writer.member("remainingItemCount", remaining) }
    }

    func write(to writer: inout ProtobufWriter) {
        writer.string(1, "")
        writer.string(2, version)
        writer.string(3, next ?? "")
        if let remaining { writer.number(4, Int64(remaining)) }
    }
}
