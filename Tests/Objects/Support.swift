import JSON

@testable import Objects

/// 2026-11-21T03:46:27Z.
let morning = 1_795_232_787

func json(_ text: String) -> JSON { try! JSON(parsing: Array(text.utf8)) }

/// One namespace of leases, in which nothing is stored: each step is given what is there.
struct Stage {
    var kind = ObjectKind.lease
    var namespace = "err-32787"
    var manager = "curl"
    var validation = FieldValidation.warn
    var now = morning
    static let uid = "001cb862-f5c3-4e76-9204-1f67f1c65cfb"

    func write(_ name: String = "") -> Write {
        Write(
            kind, namespace: kind.isNamespaced ? namespace : "", name: name, manager: manager,
            validation: validation, now: now)
    }

    func create(_ body: String) throws(Refusal) -> Write.Outcome {
        var dice: any RandomNumberGenerator = Dice(seed: 1)
        return try write().create(Write.Body(Array(body.utf8)), uid: Self.uid, random: &dice)
    }

    /// Created, and stored with a version.
    func stored(_ body: String, version: Int = 886) throws(Refusal) -> JSON {
        Self.version(try create(body).object, version)
    }

    func update(_ name: String, _ body: String, live: JSON?) throws(Refusal) -> Write.Outcome {
        try write(name).update(Write.Body(Array(body.utf8)), live: live, uid: Self.uid)
    }

    func patch(_ kind: PatchKind, _ body: String, live: JSON) throws(Refusal) -> Write.Outcome {
        try write(live.metadata("name")).patch(kind, Write.Body(Array(body.utf8)), live: live)
    }

    func apply(
        _ name: String, _ configuration: String, force: Bool = false, live: JSON?
    ) throws(Refusal) -> Write.Outcome {
        try write(name).apply(json(configuration), force: force, live: live, uid: Self.uid)
    }

    static func version(_ object: JSON, _ version: Int) -> JSON {
        var object = object
        object.putMetadata("resourceVersion", .string(String(version)), .lease)
        return object
    }

    /// A Lease as a body, with this in its spec.
    static func lease(_ name: String = "a", spec: String = "{}") -> String {
        #"{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"\#(name)"},"spec":\#(spec)}"#
    }
}

/// What was refused, in one line. "" if nothing was.
func refused<Value>(_ body: () throws(Refusal) -> Value) -> String {
    do throws(Refusal) {
        _ = try body()
        return ""
    } catch {
        return "\(error.code) \(error.reason ?? "-"): \(error.message)"
    }
}

func refusal<Value>(_ body: () throws(Refusal) -> Value) -> Refusal? {
    do throws(Refusal) {
        _ = try body()
        return nil
    } catch {
        return error
    }
}
