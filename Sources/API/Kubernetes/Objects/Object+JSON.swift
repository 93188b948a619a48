import Coordination
import JSON

extension KubernetesObject {
    /// As a tree, in the form of a write's outcome.
    var json: JSON {
        var writer = JSONWriter()
        writer.object { write(to: &$0, isTyped: true) }
        // This face wrote it, so it is JSON.
        return (try? JSON(parsing: writer.bytes)) ?? .null
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
        writer.member("generateName", attached["generateName"]?.string)
        writer.member("namespace", namespace)
        writer.member("uid", uid.text)
        if version > 0 { writer.member("resourceVersion", String(version)) }
        writer.member("generation", generation ?? attached["generation"]?.integer)
        writer.timeMember("creationTimestamp", created)
        attached.write("deletionTimestamp", to: &writer)
        attached.write("deletionGracePeriodSeconds", to: &writer)
        let (labels, annotations) = (labels, annotations)
        if !labels.isEmpty { writer.member("labels", labels) }
        if !annotations.isEmpty { writer.member("annotations", annotations) }
        attached.write("ownerReferences", to: &writer)
        attached.write("finalizers", to: &writer)
        attached.write("managedFields", to: &writer)
    }
}

extension AttachedMetadata {
    fileprivate func write(_ name: StaticString, to writer: inout JSONWriter) {
        guard let value = self[name.description] else { return }
        writer.name(name)
        writer.value(value)
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
}

extension JSONWriter {
    mutating func type(_ kind: String, _ apiVersion: String) {
        member("kind", kind)
        member("apiVersion", apiVersion)
    }

    /// As RFC 3339 in UTC with whole seconds, which is what Kubernetes calls Time. Left out if nil.
    mutating func timeMember(_ name: StaticString, _ time: Timestamp?) {
        guard let time else { return }
        member(name, time.secondsText)
    }
}

extension Timestamp {
    /// "2026-11-21T05:01:02Z".
    var secondsText: String { text.prefix(19) + "Z" }

    /// Since 1970, rounded down, and what is left in nanoseconds.
    var parts: (seconds: Int64, nanoseconds: Int64) {
        let (seconds, rest) = microseconds.dividedDown(by: 1_000_000)
        return (seconds, rest * 1000)
    }
}
