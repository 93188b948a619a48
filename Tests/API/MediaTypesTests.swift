import JSON
import Testing

@testable import API

struct MediaTypesTests {
    @Test(
        arguments: [
            (nil, .plain), ("", .plain), ("*/*", .plain), ("application/*", .plain),
            ("application/json", .plain),
            ("text/html, */*;q=0.1", .plain), ("Application/JSON; charset=utf-8", .plain),
            ("application/x-ndjson", .ndjson), ("application/x-ndjson;q=0.5", .ndjson),
            ("application/json, application/x-ndjson", .ndjson), ("application/x-ndjson, */*;q=0.1", .ndjson),
            ("application/json, application/x-ndjson;q=0.9", .plain),
            ("application/x-ndjson;q=0, */*", .plain),
            ("text/html", nil), ("application/json;q=0", nil), ("application/json;q=0, */*", nil),
            ("application/json;q=x", nil), ("text/event-stream", nil), ("application/json;q=0.000", nil),
            ("application/json;q=0.001", .plain),
        ] as [(String?, AnswerFormat?)]) func `accept chooses`(accept: String?, format: AnswerFormat?)
    {
        #expect(MediaTypes.format(accept: accept, streams: true) == format)
    }

    @Test func `what has no stream does not answer to one`() {
        #expect(MediaTypes.format(accept: "application/x-ndjson", streams: false) == nil)
        #expect(MediaTypes.format(accept: "application/x-ndjson, */*", streams: false) == .plain)
    }

    @Test(
        arguments: [
            (nil, true), ("application/json", true), ("application/json; charset=utf-8", true),
            ("APPLICATION/JSON;charset=UTF-8", true), ("application/json;charset=\"utf-8\"", true),
            ("application/json; charset=latin1", false), ("text/json", false), ("", false),
            ("application/x-www-form-urlencoded", false), ("application/merge-patch+json", false),
        ] as [(String?, Bool)]) func `bodies are JSON`(contentType: String?, isJSON: Bool)
    {
        #expect(MediaTypes.isJSON(contentType) == isJSON)
    }
}
