import Testing
import Wire

/// A request that must be refused, and the status it deserves.
struct Breach: Sendable, CustomTestStringConvertible {
    let why: String
    let status: Int
    let text: String
    var testDescription: String { why }

    init(_ why: String, _ status: Int = 400, _ text: String) {
        self.why = why
        self.status = status
        self.text = text
    }

    /// A request with these field lines beside Host.
    static func fields(_ why: String, _ status: Int = 400, _ lines: String) -> Breach {
        Breach(why, status, "POST /a HTTP/1.1\r\nHost: h\r\n\(lines)\r\n\r\n")
    }

    static func target(_ why: String, _ target: String) -> Breach {
        Breach(why, 400, "GET \(target) HTTP/1.1\r\nHost: h\r\n\r\n")
    }

    static func chunks(_ why: String, _ status: Int = 400, _ body: String) -> Breach {
        Breach(why, status, "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n\(body)")
    }
}

@Suite struct `What the parser refuses` {
    static let framing: [Breach] = [
        .fields("both lengths", 400, "Content-Length: 5\r\nTransfer-Encoding: chunked"),
        .fields("both, the other way round", 400, "Transfer-Encoding: chunked\r\nContent-Length: 5"),
        .fields("two lengths", 400, "Content-Length: 5\r\nContent-Length: 6"),
        .fields("the same length twice", 400, "Content-Length: 5\r\nContent-Length: 5"),
        .fields("a list of lengths", 400, "Content-Length: 5, 5"),
        .fields("a signed length", 400, "Content-Length: +5"),
        .fields("a negative length", 400, "Content-Length: -5"),
        .fields("a hexadecimal length", 400, "Content-Length: 0x5"),
        .fields("a length with a space", 400, "Content-Length: 5 5"),
        .fields("an empty length", 400, "Content-Length:"),
        .fields("a length that overflows", 413, "Content-Length: 99999999999999999999999999"),
        .fields("a length of one too many", 413, "Content-Length: 1048577"),
        .fields("an unknown coding", 501, "Transfer-Encoding: gzip, chunked"),
        .fields("chunked not last", 400, "Transfer-Encoding: chunked, gzip"),
        .fields("chunked twice", 400, "Transfer-Encoding: chunked, chunked"),
        .fields("chunked with a parameter", 400, "Transfer-Encoding: chunked;a=b"),
        .fields("identity", 400, "Transfer-Encoding: identity"),
        .fields("an empty coding", 400, "Transfer-Encoding:"),
        .fields("two codings", 400, "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
        .fields("vertical tab before chunked", 400, "Transfer-Encoding: \u{0B}chunked"),
        Breach("chunks in HTTP/1.0", 400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
        .fields("a body whose length nobody tells", 411, "A: b"),
        Breach("no length in HTTP/1.0 either", 411, "PUT / HTTP/1.0\r\n\r\n"),
        .fields("another expectation", 417, "Expect: 200-maybe"),
    ]

    static let lines: [Breach] = [
        Breach("a bare LF in the request line", 400, "GET / HTTP/1.1\nHost: h\r\n\r\n"),
        Breach("a bare LF in a field", 400, "GET / HTTP/1.1\r\nHost: h\n\r\n"),
        Breach("a bare LF for the empty line", 400, "GET / HTTP/1.1\r\nHost: h\r\n\n"),
        .fields("a bare CR", 400, "A: b\rc"),
        .fields("two CR", 400, "A: b\r"),
        .fields("a NUL", 400, "A: b\0c"),
        .fields("a control byte", 400, "A: b\u{01}c"),
        .fields("DEL", 400, "A: b\u{7F}c"),
        .fields("a folded field", 400, "A: b\r\n c"),
        .fields("space before the colon", 400, "A : b"),
        .fields("a tab before the colon", 400, "A\t: b"),
        .fields("no colon", 400, "Abc"),
        .fields("no name", 400, ": b"),
        .fields("a name that is no token", 400, "A(b): c"),
        .fields("a name that isn't ASCII", 400, "\u{E4}: c"),
        Breach("a fold as the first field", 400, "GET / HTTP/1.1\r\n Host: h\r\n\r\n"),
        Breach("two spaces", 400, "GET  / HTTP/1.1\r\nHost: h\r\n\r\n"),
        Breach("a tab for a space", 400, "GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n"),
        Breach("space behind the version", 400, "GET / HTTP/1.1 \r\nHost: h\r\n\r\n"),
        Breach("space before the method", 400, " GET / HTTP/1.1\r\nHost: h\r\n\r\n"),
        Breach("a method that is no token", 400, "G@T / HTTP/1.1\r\nHost: h\r\n\r\n"),
        Breach("no version", 400, "GET /\r\nHost: h\r\n\r\n"),
        Breach("HTTP/0.9's empty request", 400, "GET / \r\n\r\n"),
        Breach("a version in lower case", 400, "GET / http/1.1\r\nHost: h\r\n\r\n"),
        Breach("a version with two digits", 400, "GET / HTTP/1.10\r\nHost: h\r\n\r\n"),
        Breach("HTTP/0.9", 400, "GET /\r\n\r\n"),
        Breach("HTTP/2 in a request line", 505, "GET / HTTP/2.0\r\nHost: h\r\n\r\n"),
        Breach("HTTP/3", 505, "GET / HTTP/3.0\r\nHost: h\r\n\r\n"),
        Breach("HTTP/1.2", 505, "GET / HTTP/1.2\r\nHost: h\r\n\r\n"),
        Breach("HTTP/2's preface", 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        Breach("two empty lines first", 400, "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"),
        Breach("TLS", 400, "\u{16}\u{03}\u{01}\u{02}"),
        Breach("TLS behind an empty line", 400, "\r\n\u{16}\u{03}\u{01}\u{02}"),
        Breach("CONNECT", 501, "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n"),
        Breach("no Host", 400, "GET / HTTP/1.1\r\n\r\n"),
        Breach("two Hosts", 400, "GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n"),
    ]

    static let hosts = [
        "", "a b", "a,b", "a@b", "a/b", "a:b", "a:99999", "[::1", "[]", "[g::]", "a%2", ":80", "h:8 0",
    ]

    static let targets: [Breach] = [
        .target("no slash", "a"),
        .target("an asterisk for GET", "*"),
        .target("another scheme", "ftp://h/"),
        .target("no authority", "http:///a"),
        .target("user information", "http://u@h/"),
        .target("another host than Host", "http://g/"),
        .target("an authority alone", "h:443"),
        .target("an absolute target with a dot segment", "http://h/a/../b"),
        .target("a dot segment", "/a/./b"),
        .target("two dots", "/a/../b"),
        .target("two dots at the end", "/a/.."),
        .target("two encoded dots", "/a/%2e%2E/b"),
        .target("a half-encoded pair of dots", "/a/.%2e"),
        .target("a percent sign alone", "/a%"),
        .target("one digit", "/a%4"),
        .target("no digits", "/a%zz"),
        .target("an encoded NUL", "/a%00b"),
        .target("an encoded NUL in the query", "/a?b=%00"),
        .target("an encoded newline", "/a%0Ab"),
        .target("bad UTF-8", "/a%ff"),
        .target("half a character", "/a?b=%C3&c=%A4"),
        .target("a fragment", "/a#b"),
        .target("a raw quote", "/a\"b"),
        .target("a backslash", "/a\\..\\b"),
        .target("raw UTF-8", "/\u{E4}"),
        .target("a NUL", "/a\0b"),
    ]

    static let chunked: [Breach] = [
        .chunks("no size", 400, "\r\n"),
        .chunks("a size that is none", 400, "x\r\n"),
        .chunks("a prefixed size", 400, "0x5\r\nhello\r\n"),
        .chunks("a signed size", 400, "+5\r\nhello\r\n"),
        .chunks("space before the size", 400, " 5\r\nhello\r\n"),
        .chunks("space behind the size", 400, "5 \r\nhello\r\n"),
        .chunks("a size of sixteen digits", 400, "0000000000000005\r\nhello\r\n"),
        .chunks("a huge size", 413, "fffffffffffffff\r\n"),
        .chunks("too much in two chunks", 413, "1\r\na\r\n100000\r\n"),
        .chunks("a bare LF behind the size", 400, "5\nhello\r\n"),
        .chunks("a bare CR behind the size", 400, "5\rhello\r\n"),
        .chunks("more than its size", 400, "5\r\nhello!\r\n"),
        .chunks("less than its size", 400, "5\r\nhell\r\n0\r\n\r\n"),
        .chunks("a bare LF behind the data", 400, "5\r\nhello\n0\r\n\r\n"),
        .chunks("a bare CR behind the data", 400, "5\r\nhello\r0\r\n\r\n"),
        .chunks("an extension without a name", 400, "5;\r\nhello\r\n"),
        .chunks("an extension without a value", 400, "5;a=\r\nhello\r\n"),
        .chunks("an extension with two values", 400, "5;a=b=c\r\nhello\r\n"),
        .chunks("an LF in an extension", 400, "5;a\nhello\r\n"),
        .chunks("a control byte in an extension", 400, "5;a=\"\u{01}\"\r\nhello\r\n"),
        .chunks("an open quote", 400, "5;a=\"b\r\nhello\r\n"),
        .chunks("a bare LF in the trailer", 400, "0\r\nA: b\n\r\n"),
        .chunks("a bare LF as the end", 400, "0\r\n\n"),
        .chunks("a folded trailer", 400, "0\r\nA: b\r\n c\r\n\r\n"),
        .chunks("a length as trailer", 400, "0\r\nContent-Length: 5\r\n\r\n"),
        .chunks("a host as trailer", 400, "0\r\nHost: h\r\n\r\n"),
    ]

    @Test(arguments: framing + lines + targets + chunked)
    func `a breach gets its status, however it arrives`(_ breach: Breach) {
        let heard = whole(breach.text)
        #expect(heard.error?.status == breach.status, "\(breach.why): \(heard)")
        #expect(byteByByte(breach.text) == heard, "\(breach.why), byte by byte")
        // What follows must never be taken for a request.
        let followed = whole(breach.text + "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(followed.requests.count == heard.requests.count)
        #expect(!followed.requests.contains { $0.line.contains("/smuggled") })
    }

    @Test(arguments: hosts)
    func `a malformed Host is refused`(_ host: String) {
        let text = "GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n"
        #expect(whole(text).error?.status == 400, "\(host)")
    }

    @Test func `after an error the parser only repeats it`() {
        var parser = RequestParser()
        let good = Array("GET / HTTP/1.1\r\nHost: h\r\n\r\n".utf8)
        Array("GET / HTTP/1.1\n".utf8).withUnsafeBytes { bytes in
            var input = bytes
            #expect(throws: WireError.self) { try parser.next(&input) }
        }
        good.withUnsafeBytes { bytes in
            var input = bytes
            #expect(throws: WireError.self) { try parser.next(&input) }
        }
    }
}
