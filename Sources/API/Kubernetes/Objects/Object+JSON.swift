import Coordination
import JSON

extension KubernetesObject {
    /// As a tree, in the form of a write's outcome: what `write` writes, read.
    var json: JSON {
        // Leases are what is written again and again.
        guard case .lease(let spec) = content else {
            var writer = JSONWriter()
            writer.object { write(to: &$0, isTyped: true) }
            // This face wrote it, so it is JSON.
            return (try? JSON(parsing: writer.bytes)) ?? .null
        }
        return .object([
            JSONMember("kind", .string(resource.kind)),
            JSONMember("apiVersion", .string(resource.groupVersion.text)),
            JSONMember("metadata", metadata.json), JSONMember("spec", spec.json),
        ])
    }

    /// - Parameter isTyped: with kind and apiVersion. Items of a list carry none.
    func write(to writer: inout JSONWriter, isTyped: Bool) {
        if isTyped { writer.type(resource.kind, resource.groupVersion.text) }
        writer.member("metadata") { metadata.write(to: &$0) }
        switch content {
        case .lease(let spec): writer.member("spec") { spec.write(to: &$0) }
        case .doneMarker(let marker):
            writer.member("spec") { $0.spec(marker) }
            writer.member("status") { $0.conditions(marker) }
        case .namespace:
            writer.member("spec") { $0.member("finalizers", ["kubernetes"]) }
            writer.member("status") { $0.member("phase", phase) }
        }
    }

    /// The metadata alone, which is an object of its own kind wherever it stands.
    func writePartial(to writer: inout JSONWriter, version: String) {
        writer.type("PartialObjectMetadata", "meta.k8s.io/\(version)")
        writer.member("metadata") { metadata.write(to: &$0) }
    }
}

extension ObjectMetadata {
    /// In the order of the reference.
    func write(to writer: inout JSONWriter) {
        writer.member("name", name)
        attached.write(.generateName, to: &writer)
        writer.member("namespace", namespace)
        writer.quotedMember("uid") { $0.append(uid: uid) }
        if version > 0 { writer.quotedMember("resourceVersion") { $0.append(decimal: version) } }
        if let generation {
            writer.member("generation", generation)
        } else {
            attached.write(.generation, to: &writer)
        }
        writer.timeMember("creationTimestamp", created)
        attached.write(.deletionTimestamp, to: &writer)
        attached.write(.deletionGracePeriodSeconds, to: &writer)
        if ownLabels.isEmpty { attached.write(.labels, to: &writer) } else { writer.member("labels", labels) }
        if ownAnnotations.isEmpty {
            attached.write(.annotations, to: &writer)
        } else {
            writer.member("annotations", annotations)
        }
        attached.write(.ownerReferences, to: &writer)
        attached.write(.finalizers, to: &writer)
        attached.write(.managedFields, to: &writer)
    }

    /// What `write` writes, as a tree.
    fileprivate var json: JSON {
        var members: [JSONMember] = []
        members.reserveCapacity(12)
        func add(_ name: String, _ value: JSON?) {
            if let value { members.append(JSONMember(name, value)) }
        }
        func add(_ member: AttachedMetadata.Member) { add(member.rawValue, attached[member]) }
        func add(_ name: String, _ texts: [String: String]) {
            guard !texts.isEmpty else { return }
            let sorted = texts.sorted { $0.key < $1.key }
            add(name, .object(sorted.map { JSONMember($0.key, .string($0.value)) }))
        }
        add("name", .string(name))
        add(.generateName)
        add("namespace", namespace.map(JSON.string))
        add("uid", .string(uid.text))
        if version > 0 { add("resourceVersion", .string(String(version))) }
        if let generation { add("generation", .number(JSONNumber(generation))) } else { add(.generation) }
        add("creationTimestamp", created.map { .string($0.secondsText) })
        add(.deletionTimestamp)
        add(.deletionGracePeriodSeconds)
        if ownLabels.isEmpty { add(.labels) } else { add("labels", labels) }
        if ownAnnotations.isEmpty { add(.annotations) } else { add("annotations", annotations) }
        add(.ownerReferences)
        add(.finalizers)
        add(.managedFields)
        return .object(members)
    }
}

extension LeaseSpec {
    func write(to writer: inout JSONWriter) {
        writer.member("holderIdentity", holder)
        writer.member("leaseDurationSeconds", durationSeconds.map { Int64($0) })
        // MicroTime has six decimals, always.
        writer.member("acquireTime", acquireTime)
        writer.member("renewTime", renewTime)
        writer.member("leaseTransitions", transitions.map { Int64($0) })
        writer.member("strategy", strategy)
        writer.member("preferredHolder", preferredHolder)
    }

    /// What `write` writes, as a tree.
    fileprivate var json: JSON {
        var members: [JSONMember] = []
        members.reserveCapacity(5)
        func add(_ name: String, _ value: JSON?) {
            if let value { members.append(JSONMember(name, value)) }
        }
        add("holderIdentity", holder.map(JSON.string))
        add("leaseDurationSeconds", durationSeconds.map { .number(JSONNumber(Int64($0))) })
        add("acquireTime", acquireTime.map { .string($0.text) })
        add("renewTime", renewTime.map { .string($0.text) })
        add("leaseTransitions", transitions.map { .number(JSONNumber(Int64($0))) })
        add("strategy", strategy.map(JSON.string))
        add("preferredHolder", preferredHolder.map(JSON.string))
        return .object(members)
    }
}

extension JSONWriter {
    mutating func type(_ kind: String, _ apiVersion: String) {
        member("kind", kind)
        member("apiVersion", apiVersion)
    }

    /// A text in which nothing is to be escaped.
    fileprivate mutating func quotedMember(_ name: StaticString, _ text: (inout [UInt8]) -> Void) {
        self.name(name)
        bytes.append(UInt8(ascii: "\""))
        text(&bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    /// As RFC 3339 in UTC with whole seconds, which is what Kubernetes calls Time. Left out if nil.
    mutating func timeMember(_ name: StaticString, _ time: Timestamp?) {
        guard let time else { return }
        quotedMember(name) { $0.append(dateInSeconds: time) }
    }
}

extension Timestamp {
    /// "2026-11-21T05:01:02Z".
    var secondsText: String {
        var bytes: [UInt8] = []
        bytes.append(dateInSeconds: self)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Since 1970, rounded down, and what is left in nanoseconds.
    var parts: (seconds: Int64, nanoseconds: Int64) {
        let (seconds, rest) = microseconds.dividedDown(by: 1_000_000)
        return (seconds, rest * 1000)
    }
}
