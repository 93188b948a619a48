import CYAML
import JSON

/// YAML as Kubernetes reads it: the first document of a text, turned into JSON.
///
/// Plain scalars are resolved by YAML 1.1, as the reference's reader has it: `yes`, `on` and their like are
/// booleans, `010` is eight, `1_000` a thousand. Times stay texts. Keys become texts. Anchors and `<<` are
/// followed, within bounds.
public enum YAMLParser {
    /// Why a text can't be read.
    public struct Fault: Error, Hashable, Sendable {
        /// In the words of the reference, `yaml: line 2: did not find expected key`.
        public var message: String
    }

    /// - Parameter duplicates: `line 3: key "a" already set in map`, for those who are strict; otherwise
    ///   the last one counts.
    public static func json(_ text: [UInt8], duplicates: inout [String]) throws(Fault) -> JSON {
        var document = yaml_document_t()
        try load(text, into: &document)
        defer { yaml_document_delete(&document) }
        guard let root = yaml_document_get_root_node(&document) else { return .null }
        var reader = YAMLReader(document: document, nodesMax: text.count)
        let json = try reader.value(root)
        duplicates += reader.duplicates
        return json
    }

    public static func json(_ text: [UInt8]) throws(Fault) -> JSON {
        var duplicates: [String] = []
        return try json(text, duplicates: &duplicates)
    }

    private static func load(_ text: [UInt8], into document: inout yaml_document_t) throws(Fault) {
        var parser = yaml_parser_t()
        guard yaml_parser_initialize(&parser) == 1 else { throw Fault(message: "yaml: out of memory") }
        defer { yaml_parser_delete(&parser) }
        let isLoaded = text.withUnsafeBufferPointer { bytes in
            yaml_parser_set_input_string(&parser, bytes.baseAddress, bytes.count)
            return yaml_parser_load(&parser, &document) == 1
        }
        guard isLoaded else { throw Fault(message: message(of: parser)) }
    }

    /// The first line is told as no line at all: so the reference has it. A scanner stops in the line of the
    /// problem, a parser behind it.
    private static func message(of parser: yaml_parser_t) -> String {
        var line = parser.problem_mark.line
        if line == 0 {
            line = parser.context_mark.line
        } else if parser.error == YAML_SCANNER_ERROR {
            line += 1
        }
        let place = line == 0 ? "" : "line \(line): "
        let problem = parser.problem.map { String(cString: $0) } ?? "unknown problem parsing YAML content"
        return "yaml: \(place)\(problem)"
    }
}
