/// A message of protocol buffers as data: which field has which number, and what it is called in JSON.
///
/// One table goes both ways. What a client sends in protobuf becomes the JSON that it would have sent
/// otherwise, so that schemas, validation and patches see one form only; what is kept as JSON goes out as
/// the message that the reference would write. Numbers are those of generated.proto in k8s.io/api and
/// k8s.io/apimachinery; nothing here is derived from names.
final class MessageType: Sendable {
    /// As errors call it.
    let name: String
    /// In the order of JSON.
    let fields: [MessageField]
    /// In the order of their numbers, in which they are written.
    let numbered: [MessageField]
    private let places: [Int: Int]

    init(_ name: String, _ fields: [MessageField]) {
        self.name = name
        self.fields = fields
        numbered = fields.sorted { $0.number < $1.number }
        places = Dictionary(uniqueKeysWithValues: fields.enumerated().map { ($1.number, $0) })
    }

    func field(_ name: String) -> MessageField? { fields.first { $0.name == name } }

    /// Where the field of that number stands in `fields`; nil: unknown, which is skipped.
    func place(of number: Int) -> Int? { places[number] }
}

struct MessageField: Sendable {
    let number: Int
    let name: String
    let shape: Shape
    let presence: Presence

    indirect enum Shape: Sendable {
        case text
        /// Also int32.
        case integer
        case flag
        /// Seconds. JSON has them in RFC 3339.
        case time
        /// Seconds and nanoseconds, of which microseconds are kept.
        case microTime
        /// From texts to texts.
        case map
        case message(MessageType)
        case texts
        case messages(MessageType)
        /// JSON in a message of its own: sets of fields.
        case raw
    }

    /// What is written where the JSON has nothing, and what is told of what is empty. Lists and maps are left
    /// out both ways.
    enum Presence: Sendable {
        /// A pointer in Go: written if it is there, and then told whatever it is.
        case pointer
        /// Always written; told unless it is empty.
        case always
        /// Always written; told even if it is empty.
        case shown
    }

    init(_ number: Int, _ name: String, _ shape: Shape, _ presence: Presence = .always) {
        self.number = number
        self.name = name
        self.shape = shape
        self.presence = presence
    }

    /// As errors call it: `HolderIdentity`, `UID`.
    var goName: String { name == "uid" ? "UID" : name.prefix(1).uppercased() + name.dropFirst() }
}

/// Why bytes are no message, in the words of Go's readers.
struct MessageFault: Error, Hashable {
    var text: String

    static let ended = MessageFault(text: "unexpected EOF")
    static let overflow = MessageFault(text: "proto: integer overflow")
}
