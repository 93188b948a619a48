import JSON
import Objects

enum WriteBody {
    static func object(_ request: APIRequest, _ kind: ObjectKind) throws(Refusal) -> Write.Body {
        Write.Body(request.body)
    }

    static func deletion(_ request: APIRequest) throws(Refusal) -> Deletion {
        try Deletion(body: request.body)
    }

    static func configuration(
        _ request: APIRequest, _ kind: ObjectKind
    ) throws(Refusal) -> (json: JSON, duplicates: [String]) {
        (try kind.parse(request.body), [])
    }
}
