// Numbers as in generated.proto of k8s.io/api/authorization/v1 and authentication/v1.

extension MessageType {
    /// A review; nil: the resource is none.
    static func review(_ resource: Resource) -> MessageType? {
        switch resource {
        case .selfSubjectAccessReviews: accessReview
        case .selfSubjectRulesReviews: rulesReview
        case .selfSubjectReviews: subjectReview
        case .namespaces, .leases, .doneMarkers: nil
        }
    }

    private static let accessReview = MessageType(
        "SelfSubjectAccessReview",
        [
            .init(1, "metadata", .message(objectMeta)), .init(2, "spec", .message(accessSpec)),
            .init(3, "status", .message(accessStatus)),
        ])

    private static let accessSpec = MessageType(
        "SelfSubjectAccessReviewSpec",
        [
            .init(1, "resourceAttributes", .message(resourceAttributes), .pointer),
            .init(2, "nonResourceAttributes", .message(nonResourceAttributes), .pointer),
        ])

    private static let resourceAttributes = MessageType(
        "ResourceAttributes",
        [
            .init(1, "namespace", .text), .init(2, "verb", .text), .init(3, "group", .text),
            .init(4, "version", .text), .init(5, "resource", .text), .init(6, "subresource", .text),
            .init(7, "name", .text),
        ])

    private static let nonResourceAttributes = MessageType(
        "NonResourceAttributes", [.init(1, "path", .text), .init(2, "verb", .text)])

    private static let accessStatus = MessageType(
        "SubjectAccessReviewStatus",
        [
            .init(1, "allowed", .flag, .shown), .init(4, "denied", .flag), .init(2, "reason", .text),
            .init(3, "evaluationError", .text),
        ])

    private static let rulesReview = MessageType(
        "SelfSubjectRulesReview",
        [
            .init(1, "metadata", .message(objectMeta)),
            .init(
                2, "spec", .message(MessageType("SelfSubjectRulesReviewSpec", [.init(1, "namespace", .text)]))
            ), .init(3, "status", .message(rulesStatus)),
        ])

    private static let rulesStatus = MessageType(
        "SubjectRulesReviewStatus",
        [
            .init(1, "resourceRules", .messages(resourceRule)),
            .init(2, "nonResourceRules", .messages(nonResourceRule)),
            .init(3, "incomplete", .flag, .shown), .init(4, "evaluationError", .text),
        ])

    private static let resourceRule = MessageType(
        "ResourceRule",
        [
            .init(1, "verbs", .texts), .init(2, "apiGroups", .texts), .init(3, "resources", .texts),
            .init(4, "resourceNames", .texts),
        ])

    private static let nonResourceRule = MessageType(
        "NonResourceRule", [.init(1, "verbs", .texts), .init(2, "nonResourceURLs", .texts)])

    private static let subjectReview = MessageType(
        "SelfSubjectReview",
        [.init(1, "metadata", .message(objectMeta)), .init(2, "status", .message(subjectStatus))])

    private static let subjectStatus = MessageType(
        "SelfSubjectReviewStatus",
        [
            .init(
                1, "userInfo",
                .message(
                    MessageType(
                        "UserInfo",
                        [.init(1, "username", .text), .init(2, "uid", .text), .init(3, "groups", .texts)])))
        ])
}
