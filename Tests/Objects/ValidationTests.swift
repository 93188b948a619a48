import JSON
import Testing

@testable import Objects

struct ValidationTests {
    let stage = Stage()

    static let subdomain =
        #"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"#
    static let qualified =
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"

    @Test(arguments: ["Bad_Name", "-a", "a.", "a..b", "a/b", "a%b", "a b", "UPPER", "..", "."])
    func `a name is a subdomain`(name: String) {
        #expect(
            refused { () throws(Refusal) in try stage.create(Stage.lease(name)) }
                == #"422 Invalid: Lease.coordination.k8s.io "\#(name)" is invalid: metadata.name: Invalid value: "\#(name)": \#(Self.subdomain)"#
        )
    }

    @Test func `a name has 253 letters at the most`() throws {
        _ = try stage.create(Stage.lease(String(repeating: "x", count: 253)))
        let name = String(repeating: "x", count: 254)
        #expect(
            refused { () throws(Refusal) in try stage.create(Stage.lease(name)) }
                == #"422 Invalid: Lease.coordination.k8s.io "\#(name)" is invalid: metadata.name: Invalid value: "\#(name)": must be no more than 253 characters"#
        )
    }

    @Test func `a refusal carries what its Status says`() {
        let refusal = refusal { () throws(Refusal) in try stage.create(Stage.lease("")) }
        #expect(
            refusal
                == Refusal(
                    422, "Invalid",
                    #"Lease.coordination.k8s.io "" is invalid: metadata.name: Required value: name or generateName is required"#,
                    Refusal.Details(
                        group: "coordination.k8s.io", kind: "Lease",
                        causes: [
                            .init(
                                reason: "FieldValueRequired",
                                message: "Required value: name or generateName is required",
                                field: "metadata.name")
                        ])))
    }

    @Test func `a name is generated from a base and five letters`() throws {
        let object = try stage.create(#"{"metadata":{"generateName":"gen-"},"spec":{}}"#).object
        let name = object.metadata("name")
        #expect(name.hasPrefix("gen-") && name.count == 9)
        #expect(name.dropFirst(4).allSatisfy { "bcdfghjklmnpqrstvwxz2456789".contains($0) })
        #expect(
            object.metadata["managedFields"]?.array?[0]["fieldsV1"]?.text
                == #"{"f:metadata":{"f:generateName":{}}}"#)

        let long = String(repeating: "g", count: 60) + "-"
        let cut = try stage.create(#"{"metadata":{"generateName":"\#(long)"},"spec":{}}"#).object
        #expect(cut.metadata("name").count == 63)
        #expect(cut.metadata("name").hasPrefix(String(repeating: "g", count: 58)))
        #expect(
            try stage.create(#"{"metadata":{"generateName":"g-","name":"both"}}"#).object.metadata("name")
                == "both")
    }

    @Test func `a bad base is told before the name that came of it`() throws {
        let refusal = refusal { () throws(Refusal) in
            try stage.create(#"{"metadata":{"generateName":"Bad_"},"spec":{}}"#)
        }
        #expect(refusal?.details?.causes.map(\.field) == ["metadata.generateName", "metadata.name"])
        #expect(
            refusal?.message.contains(#"is invalid: [metadata.generateName: Invalid value: "Bad_": "#)
                ?? false)
    }

    static let metadata: [(String, String)] = [
        (#""labels":{"bad key!":"v"}"#, #"metadata.labels: Invalid value: "bad key!": \#(qualified)"#),
        (
            #""labels":{"k":"bad value!"}"#,
            #"metadata.labels: Invalid value: "bad value!": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"#
        ),
        (
            #""labels":{"k":"vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"}"#,
            #"metadata.labels: Invalid value: "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv": must be no more than 63 bytes"#
        ),
        (
            #""annotations":{"bad key!":"v"}"#,
            #"metadata.annotations: Invalid value: "bad key!": \#(qualified)"#
        ),
        (
            #""ownerReferences":[{"apiVersion":"v1","kind":"","name":"","uid":""}]"#,
            #"[metadata.ownerReferences.kind: Invalid value: "": must not be empty, metadata.ownerReferences.name: Invalid value: "": must not be empty, metadata.ownerReferences.uid: Invalid value: "": must not be empty]"#
        ),
        (
            #""finalizers":["a b"]"#, #"metadata.finalizers: Invalid value: "a b": \#(qualified)"#
        ),
    ]

    @Test(arguments: metadata) func `metadata is checked`(metadata: String, why: String) {
        let body = #"{"metadata":{"name":"lab",\#(metadata)},"spec":{}}"#
        #expect(
            refused { () throws(Refusal) in try stage.create(body) }
                == #"422 Invalid: Lease.coordination.k8s.io "lab" is invalid: "# + why)
    }

    @Test func `annotations together have 256 KiB`() throws {
        func body(_ count: Int) -> String {
            #"{"metadata":{"name":"lab","annotations":{"k":"\#(String(repeating: "v", count: count))"}}}"#
        }
        _ = try stage.create(body(262_143))
        #expect(
            refused { () throws(Refusal) in try stage.create(body(262_144)) }
                == #"422 Invalid: Lease.coordination.k8s.io "lab" is invalid: metadata.annotations: Too long: may not be more than 262144 bytes"#
        )
    }

    @Test func `a finalizer needs no slash, an annotation may have upper case`() throws {
        _ = try stage.create(
            #"{"metadata":{"name":"lab","finalizers":["noslash"],"annotations":{"A.example/B":"v"}}}"#)
    }

    static let specs: [(String, String)] = [
        (
            #"{"leaseDurationSeconds":0}"#,
            "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0"
        ),
        (
            #"{"leaseDurationSeconds":-1}"#,
            "spec.leaseDurationSeconds: Invalid value: -1: must be greater than 0"
        ),
        (
            #"{"leaseTransitions":-1}"#,
            "spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0"
        ),
        (
            #"{"leaseDurationSeconds":0,"leaseTransitions":-1}"#,
            "[spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0, spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0]"
        ),
    ]

    @Test(arguments: specs) func `the spec of a lease is checked`(spec: String, why: String) {
        #expect(
            refused { () throws(Refusal) in try stage.create(Stage.lease("v", spec: spec)) }
                == #"422 Invalid: Lease.coordination.k8s.io "v" is invalid: "# + why)
    }

    @Test func `a strategy is taken and not kept, but owned`() throws {
        let object = try stage.create(Stage.lease(spec: #"{"strategy":"a/b/c","preferredHolder":"p"}"#))
            .object
        #expect(object["spec"] == .object([]))
        #expect(
            object.metadata["managedFields"]?.array?[0]["fieldsV1"]?.text
                == #"{"f:spec":{"f:preferredHolder":{},"f:strategy":{}}}"#)
    }

    @Test func `a namespace is one label, and labelled with it`() throws {
        var stage = stage
        stage.kind = .namespace
        #expect(
            refused { () throws(Refusal) in try stage.create(#"{"metadata":{"name":"Bad_Name"}}"#) }
                == #"422 Invalid: Namespace "Bad_Name" is invalid: metadata.name: Invalid value: "Bad_Name": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"#
        )
        let object = try stage.create(
            #"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"err-32787"}}"#
        ).object
        #expect(
            object.text
                == #"{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"err-32787","uid":"\#(Stage.uid)","creationTimestamp":"2026-11-21T03:46:27Z","labels":{"kubernetes.io/metadata.name":"err-32787"},"managedFields":[{"manager":"curl","operation":"Update","apiVersion":"v1","time":"2026-11-21T03:46:27Z","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"f:labels":{".":{},"f:kubernetes.io/metadata.name":{}}}}}]},"spec":{"finalizers":["kubernetes"]},"status":{"phase":"Active"}}"#
        )
    }

    @Test func `a done marker says one of two words, and its types are told as a custom resource's`() throws {
        var stage = stage
        stage.kind = .doneMarker
        func marker(_ spec: String) -> String {
            #"{"apiVersion":"coordination.baton.dev/v1","kind":"DoneMarker","metadata":{"name":"m"}\#(spec)}"#
        }
        func why(_ spec: String) -> String {
            let text = refused { () throws(Refusal) in try stage.create(marker(spec)) }
            return text.replacing(
                #"422 Invalid: DoneMarker.coordination.baton.dev "m" is invalid: "#, with: "")
        }
        #expect(why("") == "spec: Required value")
        #expect(why(#","spec":{"reason":"x"}"#) == "spec.outcome: Required value")
        #expect(
            why(#","spec":{"outcome":"Done"}"#)
                == #"spec.outcome: Unsupported value: "Done": supported values: "Succeeded", "Failed""#)
        #expect(
            why(#","spec":{"outcome":"Failed","attempt":"1"}"#)
                == #"spec.attempt: Invalid value: "string": spec.attempt in body must be of type integer: "string""#
        )
        #expect(
            why(#","spec":{"outcome":"Failed","artifacts":[{"name":"a"}]}"#)
                == "spec.artifacts[0].digest: Required value")
        #expect(
            why(#","spec":{"outcome":"Failed","retentionSeconds":-0.5}"#)
                == "spec.retentionSeconds: Invalid value: -0.5: spec.retentionSeconds in body should be greater than or equal to 0"
        )
        let outcome = try stage.create(
            marker(#","spec":{"outcome":"Failed","result":{"b":"2","a":"1"}},"status":{"conditions":[]}"#))
        #expect(outcome.object["spec"]?.text == #"{"outcome":"Failed","result":{"a":"1","b":"2"}}"#)
        #expect(outcome.object["status"] == nil)
        #expect(outcome.object.metadata["generation"]?.integer == 1)
        #expect(outcome.warnings.isEmpty)
    }

    @Test func `options are checked together`() {
        var options = WriteOptions()
        options.fieldManager = String(repeating: "x", count: 129)
        #expect(
            refused { () throws(Refusal) in try options.check(for: .create) }
                == #"422 Invalid: CreateOptions.meta.k8s.io "" is invalid: fieldManager: Too long: may not be more than 128 bytes"#
        )
        options = WriteOptions()
        options.dryRun = ["Bogus"]
        #expect(
            refused { () throws(Refusal) in try options.check(for: .create) }
                == #"422 Invalid: CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Bogus"]: supported values: "All""#
        )
        options = WriteOptions()
        options.fieldValidation = "Bogus"
        #expect(
            refused { () throws(Refusal) in try options.check(for: .create) }
                == #"422 Invalid: CreateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "Bogus": supported values: "", "Ignore", "Strict", "Warn""#
        )
        options = WriteOptions()
        options.force = true
        #expect(
            refused { () throws(Refusal) in try options.check(for: .patch(.merge)) }
                == #"422 Invalid: PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch"#
        )
        #expect(
            refused { () throws(Refusal) in try options.check(for: .patch(.apply)) }
                == #"422 Invalid: PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch"#
        )
    }
}
