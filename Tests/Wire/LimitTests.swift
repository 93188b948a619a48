import Testing
import Wire

@Suite struct `Limits of the grammar` {
    static let limits = Limits(
        headBytes: 512, targetBytes: 100, headerCount: 5, bodyBytes: 20, chunkExtensionBytes: 10,
        trailerBytes: 40)

    /// The status of a text's error, or 200; the same whole and byte by byte.
    private func status(_ text: String) -> Int {
        let heard = whole(text, limits: Self.limits)
        #expect(byteByByte(text, limits: Self.limits) == heard)
        return heard.error?.status ?? 200
    }

    private func get(target: Int) -> String {
        "GET /\(String(repeating: "a", count: target - 1)) HTTP/1.1\r\nHost: h\r\n\r\n"
    }

    private func get(head: Int) -> String {
        let start = "GET / HTTP/1.1\r\nHost: h\r\nA: "
        return start + String(repeating: "a", count: head - start.utf8.count - 4) + "\r\n\r\n"
    }

    private func chunked(_ body: String) -> String {
        "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + body
    }

    @Test func `a target up to its limit`() {
        #expect(status(get(target: 100)) == 200)
        #expect(status(get(target: 101)) == 414)
        #expect(status(get(target: 300)) == 414)
        #expect(status("GET /" + String(repeating: "a", count: 400)) == 414)
    }

    @Test func `a head up to its limit`() {
        #expect(status(get(head: 512)) == 200)
        #expect(status(get(head: 513)) == 431)
        #expect(status("\r\n" + get(head: 512)) == 200)
        #expect(status("\r\n" + get(head: 513)) == 431)
        #expect(status(String(get(head: 600).dropLast(4))) == 431)
    }

    @Test func `so many fields and no more`() {
        func fields(_ count: Int) -> String {
            "GET / HTTP/1.1\r\nHost: h\r\n" + String(repeating: "a:b\r\n", count: count - 1) + "\r\n"
        }
        #expect(status(fields(5)) == 200)
        #expect(status(fields(6)) == 431)
    }

    @Test func `a body up to its limit`() {
        let body = String(repeating: "b", count: 20)
        #expect(status("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 20\r\n\r\n\(body)") == 200)
        #expect(status("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 21\r\n\r\n\(body)b") == 413)
        #expect(status(chunked("14\r\n\(body)\r\n0\r\n\r\n")) == 200)
        #expect(status(chunked("13\r\n\(body.dropLast())\r\n2\r\nbb\r\n0\r\n\r\n")) == 413)
    }

    @Test func `chunk extensions of a body together`() {
        #expect(status(chunked("1;abc\r\nb\r\n1;abc\r\nb\r\n0\r\n\r\n")) == 200)
        #expect(status(chunked("1;abcd\r\nb\r\n1;abcde\r\nb\r\n0\r\n\r\n")) == 400)
    }

    @Test func `a trailer section`() {
        let line = "A: " + String(repeating: "b", count: 35)
        #expect(status(chunked("0\r\n\(line)\r\n\r\n")) == 200)
        #expect(status(chunked("0\r\n\(line)b\r\n\r\n")) == 431)
        #expect(status(chunked("0\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\n\r\n")) == 431)
    }
}
