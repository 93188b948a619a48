import JSON

/// A write of one object: what a body, a patch or a configuration comes to, compared with what is stored.
///
/// Pure: the clock, random numbers and the stored object are arguments. What is stored is compared member by
/// member, so it has to be in the form of an outcome, with its resource version put in. Whoever stores an
/// outcome gives it its new version, which no outcome has.
public struct Write: Sendable {
    public let kind: ObjectKind
    /// Of the path; "" if the kind is in none.
    public let namespace: String
    /// Of the path; "" with POST.
    public let name: String
    /// See `Manager.name`.
    public let manager: String
    public let validation: FieldValidation
    /// The moment of the write: RFC 3339 with seconds, in UTC.
    let time: String

    /// - Parameter now: seconds since 1970.
    public init(
        _ kind: ObjectKind, namespace: String, name: String = "", manager: String,
        validation: FieldValidation, now: Int
    ) {
        self.kind = kind
        self.namespace = namespace
        self.name = name
        self.manager = manager
        self.validation = validation
        time = Calendar.text(seconds: now)
    }

    /// What was sent.
    public struct Body: Sendable {
        var bytes: [UInt8]
        /// Nil: the bytes are JSON.
        var json: JSON?
        /// What that reader would have refused if it were strict.
        var strictFaults: [String] = []

        public init(_ json: [UInt8]) { bytes = json }

        /// What another reader made of the bytes.
        public init(_ bytes: [UInt8], read json: JSON, strictFaults: [String] = []) {
            self.bytes = bytes
            self.json = json
            self.strictFaults = strictFaults
        }
    }

    /// What is to be stored.
    public struct Outcome: Sendable {
        public var object: JSON
        public var effect: Effect
        /// What would only be ignored.
        public var warnings: [String] = []

        public init(object: JSON, effect: Effect, warnings: [String] = []) {
            self.object = object
            self.effect = effect
            self.warnings = warnings
        }

        /// The values of `Warning` header fields: `299 - "unknown field \"spec.bogus\""`.
        public var warningFields: [String] {
            warnings.map { text in
                var quoted = ""
                for scalar in text.unicodeScalars {
                    // RFC 9110 §5.6.4: a quoted string; §5.5: no control characters.
                    if scalar == "\"" || scalar == "\\" { quoted += "\\" }
                    quoted.unicodeScalars.append(scalar.properties.generalCategory == .control ? " " : scalar)
                }
                return "299 - \"\(quoted)\""
            }
        }
    }

    public enum Effect: Hashable, Sendable {
        case created
        case changed
        /// Nothing but perhaps the times of managed fields would be different: nothing is to be stored.
        case unchanged
        /// The last finalizer of an object that is being deleted was taken away: the object goes.
        case removed
    }

    /// POST. - Parameter uid: for the new object. That there is none yet, the store knows.
    public func create(
        _ body: Body, uid: String, random: inout some RandomNumberGenerator
    ) throws(Refusal) -> Outcome {
        var warnings: [String] = []
        var reading = try read(body, &warnings)
        try placeInNamespace(&reading.object)
        wipe(&reading.object)
        unifyOwners(&reading.object, &warnings)
        setDefaultLabel(&reading.object)
        reading.object = ownership.updating(reading.object, from: kind.empty)
        generateName(&reading.object, using: &random)
        return try created(reading, uid: uid, warnings)
    }

    /// PUT. - Parameters:
    ///   - live: what is stored under the name of the path.
    ///   - uid: for the object that is made if there is none, of kinds that allow it.
    public func update(_ body: Body, live: JSON?, uid: String) throws(Refusal) -> Outcome {
        var warnings: [String] = []
        var reading = try read(body, &warnings)
        try placeInNamespace(&reading.object)
        try checkName(of: reading.object)
        try checkUID(of: reading.object, live)
        unifyOwners(&reading.object, &warnings)
        setDefaultLabel(&reading.object)
        guard let live else {
            guard kind.isCreatedByUpdate else { throw .notFound(kind, name: name) }
            wipe(&reading.object)
            // Its version is of an object that was there once.
            reading.object.putMetadata("resourceVersion", nil, kind)
            reading.object = ownership.updating(reading.object, from: kind.empty)
            return try created(reading, uid: uid, warnings)
        }
        reading.object = ownership.updating(reading.object, from: live)
        return try changed(reading, live, warnings)
    }

    /// PATCH, of the kinds that change what is there.
    /// - Precondition: it is not `.apply`, which may create as well and has a function of its own.
    public func patch(_ patch: PatchKind, _ body: Body, live: JSON?) throws(Refusal) -> Outcome {
        guard let live else { throw .notFound(kind, name: name) }
        let patched =
            switch patch {
            case .json: try JSONPatch.patched(live, body.bytes)
            case .merge: try MergePatch.patched(live, body.bytes)
            case .strategic: try StrategicMerge.patched(live, body.bytes, kind.structure)
            case .apply: preconditionFailure("apply has a function of its own")
            }
        var warnings: [String] = []
        var reading: Reading
        do throws(Reading.Fault) { reading = try kind.read(patched.object) } catch {
            throw .invalidPatch(patched.shown, error.text)
        }
        let faults = patched.strictFaults + reading.strictFaults
        if !faults.isEmpty {
            switch validation {
            case .ignore: break
            case .warn: warnings += faults
            case .strict: throw .invalidPatch(patched.shown, faults.strictError)
            }
        }
        unifyOwners(&reading.object, &warnings)
        setDefaultLabel(&reading.object)
        reading.object = ownership.updating(reading.object, from: live)
        try placeInNamespace(&reading.object)
        try checkName(of: reading.object)
        return try changed(reading, live, warnings)
    }

    /// PATCH with a configuration to apply. - Parameters:
    ///   - configuration: the body, read as YAML, of which JSON is a part. No name comes twice in it.
    ///   - duplicates: what its reader found twice, each with its line.
    ///   - uid: for the object that is made if there is none.
    public func apply(
        _ configuration: JSON, duplicates: [String] = [], force: Bool, live: JSON?, uid: String
    ) throws(Refusal) -> Outcome {
        var object = try ownership.applying(configuration, to: live ?? kind.empty, force: force)
        if live == nil, !object.metadata("uid").isEmpty {
            throw .conflict(
                kind, name: name,
                "uid mismatch: the provided object specified uid \(object.metadata("uid")), and no existing "
                    + "object was found")
        }
        if live == nil { wipe(&object) }
        try placeInNamespace(&object)
        try checkName(of: object)
        let warnings = try told(duplicates)
        let reading = Reading(object: object, strictFaults: [], faults: [])
        if let live { return try changed(reading, live, warnings) }
        return try created(reading, uid: uid, warnings)
    }
}
