import Coordination
import JSON

// Field numbers as in k8s.io/api and k8s.io/apimachinery, generated.proto. Custom resources have none: a
// DoneMarker goes out as JSON.

extension KubernetesObject {
    /// The message of its kind; nil: there is none.
    var protobuf: [UInt8]? {
        var writer = ProtobufWriter()
        writer.message(1) { metadata.write(to: &$0) }
        switch content {
        case .lease(let spec): writer.message(2) { spec.write(to: &$0) }
        case .namespace:
            writer.message(2) { $0.string(1, "kubernetes") }
            writer.message(3) { $0.string(1, phase!) }
        case .doneMarker: return nil
        }
        return writer.bytes
    }

    /// PartialObjectMetadata.
    var partialProtobuf: [UInt8] {
        var writer = ProtobufWriter()
        writer.message(1) { metadata.write(to: &$0) }
        return writer.bytes
    }
}

extension ObjectMetadata {
    fileprivate func write(to writer: inout ProtobufWriter) {
        writer.string(1, name)
        writer.string(2, attached[.generateName]?.string ?? "")
        writer.string(3, namespace ?? "")
        writer.string(4, "")
        writer.string(5, uid.text)
        writer.string(6, version > 0 ? String(version) : "")
        writer.number(7, generation ?? attached[.generation]?.integer ?? 0)
        if created == nil {
            writer.message(8) { _ in }
        } else {
            writer.time(8, created)
        }
        writer.members([.deletionTimestamp, .deletionGracePeriodSeconds], of: attached)
        writer.map(11, labels)
        writer.map(12, annotations)
        writer.members([.ownerReferences, .finalizers, .managedFields], of: attached)
    }
}

extension ProtobufWriter {
    /// What clients attached goes the way of any JSON.
    fileprivate mutating func members(_ members: [AttachedMetadata.Member], of attached: AttachedMetadata) {
        for member in members {
            guard let value = attached[member] else { continue }
            MessageType.objectMeta.field(member.rawValue)?.write(value, to: &self)
        }
    }
}

extension LeaseSpec {
    fileprivate func write(to writer: inout ProtobufWriter) {
        writer.string(1, holder)
        if let durationSeconds { writer.number(2, Int64(durationSeconds)) }
        writer.time(3, acquireTime, isMicro: true)
        writer.time(4, renewTime, isMicro: true)
        if let transitions { writer.number(5, Int64(transitions)) }
        writer.string(6, strategy)
        writer.string(7, preferredHolder)
    }
}

extension Status {
    /// The whole of it, in its envelope.
    var protobuf: [UInt8] {
        var writer = ProtobufWriter()
        writer.message(1) {
            $0.string(1, "")
            $0.string(2, "")
            $0.string(3, continuation ?? "")
        }
        writer.string(2, isSuccess ? "Success" : "Failure")
        writer.string(3, message)
        writer.string(4, reason ?? "")
        if let details { writer.message(5) { details.write(to: &$0) } }
        // Success has none.
        writer.number(6, isSuccess ? 0 : Int64(code))
        return ProtobufEnvelope.of("Status", "v1", writer.bytes)
    }
}

extension Status.Details {
    fileprivate func write(to writer: inout ProtobufWriter) {
        writer.string(1, name)
        writer.string(2, group)
        writer.string(3, kind)
        for cause in causes {
            writer.message(4) {
                $0.string(1, cause.reason)
                $0.string(2, cause.message)
                $0.string(3, cause.field)
            }
        }
        writer.number(5, Int64(retryAfterSeconds))
        writer.string(6, uid)
    }
}
