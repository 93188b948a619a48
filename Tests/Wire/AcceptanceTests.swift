import Testing
import Wire

@Suite struct `What the parser accepts` {
    static let requests = [
        "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
        "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "POST /v1/a HTTP/1.1\r\nhOsT: [::1]:8080\r\ncontent-length: 5\r\n\r\nhello",
        "POST /v1/a HTTP/1.1\r\nHost: h:\r\nContent-Length: 0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding:chunked\r\n\r\n"
            + "5;a;b=c;d=\"e\\\"f\"\r\nhello\r\n00A\r\n0123456789\r\n0;x\r\nA: b\r\nC:\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET http://H:80/a?b=c HTTP/1.1\r\nHost: h:80\r\n\r\n",
        "GET https://h?b HTTP/1.1\r\nHost: h\r\n\r\n",
        "PROPFIND /a%20b/%C3%A4?q=%0A+x HTTP/1.1\r\nHost: h\r\nA:\t b c \t\r\nB:\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings:\r\n\r\n",
        "DELETE /a HTTP/1.1\r\nHost: h\r\nContent-Length: 00005\r\n\r\nhello",
        "GET /...a/.b/a..?../. HTTP/1.1\r\nHost: h\r\nX: \u{E4}\u{F6}\r\n\r\n",
    ]

    @Test(arguments: requests)
    func `a request means the same whole, byte by byte, and with another behind it`(_ text: String) throws {
        let heard = whole(text)
        #expect(heard.error == nil)
        #expect(heard.requests.count == 1)
        #expect(heard.requests.first?.isComplete == true)
        #expect(byteByByte(text) == heard)
        let next = "PUT /next HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
        let both = whole(text + next)
        #expect(both.requests == heard.requests + whole(next).requests)
        #expect(byteByByte(text + next) == both)
    }

    @Test func `an unfinished request is no error and no end`() {
        let heard = whole("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhel")
        #expect(
            heard.requests == [
                .init(line: heard.requests[0].line, fields: heard.requests[0].fields, body: Array("hel".utf8))
            ])
        #expect(heard.error == nil)
    }

    @Test func `bodies arrive without their framing`() {
        let heard = whole(Self.requests[6])
        #expect(heard.requests[0].body == Array("hello0123456789".utf8))
    }

    @Test func `persistence follows version and Connection`() throws {
        #expect(try head("GET / HTTP/1.1\r\nHost: h\r\n\r\n").keepAlive)
        #expect(try !head("GET / HTTP/1.1\r\nHost: h\r\nConnection: a, Close\r\n\r\n").keepAlive)
        #expect(
            try !head("GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n")
                .keepAlive)
        #expect(try !head("GET / HTTP/1.0\r\n\r\n").keepAlive)
        #expect(try head("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").keepAlive)
    }

    @Test func `only a 1.1 request with a body expects 100`() throws {
        let fields = "Host: h\r\nExpect: 100-Continue\r\n"
        #expect(try head("PUT / HTTP/1.1\r\n\(fields)Content-Length: 1\r\n\r\n").expectsContinue)
        #expect(try !head("GET / HTTP/1.1\r\n\(fields)\r\n").expectsContinue)
        #expect(try !head("PUT / HTTP/1.0\r\n\(fields)Content-Length: 1\r\n\r\n").expectsContinue)
    }

    @Test func `fields are found by name, in order`() throws {
        let head = try head("GET / HTTP/1.1\r\nHost: h\r\nAccept: a\r\nX-B: \t1 \r\naccept: C\r\n\r\n")
        #expect(head["accept"] == "a")
        #expect(head.values("accept") == ["a", "C"])
        #expect(head["x-b"] == "1")
        #expect(head["x"] == nil)
        #expect(head.field("accept", is: "a"))
        #expect(!head.field("accept", is: "c"))
        #expect(head.withValue("host") { Array($0) } == [UInt8(ascii: "h")])
        #expect((0..<head.fieldCount).map(head.fieldName) == ["Host", "Accept", "X-B", "accept"])
    }

    @Test func `the target is decoded by part`() throws {
        let head = try head("GET /a%2Fb//%C3%A4/?x=1+2&y=%3D%26&z&=v&x=3 HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(head.path == "/a%2Fb//%C3%A4/")
        #expect(head.pathSegments == ["a/b", "", "\u{E4}", ""])
        #expect(head.queryItems.map(\.name) == ["x", "y", "z", "", "x"])
        #expect(head.queryItems.map(\.value) == ["1 2", "=&", "", "v", "3"])
        #expect(head.query("x") == "1 2")
        #expect(head.query("y") == "=&")
        #expect(head.query("none") == nil)
    }

    @Test func `an empty path is a slash`() throws {
        #expect(try head("GET / HTTP/1.1\r\nHost: h\r\n\r\n").pathSegments == [])
        let absolute = try head("GET http://h?a=b HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(absolute.path == "/")
        #expect(absolute.pathSegments == [])
        #expect(absolute.query("a") == "b")
        #expect(try head("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n").path == "*")
    }

    @Test(arguments: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get", "BREW"])
    func `methods are told apart by case`(_ name: String) throws {
        let head = try head("\(name) / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
        #expect(head.methodName == name)
        #expect((head.method == .other) == ["get", "BREW"].contains(name))
    }
}
