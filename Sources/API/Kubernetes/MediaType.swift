import JSON

/// In what form an answer goes out.
struct AnswerForm: Hashable, Sendable {
    enum Encoding: Hashable, Sendable { case json, yaml, protobuf }

    enum Shape: Hashable, Sendable {
        /// The object, or a list of objects.
        case object
        /// Columns and rows, for printing. - Parameter version: `v1`, or `v1beta1` for old clients.
        case table(version: String)
        /// The metadata only.
        case partial(version: String)
    }

    var encoding = Encoding.json
    var shape = Shape.object
    /// Whether JSON is indented, for people.
    var isPretty = false

    var contentType: APIResponse.Header {
        switch encoding {
        case .json: .json
        case .yaml: APIResponse.Header("Content-Type", "application/yaml")
        case .protobuf: APIResponse.Header("Content-Type", MediaType.protobuf)
        }
    }
}

/// Content negotiation as the reference does it: in two steps, of which the first knows no `application/*`.
enum MediaType {
    static let json = "application/json"
    static let yaml = "application/yaml"
    static let protobuf = "application/vnd.kubernetes.protobuf"
    /// As errors list them.
    static let offered = [json, yaml, protobuf].joined(separator: ", ")

    /// What one entry of `Accept` asks for.
    struct Range: Hashable {
        /// In lower case.
        var type: String
        var parameters: [String: String]
        /// In thousandths.
        var quality: Int

        var isAny: Bool { type == "*/*" }
    }

    /// The entries, best first. An empty `Accept` accepts anything.
    static func ranges(_ accept: String?) -> [Range] {
        guard let accept, !accept.isEmpty else {
            return [Range(type: "*/*", parameters: [:], quality: 1000)]
        }
        let ranges = accept.split(separator: ",").map(range)
        // Of the same weight, what names a type goes before what takes any.
        let order = ranges.enumerated().sorted { left, right in
            if left.element.quality != right.element.quality {
                return left.element.quality > right.element.quality
            }
            if left.element.isAny != right.element.isAny { return right.element.isAny }
            return left.offset < right.offset
        }
        return order.map(\.element)
    }

    private static func range(_ text: Substring) -> Range {
        let parts = text.split(separator: ";", omittingEmptySubsequences: false).map(trimmed)
        var range = Range(type: (parts.first ?? "").lowercased(), parameters: [:], quality: 1000)
        for part in parts.dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2 else { continue }
            if pair[0] == "q" {
                range.quality = MediaTypes.quality(pair[1])
            } else {
                range.parameters[String(pair[0])] = String(pair[1])
            }
        }
        return range
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return String(text)
    }

    /// How an object or a list goes out.
    ///
    /// - Parameter hasProtobuf: whether the object itself has a message; its metadata always has.
    static func form(_ accept: String?, isPretty: Bool, hasProtobuf: Bool) throws(Status) -> AnswerForm {
        let ranges = ranges(accept)
        guard ranges.contains(where: { $0.isAny || encoding($0) != nil }) else {
            throw .notAcceptable
        }
        for range in ranges where range.quality > 0 {
            guard let encoding = encoding(range), let shape = shape(range, encoding),
                hasProtobuf || encoding != .protobuf || shape != .object
            else { continue }
            let isPretty = range.parameters["pretty"].map { $0 == "1" || $0 == "true" } ?? isPretty
            return AnswerForm(encoding: encoding, shape: shape, isPretty: isPretty)
        }
        throw .noSuchForm
    }

    private static func encoding(_ range: Range) -> AnswerForm.Encoding? {
        switch range.type {
        case json, "*/*": .json
        case yaml: .yaml
        case protobuf: .protobuf
        default: nil
        }
    }

    /// nil: it asks for a form that isn't there.
    private static func shape(_ range: Range, _ encoding: AnswerForm.Encoding) -> AnswerForm.Shape? {
        guard let form = range.parameters["as"] else { return .object }
        guard range.parameters["g"] == "meta.k8s.io", let version = range.parameters["v"],
            version == "v1" || version == "v1beta1"
        else { return nil }
        switch form {
        // A Table has cells of any type, which protobuf has no message for.
        case "Table": return encoding == .protobuf ? nil : .table(version: version)
        case "PartialObjectMetadata", "PartialObjectMetadataList": return .partial(version: version)
        default: return nil
        }
    }

    /// Whether JSON is to be indented: it is asked for, or the client shows it to a person.
    static func isPretty(_ request: APIRequest) -> Bool {
        if let asked = request.query.first(where: { $0.name == "pretty" })?.value, !asked.isEmpty {
            return asked == "true" || asked == "1" || asked == "t" || asked == "T" || asked == "True"
                || asked == "TRUE"
        }
        let agent = request.userAgent ?? ""
        return ["curl", "Wget", "Mozilla/5.0"].contains { agent.hasPrefix($0) }
    }
}
