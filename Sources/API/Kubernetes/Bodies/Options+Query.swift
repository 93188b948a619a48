import JSON
import Objects

/// Options in a query, read as the reference does: of a parameter that comes several times the first counts,
/// but for `dryRun`, which is a list; a flag is true unless it says "false" or "0".
extension WriteOptions {
    init(query request: APIRequest) {
        self.init()
        fieldManager = request.first("fieldManager") ?? ""
        dryRun = request.all("dryRun")
        fieldValidation = request.first("fieldValidation") ?? ""
        force = request.flag("force")
    }
}

extension Deletion {
    /// - Throws: 400 if a number is none.
    init(query request: APIRequest) throws(Refusal) {
        var options: [JSONMember] = []
        func put(_ name: String, _ value: JSON?) {
            if let value { options.append(JSONMember(name, value)) }
        }
        if let seconds = request.first("gracePeriodSeconds"),
            case .failure(let message) = Go.signed(seconds)
        {
            throw .undecodable(message.text)
        }
        put("orphanDependents", request.flag("orphanDependents").map { .bool($0) })
        put("propagationPolicy", request.first("propagationPolicy").map { .string($0) })
        put("dryRun", JSON(request.all("dryRun")))
        var writer = JSONWriter()
        writer.value(.object(options))
        try self.init(body: writer.bytes)
    }
}

extension APIRequest {
    fileprivate func all(_ name: String) -> [String] { query.filter { $0.name == name }.map(\.value) }

    fileprivate func first(_ name: String) -> String? { query.first { $0.name == name }?.value }

    fileprivate func flag(_ name: String) -> Bool? {
        first(name).map { !["false", "0"].contains($0.lowercased()) }
    }
}
