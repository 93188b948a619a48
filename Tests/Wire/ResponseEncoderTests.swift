import Testing
import Wire

@Suite struct `Answers as they are written` {
    private func rendered(_ write: (inout ResponseEncoder) -> Void) -> String {
        var encoder = ResponseEncoder()
        write(&encoder)
        return String(decoding: encoder.bytes, as: UTF8.self)
    }

    private let date = Array("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n".utf8)

    private func answer(_ status: Int, _ body: String, _ terms: ResponseEncoder.Terms) -> String {
        rendered {
            $0.append(status: status, headers: .json, body: Array(body.utf8), terms: terms, date: date)
        }
    }

    @Test func `an answer of known length`() {
        let start =
            "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: application/json\r\n"
        #expect(answer(200, "{}", .init()) == start + "Content-Length: 2\r\n\r\n{}")
        #expect(
            answer(200, "{}", .init(keepAlive: false)) == start
                + "Content-Length: 2\r\nConnection: close\r\n\r\n{}")
        #expect(
            answer(200, "{}", .init(isHTTP10: true)) == start
                + "Content-Length: 2\r\nConnection: keep-alive\r\n\r\n{}")
    }

    @Test func `an answer to HEAD has the length and no body`() {
        let text = answer(404, "nothing here", .init(isHead: true))
        #expect(text.hasPrefix("HTTP/1.1 404 Not Found\r\n"))
        #expect(text.hasSuffix("Content-Length: 12\r\n\r\n"))
    }

    @Test(arguments: [204, 304])
    func `some statuses have neither body nor length`(_ status: Int) {
        let text = answer(status, "ignored", .init())
        #expect(!text.contains("Content-Length"))
        #expect(text.hasSuffix("\r\n\r\n"))
    }

    @Test func `a stream in chunks`() {
        let text = rendered {
            $0.beginStream(status: 200, headers: Headers(), terms: .init(), date: [])
            $0.appendChunk(Array("hello".utf8))
            $0.appendChunk([])
            $0.appendChunk([UInt8](repeating: 0x61, count: 26))
            $0.appendLastChunk()
        }
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        #expect(text == head + "5\r\nhello\r\n1a\r\n\(String(repeating: "a", count: 26))\r\n0\r\n\r\n")
    }

    @Test func `a stream of 1.0 ends with its connection`() {
        let text = rendered {
            $0.beginStream(
                status: 200, headers: Headers(), terms: .init(isHTTP10: true, keepAlive: false), date: [])
        }
        #expect(text == "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    }

    @Test func `a value can't end its line`() {
        var headers = Headers()
        headers.add("X", "a\r\nSet-Cookie: b\0")
        #expect(String(decoding: headers.bytes, as: UTF8.self) == "X: a  Set-Cookie: b \r\n")
    }

    @Test func `100 Continue is one line`() {
        #expect(rendered { $0.appendContinue() } == "HTTP/1.1 100 Continue\r\n\r\n")
    }
}
