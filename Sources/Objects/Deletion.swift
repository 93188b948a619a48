import JSON

/// DELETE: what its options ask for.
public struct Deletion: Hashable, Sendable {
    /// Only an object with this uid.
    public var uid: String?
    /// Only an object in this version.
    public var resourceVersion: String?
    /// "Orphan", "Background" or "Foreground"; nil: as the object's finalizers say.
    public var propagation: String?
    public var dryRun: [String] = []

    public init() {}

    public var isDryRun: Bool { !dryRun.isEmpty }

    /// A body of DELETE, DeleteOptions as JSON. One of no bytes asks for nothing.
    /// - Throws: 400 if it can't be read, 422 for what there isn't.
    public init(body: [UInt8]) throws(Refusal) {
        guard !body.isEmpty else { return }
        let json: JSON
        do throws(JSONError) { json = try JSON(lenientlyParsing: body) } catch {
            throw .badRequest("couldn't get version/kind; json parse error: \(GoSyntax.fault(in: body))")
        }
        try Self.checkType(of: json)
        uid = json["preconditions"]?["uid"]?.string
        resourceVersion = json["preconditions"]?["resourceVersion"]?.string
        propagation = json["propagationPolicy"]?.string
        dryRun = json["dryRun"]?.array?.compactMap(\.string) ?? []
        let orphans = json["orphanDependents"]?.bool
        if let orphans, propagation == nil { propagation = orphans ? "Orphan" : "Background" }
    }

    private static func checkType(of json: JSON) throws(Refusal) {
        let kind = json["kind"]?.string ?? "DeleteOptions"
        let apiVersion = json["apiVersion"]?.string ?? "v1"
        // Every group has it.
        guard kind == "DeleteOptions" else {
            throw .badRequest(
                "no kind \(Go.quoted(kind)) is registered for version \(Go.quoted(apiVersion)) in scheme "
                    + "\"k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27\"")
        }
    }

    /// - Throws: 422 with all that is wrong.
    public func check() throws(Refusal) {
        var faults: [Refusal.Cause] = []
        if let propagation, !["Foreground", "Background", "Orphan"].contains(propagation) {
            faults.append(
                .unsupported(
                    "propagationPolicy", .string(propagation),
                    supported: ["Foreground", "Background", "Orphan", "nil"]))
        }
        faults += WriteOptions.faults(ofDryRun: dryRun)
        try WriteOptions.refuse("DeleteOptions", faults)
    }

    /// What becomes of an object. Of those of a collection, each for itself.
    public enum Outcome: Hashable, Sendable {
        /// It goes.
        case removed
        /// It stays until its finalizers are gone: this is to be stored.
        case marked(JSON)
        /// It was marked before, and nothing is different.
        case unchanged
    }

    /// - Parameters:
    ///   - live: what is stored.
    ///   - now: seconds since 1970.
    /// - Throws: 409 if it isn't the object that is meant.
    public func apply(to live: JSON, _ kind: ObjectKind, now: Int) throws(Refusal) -> Outcome {
        try checkPreconditions(of: live, kind)
        var object = live
        let finalizers = wantedFinalizers(live.metadataList("finalizers"))
        object.putMetadata(
            "finalizers", finalizers.isEmpty ? nil : .array(finalizers.map(JSON.string)), kind)
        let isHeld = !finalizers.isEmpty || live["spec"]?["finalizers"]?.array?.isEmpty == false
        guard isHeld else { return .removed }
        if live.metadata["deletionTimestamp"] == nil {
            object.putMetadata("deletionTimestamp", .string(Calendar.text(seconds: now)), kind)
            if !kind.isNamespace { object.putMetadata("deletionGracePeriodSeconds", .number(Int64(0)), kind) }
        } else if kind.isNamespace {
            throw .conflict(
                kind, name: live.metadata("name"),
                "The system is ensuring all content is removed from this namespace.  Upon completion, this "
                    + "namespace will automatically be purged by the system.")
        }
        if kind.isNamespace {
            object.put("status", .object(["phase": .string("Terminating")]), in: kind.structure)
        }
        return object == live ? .unchanged : .marked(object)
    }

    private func checkPreconditions(of live: JSON, _ kind: ObjectKind) throws(Refusal) {
        if let uid, uid != live.metadata("uid") {
            throw mismatch(
                live, kind,
                "the UID in the precondition (\(uid)) does not match the UID in record "
                    + "(\(live.metadata("uid"))). The object might have been deleted and then recreated")
        }
        if let resourceVersion, resourceVersion != live.metadata("resourceVersion") {
            throw mismatch(
                live, kind,
                "the ResourceVersion in the precondition (\(resourceVersion)) does not match the "
                    + "ResourceVersion in record (\(live.metadata("resourceVersion"))). The object might have "
                    + "been modified")
        }
    }

    /// Here a real server names the kind, not the resource.
    private func mismatch(_ live: JSON, _ kind: ObjectKind, _ why: String) -> Refusal {
        let name = live.metadata("name")
        let qualified = kind.group.isEmpty ? kind.kind : "\(kind.kind).\(kind.group)"
        return Refusal(
            409, "Conflict", "Operation cannot be fulfilled on \(qualified) \(Go.quoted(name)): \(why)",
            Refusal.Details(name: name, group: kind.group, kind: kind.kind))
    }

    /// A policy sets one of its two finalizers, or none, in place of what was set before.
    private func wantedFinalizers(_ finalizers: [String]) -> [String] {
        guard let propagation else { return finalizers }
        var wanted = finalizers.filter { $0 != Finalizer.orphan && $0 != Finalizer.foreground }
        if propagation == "Orphan" { wanted.append(Finalizer.orphan) }
        if propagation == "Foreground" { wanted.append(Finalizer.foreground) }
        return wanted
    }
}
