import Coordination
import JSON

/// A list as it is being put together: object after object straight into the bytes that go out, so that none
/// is kept, and that no step takes longer than its object.
public struct ListAnswer: Sendable {
    private let resource: Resource
    private let form: AnswerForm
    private let included: IncludedObject
    private let now: Timestamp
    /// The items as they will stand in the list.
    private var items: [UInt8] = []
    /// How many objects are in it.
    public private(set) var count = 0

    /// How long it is so far.
    public var byteCount: Int { items.count }

    init(_ resource: Resource, _ form: AnswerForm, _ included: IncludedObject, at now: Timestamp) {
        self.resource = resource
        self.form = form
        self.included = included
        self.now = now
    }

    public mutating func append(_ object: KubernetesObject) {
        count += 1
        switch form.encoding {
        case .protobuf: appendMessage(object)
        case .json where !form.isPretty:
            var writer = JSONWriter(capacity: 0)
            swap(&writer.bytes, &items)
            write(object, to: &writer)
            swap(&writer.bytes, &items)
        case .json, .yaml:
            var writer = JSONWriter()
            write(object, to: &writer)
            appendShown(writer.bytes)
        }
    }

    private mutating func appendMessage(_ object: KubernetesObject) {
        var writer = ProtobufWriter()
        swap(&writer.bytes, &items)
        // 2: the items of any list.
        if case .partial = form.shape {
            writer.raw(2, object.partialProtobuf)
        } else if let message = object.protobuf {
            writer.raw(2, message)
        }
        swap(&writer.bytes, &items)
    }

    private func write(_ object: KubernetesObject, to writer: inout JSONWriter) {
        switch form.shape {
        case .object: writer.object { object.write(to: &$0, isTyped: false) }
        case .partial(let version): writer.object { object.writePartial(to: &$0, version: version) }
        case .table(let version): TableText.row(object, included, version: version, at: now, to: &writer)
        }
    }

    /// For people: as deep as it will stand.
    private mutating func appendShown(_ json: [UInt8]) {
        // This face wrote it, so it is JSON.
        let item = (try? JSON(parsing: json)) ?? .null
        guard form.encoding == .json else {
            return items.append(contentsOf: YAML.text([item]).utf8)
        }
        items.append(contentsOf: (count == 1 ? "\n    " : ",\n    ").utf8)
        for byte in item.prettyText.utf8 {
            items.append(byte)
            // No line feed stands in a string of JSON.
            if byte == UInt8(ascii: "\n") { items.append(contentsOf: "    ".utf8) }
        }
    }

    /// - Parameters:
    ///   - version: what the list is of.
    ///   - next: how to ask for the next part; nil: this was the last.
    ///   - remaining: how many follow; nil: not counted.
    func response(version: Revision, next: String?, remaining: Int?) -> APIResponse {
        let (kind, apiVersion) = type
        guard form.encoding != .protobuf else {
            var list = ProtobufWriter()
            list.message(1) {
                $0.string(1, "")
                $0.string(2, String(version))
                $0.string(3, next ?? "")
                if let remaining { $0.number(4, Int64(remaining)) }
            }
            list.bytes.append(contentsOf: items)
            return form.response(ProtobufEnvelope.of(kind, apiVersion, list.bytes))
        }
        let metadata = (["resourceVersion": .string(String(version))] as JSON)
            .with("continue", next.map { .string($0) }).with(
                "remainingItemCount", remaining.map { .number(Int64($0)) })
        var head: JSON = ["kind": .string(kind), "apiVersion": .string(apiVersion), "metadata": metadata]
        if case .table = form.shape { head = head.with("columnDefinitions", TableText.columns(of: resource)) }
        return form.response(framed(head))
    }

    /// The items behind the head's members.
    private func framed(_ head: JSON) -> [UInt8] {
        let name = if case .table = form.shape { "rows" } else { "items" }
        var bytes: [UInt8] = []
        func put(_ text: String) { bytes.append(contentsOf: text.utf8) }
        bytes.reserveCapacity(items.count + 4096)
        switch form.encoding {
        case .yaml:
            put(YAML.text(head) + name + ":" + (count == 0 ? " []\n" : "\n"))
            bytes.append(contentsOf: items)
        case .json where form.isPretty:
            put(head.prettyText.dropLast(2) + ",\n  \"\(name)\": [")
            bytes.append(contentsOf: items)
            put(count == 0 ? "]\n}" : "\n  ]\n}")
        default:
            put(head.text.dropLast() + ",\"\(name)\":[")
            bytes.append(contentsOf: items)
            put("]}\n")
        }
        return bytes
    }

    private var type: (kind: String, apiVersion: String) {
        switch form.shape {
        case .object: ("\(resource.kind)List", resource.groupVersion.text)
        case .table(let version): ("Table", "meta.k8s.io/\(version)")
        case .partial(let version): ("PartialObjectMetadataList", "meta.k8s.io/\(version)")
        }
    }
}
