import JSON
import Testing

@testable import Objects

struct DeletionTests {
    let stage = Stage()

    func live(_ metadata: String = "") throws -> JSON {
        try stage.stored(
            #"{"metadata":{"name":"x1"\#(metadata)},"spec":{"holderIdentity":"h"}}"#, version: 1067)
    }

    func delete(_ body: String, _ live: JSON) throws(Refusal) -> Deletion.Outcome {
        let deletion = try Deletion(body: Array(body.utf8))
        try deletion.check()
        return try deletion.apply(to: live, .lease, now: morning)
    }

    @Test func `an object without finalizers goes`() throws {
        #expect(try delete("", live()) == .removed)
        #expect(
            try delete(
                #"{"kind":"DeleteOptions","preconditions":{"uid":"\#(Stage.uid)","resourceVersion":"1067"}}"#,
                live())
                == .removed)
        #expect(try delete(#"{"propagationPolicy":"Background"}"#, live()) == .removed)
    }

    @Test func `one with finalizers is marked and stays until they are gone`() throws {
        guard case .marked(let marked) = try delete("", live(#","finalizers":["example.com/f"]"#)) else {
            Issue.record("it is not marked")
            return
        }
        #expect(marked.metadata("deletionTimestamp") == "2026-11-21T03:46:27Z")
        #expect(marked.metadata["deletionGracePeriodSeconds"]?.integer == 0)
        #expect(try delete("", marked) == .unchanged)

        let more = refused { () throws(Refusal) in
            try stage.patch(.merge, #"{"metadata":{"finalizers":["example.com/f","b/c"]}}"#, live: marked)
        }
        #expect(
            more.contains(
                #"metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"b/c"}"#
            ))
        // The mark can't be taken away, and needn't be repeated.
        let kept = try stage.patch(
            .merge, #"{"metadata":{"deletionTimestamp":null,"labels":{"a":"b"}}}"#, live: marked)
        #expect(kept.effect == .changed)
        #expect(kept.object.metadata("deletionTimestamp") == "2026-11-21T03:46:27Z")

        let freed = try stage.patch(.merge, #"{"metadata":{"finalizers":null}}"#, live: marked)
        #expect(freed.effect == .removed)
        #expect(freed.object.metadata("resourceVersion") == "1067")
    }

    @Test(arguments: [("Foreground", "foregroundDeletion"), ("Orphan", "orphan")])
    func `a policy holds it by a finalizer of its own`(policy: String, finalizer: String) throws {
        guard case .marked(let marked) = try delete(#"{"propagationPolicy":"\#(policy)"}"#, live()) else {
            Issue.record("it is not marked")
            return
        }
        #expect(marked.metadataList("finalizers") == [finalizer])
    }

    static let refusals: [(String, String)] = [
        (
            #"{"preconditions":{"uid":"11111111-1111-1111-1111-111111111111"}}"#,
            #"409 Conflict: Operation cannot be fulfilled on Lease.coordination.k8s.io "x1": the UID in the precondition (11111111-1111-1111-1111-111111111111) does not match the UID in record (001cb862-f5c3-4e76-9204-1f67f1c65cfb). The object might have been deleted and then recreated"#
        ),
        (
            #"{"preconditions":{"resourceVersion":"1"}}"#,
            #"409 Conflict: Operation cannot be fulfilled on Lease.coordination.k8s.io "x1": the ResourceVersion in the precondition (1) does not match the ResourceVersion in record (1067). The object might have been modified"#
        ),
        (
            #"{"propagationPolicy":"Bogus"}"#,
            #"422 Invalid: DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Bogus": supported values: "Foreground", "Background", "Orphan", "nil""#
        ),
        (
            "{bad",
            "400 BadRequest: couldn't get version/kind; json parse error: invalid character 'b' looking for beginning of object key string"
        ),
        (
            #"{"apiVersion":"coordination.k8s.io/v1","kind":"Lease"}"#,
            #"400 BadRequest: no kind "Lease" is registered for version "coordination.k8s.io/v1" in scheme "k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27""#
        ),
    ]

    @Test(arguments: refusals) func `a delete that doesn't fit is refused`(body: String, why: String) throws {
        let live = try live()
        #expect(refused { () throws(Refusal) in try delete(body, live) } == why)
    }

    @Test func `a namespace is terminating until it is finalized`() throws {
        var stage = stage
        stage.kind = .namespace
        let live = try stage.stored(#"{"metadata":{"name":"n"}}"#)
        guard case .marked(let marked) = try Deletion().apply(to: live, .namespace, now: morning) else {
            Issue.record("it is not marked")
            return
        }
        #expect(marked["status"]?.text == #"{"phase":"Terminating"}"#)
        #expect(marked.metadata["deletionGracePeriodSeconds"] == nil)
        #expect(
            refused { () throws(Refusal) in try Deletion().apply(to: marked, .namespace, now: morning) }
                == #"409 Conflict: Operation cannot be fulfilled on namespaces "n": The system is ensuring all content is removed from this namespace.  Upon completion, this namespace will automatically be purged by the system."#
        )
        #expect(
            Refusal.terminating(.lease, name: "x", namespace: "n").message
                == #"leases.coordination.k8s.io "x" is forbidden: unable to create new content in namespace n because it is being terminated"#
        )
    }
}
