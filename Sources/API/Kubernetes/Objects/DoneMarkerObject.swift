import Coordination
import JSON

extension Kubernetes {
    public func object(_ marker: DoneMarker) -> KubernetesObject {
        KubernetesObject(
            metadata: ObjectMetadata(
                name: marker.key.name, namespace: marker.key.namespace,
                uid: UID(incarnation: incarnation, created: marker.revision), version: marker.version,
                // The spec never changes.
                generation: 1, created: marker.end, attached: AttachedMetadata(stored: marker.metadata)),
            content: .doneMarker(marker))
    }
}

/// One entry of `status.conditions`: what `kubectl wait --for=condition=Done` looks at.
struct Condition: Hashable, Sendable {
    var type: String
    var isTrue: Bool

    /// Done says that the work ended, Succeeded and Failed how.
    static func of(_ marker: DoneMarker) -> [Condition] {
        let succeeded = marker.finding.outcome == .succeeded
        return [
            Condition(type: "Done", isTrue: true), Condition(type: "Succeeded", isTrue: succeeded),
            Condition(type: "Failed", isTrue: !succeeded),
        ]
    }
}

extension Outcome {
    /// As it is written in answers.
    var word: String { self == .succeeded ? "Succeeded" : "Failed" }
}

extension JSONWriter {
    mutating func spec(_ marker: DoneMarker) {
        member("outcome", marker.finding.outcome.word)
        member("reason", marker.finding.reason)
        if !marker.finding.result.isEmpty { member("result", marker.finding.result) }
        if !marker.finding.artifacts.isEmpty { artifacts(marker.finding.artifacts) }
        member("inputsDigest", marker.inputsDigest)
        member("holderIdentity", marker.holder)
        member("principal", marker.principal)
        member("fencingToken", marker.token)
        member("attempt", marker.attempt)
        if !marker.info.isEmpty { member("info", marker.info) }
        member("startTime", marker.start)
        member("endTime", marker.end)
        member("retentionSeconds", marker.retention)
    }

    private mutating func artifacts(_ artifacts: [Artifact]) {
        name("artifacts")
        array(artifacts) { writer, artifact in
            writer.object {
                $0.member("name", artifact.name)
                $0.member("digest", artifact.digest)
                $0.member("size", artifact.size)
            }
        }
    }

    mutating func conditions(_ marker: DoneMarker) {
        name("conditions")
        array(Condition.of(marker)) { writer, condition in
            writer.object {
                $0.member("type", condition.type)
                $0.member("status", condition.isTrue ? "True" : "False")
                $0.member("reason", marker.finding.outcome.word)
                $0.member("message", marker.finding.reason ?? "")
                $0.timeMember("lastTransitionTime", marker.end)
            }
        }
    }
}
