import Coordination
import JSON

/// An error as its client reads it: `application/problem+json`, RFC 9457.
///
/// `detail` says what to do; the facts are members of their own, for programs.
public struct Problem: Error, Hashable, Sendable {
    public var kind: Kind
    public var detail: String
    public var headers: [APIResponse.Header] = []
    /// Members, as they will be written.
    private var facts: [UInt8] = []

    public init(_ kind: Kind, _ detail: String) {
        self.kind = kind
        self.detail = detail
    }

    /// The same with a fact more.
    func with(_ write: (inout JSONWriter) -> Void) -> Problem {
        var copy = self
        var writer = JSONWriter(capacity: 0)
        writer.bytes = copy.facts
        write(&writer)
        copy.facts = writer.bytes
        return copy
    }

    func with(_ header: APIResponse.Header) -> Problem {
        var copy = self
        copy.headers.append(header)
        return copy
    }

    public var response: APIResponse {
        var writer = JSONWriter()
        writer.object { write(to: &$0) }
        var response = APIResponse(
            status: kind.status, headers: [.problem, .noStore] + headers, body: writer.bytes)
        response.problem = kind
        return response
    }

    /// The members, inside an object that has been begun.
    func write(to writer: inout JSONWriter) {
        writer.member("type", "urn:baton:problem:" + kind.rawValue)
        writer.member("title", kind.title)
        writer.member("status", kind.status)
        writer.member("detail", detail)
        guard !facts.isEmpty else { return }
        writer.comma()
        writer.bytes.append(contentsOf: facts)
    }
}

extension Problem {
    /// The wrong field (of the body, the query or the path), and what it may be: the permitted
    /// values, or a description of them.
    static func field(_ name: String, _ detail: String, allowed: [String]) -> Problem {
        Problem(.invalidField, detail).with {
            $0.member("field", name)
            $0.member("allowed", allowed)
        }
    }

    static func field(_ name: String, _ detail: String, allowed: String) -> Problem {
        field(name, detail, allowed: [allowed])
    }

    static func json(_ error: JSONError) -> Problem {
        Problem(
            .invalidJSON, "The body is not JSON as RFC 8259 has it: \(error.what), at byte \(error.offset)."
        )
        .with { $0.member("offset", error.offset) }
    }
}
