/// Writes answers (RFC 9112 §4, §6) behind one another into `bytes`, which the caller sends and empties.
public struct ResponseEncoder: Sendable {
    /// What the request decides about its answer.
    public struct Terms: Sendable, Equatable {
        /// RFC 9110 §9.3.2: the answer to HEAD has the fields of GET's and no body.
        public var isHead: Bool
        /// The peer speaks HTTP/1.0: no chunks, and persistence has to be said.
        public var isHTTP10: Bool
        /// Whether the connection stays open after this answer.
        public var keepAlive: Bool

        public init(isHead: Bool = false, isHTTP10: Bool = false, keepAlive: Bool = true) {
            self.isHead = isHead
            self.isHTTP10 = isHTTP10
            self.keepAlive = keepAlive
        }

        public init(_ head: RequestHead) {
            self.init(isHead: head.method == .head, isHTTP10: head.isHTTP10, keepAlive: head.keepAlive)
        }
    }

    public var bytes: [UInt8] = []

    public init() {}

    /// A whole answer, of known length. `date` is a rendered `Date` field with its CRLF, or empty.
    public mutating func append(
        status: Int, headers: Headers, body: [UInt8], terms: Terms, date: [UInt8]
    ) {
        appendHead(status: status, headers: headers, bodyLength: body.count, terms: terms, date: date)
        if !terms.isHead, ResponseEncoder.hasBody(status) { bytes.append(contentsOf: body) }
    }

    /// The head of an answer of known length: for a body that is sent from where it lies.
    public mutating func appendHead(
        status: Int, headers: Headers, bodyLength: Int, terms: Terms, date: [UInt8]
    ) {
        appendStart(status: status, headers: headers, date: date)
        // RFC 9110 §8.6: no Content-Length in 204; in 304 it would have to be that of the 200.
        if ResponseEncoder.hasBody(status) {
            bytes.append("Content-Length: ")
            bytes.append(decimal: bodyLength)
            bytes.append("\r\n")
        }
        appendEnd(terms)
    }

    /// The head of an answer whose length isn't known. RFC 9112 §6.3: HTTP/1.0 knows no chunks, so
    /// there the body ends with the connection, and `terms.keepAlive` has to be false.
    public mutating func beginStream(status: Int, headers: Headers, terms: Terms, date: [UInt8]) {
        precondition(!terms.isHTTP10 || !terms.keepAlive, "the end of the connection ends the body")
        appendStart(status: status, headers: headers, date: date)
        if !terms.isHTTP10, ResponseEncoder.hasBody(status) { bytes.append("Transfer-Encoding: chunked\r\n") }
        appendEnd(terms)
    }

    /// RFC 9112 §7.1. An empty chunk would end the stream, so nothing is written for one.
    public mutating func appendChunk(_ data: [UInt8]) {
        guard !data.isEmpty else { return }
        bytes.append(hexadecimal: data.count)
        bytes.append("\r\n")
        bytes.append(contentsOf: data)
        bytes.append("\r\n")
    }

    public mutating func appendLastChunk() { bytes.append("0\r\n\r\n") }

    /// RFC 9110 §15.2.1. Not for HTTP/1.0.
    public mutating func appendContinue() { bytes.append("HTTP/1.1 100 Continue\r\n\r\n") }

    /// RFC 9110 §6.4.1: 1xx, 204 and 304 have none.
    public static func hasBody(_ status: Int) -> Bool { status >= 200 && status != 204 && status != 304 }

    private mutating func appendStart(status: Int, headers: Headers, date: [UInt8]) {
        bytes.append("HTTP/1.1 ")
        if status == 200 {
            bytes.append("200 OK\r\n")
        } else {
            bytes.append(decimal: status)
            bytes.append(.space)
            bytes.append(reasonPhrase(status))
            bytes.append("\r\n")
        }
        bytes.append(contentsOf: date)
        bytes.append(contentsOf: headers.bytes)
    }

    // RFC 9112 §9.6, §9.3: each version says what isn't its default.
    private mutating func appendEnd(_ terms: Terms) {
        if !terms.keepAlive {
            bytes.append("Connection: close\r\n")
        } else if terms.isHTTP10 {
            bytes.append("Connection: keep-alive\r\n")
        }
        bytes.append("\r\n")
    }
}

/// RFC 9110 §15, and RFC 6585 for 428, 429 and 431. Clients must not depend on it.
func reasonPhrase(_ status: Int) -> StaticString {
    switch status {
    case 200: "OK"
    case 201: "Created"
    case 202: "Accepted"
    case 204: "No Content"
    case 206: "Partial Content"
    case 301: "Moved Permanently"
    case 302: "Found"
    case 303: "See Other"
    case 304: "Not Modified"
    case 307: "Temporary Redirect"
    case 308: "Permanent Redirect"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 406: "Not Acceptable"
    case 408: "Request Timeout"
    case 409: "Conflict"
    case 410: "Gone"
    case 411: "Length Required"
    case 412: "Precondition Failed"
    case 413: "Content Too Large"
    case 414: "URI Too Long"
    case 415: "Unsupported Media Type"
    case 417: "Expectation Failed"
    case 421: "Misdirected Request"
    case 422: "Unprocessable Content"
    case 428: "Precondition Required"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    case 505: "HTTP Version Not Supported"
    case 507: "Insufficient Storage"
    default: "Unknown"
    }
}
