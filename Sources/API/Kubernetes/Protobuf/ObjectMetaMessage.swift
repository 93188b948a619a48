import JSON

/// `metadata` in both forms, with everything that a client can write into it.
public enum ObjectMetaMessage {
    /// The message ObjectMeta. - Parameter metadata: an object; what isn't of its type is left out.
    public static func bytes(_ metadata: JSON) -> [UInt8] { MessageType.objectMeta.bytes(metadata) }

    /// The members in the order in which JSON shows them; nil: the bytes are no such message.
    public static func json(_ bytes: [UInt8]) -> JSON? { try? MessageType.objectMeta.json(bytes[...]) }
}
