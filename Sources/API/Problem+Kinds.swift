import JSON

extension Problem {
    /// What `type` ends with. Stable: clients tell problems apart by it.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case badRequest = "bad-request"
        case invalidJSON = "invalid-json"
        case invalidField = "invalid-field"
        case unauthenticated = "unauthenticated"
        case forbidden = "forbidden"
        case quotaExceeded = "quota-exceeded"
        case notFound = "not-found"
        case methodNotAllowed = "method-not-allowed"
        case notAcceptable = "not-acceptable"
        case requestTimeout = "request-timeout"
        case holdEnded = "hold-ended"
        case notTheHolder = "not-the-holder"
        case markerModeConflict = "marker-mode-conflict"
        case modeConflict = "mode-conflict"
        case namesConflict = "names-conflict"
        case abandonedHolds = "abandoned-holds"
        case inputsMismatch = "inputs-mismatch"
        case lockHasNoMarker = "lock-has-no-marker"
        case markerDiffers = "marker-differs"
        case held = "held"
        case revisionDiffers = "revision-differs"
        case namespaceTerminating = "namespace-terminating"
        case aliased = "aliased"
        case aliasDiffers = "alias-differs"
        case aliasBackwards = "alias-backwards"
        case noTarget = "no-target"
        case ambiguous = "ambiguous"
        case lengthRequired = "length-required"
        case payloadTooLarge = "payload-too-large"
        case uriTooLong = "uri-too-long"
        case unsupportedMediaType = "unsupported-media-type"
        case expectationFailed = "expectation-failed"
        case tooMany = "too-many"
        case headTooLarge = "head-too-large"
        case internalError = "internal-error"
        case notImplemented = "not-implemented"
        case unavailable = "unavailable"
        case versionNotSupported = "version-not-supported"
    }
}

extension Problem.Kind {
    /// The HTTP status (RFC 9110 §15).
    public var status: Int {
        switch self {
        case .badRequest, .invalidJSON, .invalidField: 400
        case .unauthenticated: 401
        case .forbidden, .quotaExceeded: 403
        case .notFound: 404
        case .methodNotAllowed: 405
        case .notAcceptable: 406
        case .requestTimeout: 408
        case .holdEnded, .notTheHolder, .markerModeConflict, .modeConflict, .namesConflict, .abandonedHolds,
            .inputsMismatch, .lockHasNoMarker, .markerDiffers, .held, .revisionDiffers, .namespaceTerminating,
            .aliased, .aliasDiffers, .aliasBackwards, .noTarget, .ambiguous:
            409
        case .lengthRequired: 411
        case .payloadTooLarge: 413
        case .uriTooLong: 414
        case .unsupportedMediaType: 415
        case .expectationFailed: 417
        case .tooMany: 429
        case .headTooLarge: 431
        case .internalError: 500
        case .notImplemented: 501
        case .unavailable: 503
        case .versionNotSupported: 505
        }
    }

    /// RFC 9457 §3.1.3: the same for every occurrence.
    public var title: String {
        switch self {
        case .badRequest: "The request is malformed"
        case .invalidJSON: "The body is not valid JSON"
        case .invalidField: "A field is not valid"
        case .unauthenticated: "Credentials are missing or not valid"
        case .forbidden: "Not permitted"
        case .quotaExceeded: "The namespace is full"
        case .notFound: "Not found"
        case .methodNotAllowed: "The method is not allowed here"
        case .notAcceptable: "No acceptable media type"
        case .requestTimeout: "The request took too long"
        case .holdEnded: "The hold has ended"
        case .notTheHolder: "Not the holder"
        case .markerModeConflict: "The name is in use the other way"
        case .modeConflict: "The name is in use with another mode"
        case .namesConflict: "The same campaign has other names"
        case .abandonedHolds: "Abandoned holds are in the way"
        case .inputsMismatch: "The inputs differ"
        case .lockHasNoMarker: "A lock has no done marker"
        case .markerDiffers: "A different done marker is there"
        case .held: "The lease is held"
        case .revisionDiffers: "The revision differs"
        case .namespaceTerminating: "The namespace is being deleted"
        case .aliased: "An alias points at the marker"
        case .aliasDiffers: "The alias is another one"
        case .aliasBackwards: "The alias would go backwards"
        case .noTarget: "Nothing to point at"
        case .ambiguous: "The name is ambiguous"
        case .lengthRequired: "The body's length is missing"
        case .payloadTooLarge: "The body is too large"
        case .uriTooLong: "The request target is too long"
        case .unsupportedMediaType: "Unsupported media type"
        case .expectationFailed: "The expectation can't be met"
        case .tooMany: "Too many"
        case .headTooLarge: "The request head is too large"
        case .internalError: "Internal error"
        case .notImplemented: "Not implemented"
        case .unavailable: "Unavailable"
        case .versionNotSupported: "HTTP version not supported"
        }
    }

    /// Whether the audit record is told: who may not, who asks for too much, and who comes with a token that
    /// is over or another's; of an act every refusal, but not that nothing is known.
    public func isRecorded(ofAct isAct: Bool) -> Bool {
        switch status {
        case 401, 403, 429: true
        case 500...: false
        default: isAct || self == .holdEnded || self == .notTheHolder
        }
    }

    /// The kind for a fault that the wire found before there was a request.
    init(wireStatus: Int) {
        self =
            switch wireStatus {
            case 401: .unauthenticated
            case 403: .forbidden
            case 408: .requestTimeout
            case 411: .lengthRequired
            case 413: .payloadTooLarge
            case 414: .uriTooLong
            case 417: .expectationFailed
            case 429: .tooMany
            case 431: .headTooLarge
            case 501: .notImplemented
            case 503: .unavailable
            case 505: .versionNotSupported
            case 500...: .internalError
            default: .badRequest
            }
    }
}
