import Coordination
import Digest
import JSON
import Objects

/// Where the next part of a list begins, and of which version the list is.
///
/// Old versions are not kept. The parts of a list all carry the version of the first one: whoever watches
/// from there misses nothing. What a later part shows may be newer than that, and comes again as an event.
struct ContinueToken: Hashable, Sendable {
    /// Nil: of whatever version is current, since the list's own can't be watched any more.
    var version: Revision?
    /// The last one that was shown. In a list of one namespace, that is in there.
    var after: Place

    struct Place: Hashable, Sendable {
        var namespace: String?
        var name: String
    }

    private static let format = "meta.k8s.io/v1"

    var text: String {
        var writer = JSONWriter(capacity: 96)
        writer.object { writer in
            writer.member("v", Self.format)
            writer.member("rv", version ?? -1)
            // Behind this name: the first that could follow.
            writer.member("start", "/" + (after.namespace.map { $0 + "/" } ?? "") + after.name + "\0")
        }
        return Base64URL.encode(writer.bytes)
    }

    init(version: Revision?, after: Place) {
        self.version = version
        self.after = after
    }

    init(_ text: String, everywhere: Bool) throws(Status) {
        let json = try Self.json(text)
        guard json["v"]?.string == Self.format else {
            throw Self.bad(
                "server does not recognize this encoded version \(Go.quoted(json["v"]?.string ?? ""))")
        }
        guard let version = json["rv"]?.integer, version != 0 else {
            throw Self.bad("incorrect encoded start resourceVersion (version \(Self.format))")
        }
        guard let start = json["start"]?.string, let after = Self.place(start, everywhere) else {
            throw Self.bad(json["start"]?.string ?? "")
        }
        self.version = version < 0 ? nil : version
        self.after = after
    }

    private static func json(_ text: String) throws(Status) -> JSON {
        guard let bytes = Base64URL.decode(text.utf8, isStrict: false) else {
            let offset = text.utf8.prefix { Base64URL.isDigit($0) }.count
            throw bad("illegal base64 data at input byte \(offset)")
        }
        do { return try JSON(parsing: bytes) } catch {
            let found = bytes.isEmpty ? nil : bytes[min(error.offset, bytes.count - 1)]
            throw bad(
                found.map { "invalid character \(character($0)) looking for beginning of value" }
                    ?? "unexpected end of JSON input")
        }
    }

    private static func character(_ byte: UInt8) -> String {
        "'" + Go.quoted(String(Unicode.Scalar(byte))).dropFirst().dropLast() + "'"
    }

    /// "/name" or "/namespace/name", and the NUL that makes it the first behind.
    private static func place(_ start: String, _ everywhere: Bool) -> Place? {
        guard start.last == "\0" else { return nil }
        let parts = start.dropLast().drop { $0 == "/" }.split(
            separator: "/", omittingEmptySubsequences: false)
        guard parts.count == (everywhere ? 2 : 1), parts.allSatisfy({ Names.isSubdomain(String($0)) }) else {
            return nil
        }
        return Place(namespace: everywhere ? String(parts[0]) : nil, name: String(parts[parts.count - 1]))
    }

    private static func bad(_ what: String) -> Status {
        .badRequest("invalid continue token: continue key is not valid: \(what)")
    }
}
