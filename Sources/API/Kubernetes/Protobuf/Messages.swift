// Numbers as in generated.proto of k8s.io/apimachinery/pkg/apis/meta/v1 and k8s.io/api.

extension MessageType {
    /// `metadata` of every object, with all that clients may write.
    static let objectMeta = MessageType(
        "ObjectMeta",
        [
            .init(1, "name", .text), .init(2, "generateName", .text), .init(3, "namespace", .text),
            .init(4, "selfLink", .text), .init(5, "uid", .text), .init(6, "resourceVersion", .text),
            .init(7, "generation", .integer), .init(8, "creationTimestamp", .time),
            .init(9, "deletionTimestamp", .time, .pointer),
            .init(10, "deletionGracePeriodSeconds", .integer, .pointer), .init(11, "labels", .map),
            .init(12, "annotations", .map), .init(13, "ownerReferences", .messages(ownerReference)),
            .init(14, "finalizers", .texts), .init(17, "managedFields", .messages(managedFields)),
        ])

    private static let ownerReference = MessageType(
        "OwnerReference",
        [
            .init(5, "apiVersion", .text, .shown), .init(1, "kind", .text, .shown),
            .init(3, "name", .text, .shown), .init(4, "uid", .text, .shown),
            .init(6, "controller", .flag, .pointer), .init(7, "blockOwnerDeletion", .flag, .pointer),
        ])

    private static let managedFields = MessageType(
        "ManagedFieldsEntry",
        [
            .init(1, "manager", .text), .init(2, "operation", .text), .init(3, "apiVersion", .text),
            .init(4, "time", .time, .pointer), .init(6, "fieldsType", .text),
            .init(7, "fieldsV1", .raw, .pointer), .init(8, "subresource", .text),
        ])

    // MARK: Kinds that can be written

    static let lease = MessageType(
        "Lease", [.init(1, "metadata", .message(objectMeta)), .init(2, "spec", .message(leaseSpec))])

    private static let leaseSpec = MessageType(
        "LeaseSpec",
        [
            .init(1, "holderIdentity", .text, .pointer), .init(2, "leaseDurationSeconds", .integer, .pointer),
            .init(3, "acquireTime", .microTime, .pointer), .init(4, "renewTime", .microTime, .pointer),
            .init(5, "leaseTransitions", .integer, .pointer), .init(6, "strategy", .text, .pointer),
            .init(7, "preferredHolder", .text, .pointer),
        ])

    static let namespace = MessageType(
        "Namespace",
        [
            .init(1, "metadata", .message(objectMeta)),
            .init(2, "spec", .message(MessageType("NamespaceSpec", [.init(1, "finalizers", .texts)]))),
            .init(3, "status", .message(namespaceStatus)),
        ])

    private static let namespaceStatus = MessageType(
        "NamespaceStatus",
        [.init(1, "phase", .text), .init(2, "conditions", .messages(namespaceCondition))])

    private static let namespaceCondition = MessageType(
        "NamespaceCondition",
        [
            .init(1, "type", .text, .shown), .init(2, "status", .text, .shown),
            .init(4, "lastTransitionTime", .time), .init(5, "reason", .text), .init(6, "message", .text),
        ])

    // MARK: Options

    static let deleteOptions = MessageType(
        "DeleteOptions",
        [
            .init(1, "gracePeriodSeconds", .integer, .pointer),
            .init(2, "preconditions", .message(preconditions), .pointer),
            .init(3, "orphanDependents", .flag, .pointer), .init(4, "propagationPolicy", .text, .pointer),
            .init(5, "dryRun", .texts),
        ])

    private static let preconditions = MessageType(
        "Preconditions", [.init(1, "uid", .text, .pointer), .init(2, "resourceVersion", .text, .pointer)])
}
