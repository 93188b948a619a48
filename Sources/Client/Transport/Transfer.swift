import CCurl
import Glibc
import JSON

/// One request on its way, and what has come of it.
final class Transfer {
    let id: Int
    let handle: UnsafeMutableRawPointer
    let streams: Bool
    private var headers: UnsafeMutablePointer<curl_slist>?
    /// The answer, or of a stream the line that isn't whole yet.
    private(set) var body: [UInt8] = []
    private(set) var lines: [[UInt8]] = []
    private(set) var tooLong = false
    private var endpoint = ""
    private var trust = Trust()
    private var requestID = ""
    /// curl writes into it for as long as the handle lives.
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

    /// An answer longer than that isn't one of ours.
    static let bytesMax = 64 << 20

    init?(_ id: Int, streams: Bool) {
        guard let handle = curl_easy_init() else { return nil }
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        self.id = id
        self.handle = handle
        self.streams = streams
    }

    deinit {
        curl_easy_cleanup(handle)
        curl_slist_free_all(headers)
        errorText.deallocate()
    }

    func join(_ multi: UnsafeMutableRawPointer) { curl_multi_add_handle(multi, handle) }
    func leave(_ multi: UnsafeMutableRawPointer) { curl_multi_remove_handle(multi, handle) }

    func prepare(
        _ request: HTTPRequest, _ requestID: String, to endpoint: Endpoint, token: String?,
        timeout: Duration?, agent: String
    ) {
        self.endpoint = endpoint.shown
        self.requestID = requestID
        setString(CURLOPT_URL, endpoint.base + request.target)
        if let path = endpoint.socketPath { setString(CURLOPT_UNIX_SOCKET_PATH, path) }
        setString(CURLOPT_PROTOCOLS_STR, "http,https")
        setString(CURLOPT_USERAGENT, agent)
        // Signals belong to the loop: no SIGALRM for names, and no SIGPIPE.
        setLong(CURLOPT_NOSIGNAL, 1)
        setLong(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        setLong(CURLOPT_CONNECTTIMEOUT_MS, 5_000)
        setLong(CURLOPT_TCP_KEEPALIVE, 1)
        setLong(CURLOPT_TCP_KEEPIDLE, 10)
        setLong(CURLOPT_TCP_KEEPINTVL, 5)
        if let timeout { setLong(CURLOPT_TIMEOUT_MS, max(1, Int(timeout.nanoseconds / 1_000_000))) }
        if request.streams {
            // It says `alive` every 15 s: silence for longer than two of them is a loss.
            setLong(CURLOPT_LOW_SPEED_LIMIT, 1)
            setLong(CURLOPT_LOW_SPEED_TIME, 40)
        }
        addHeader("Accept: " + (request.streams ? "application/x-ndjson" : "application/json"))
        addHeader("X-Request-Id: \(requestID)")
        if let token { addHeader("Authorization: Bearer \(token)") }
        setMethod(request)
        baton_curl_set_pointer(handle, CURLOPT_HTTPHEADER, headers)
        baton_curl_set_pointer(handle, CURLOPT_ERRORBUFFER, errorText)
        baton_curl_set_writer(handle, write, Unmanaged.passUnretained(self).toOpaque())
    }

    /// Without it curl believes the system's authorities.
    func believe(_ trust: Trust) {
        self.trust = trust
        if let path = trust.authorities {
            setString(CURLOPT_CAINFO, path)
            // Else those of the system would be believed as well.
            baton_curl_set_pointer(handle, CURLOPT_CAPATH, nil)
        }
        if trust.believesEverybody {
            setLong(CURLOPT_SSL_VERIFYPEER, 0)
            setLong(CURLOPT_SSL_VERIFYHOST, 0)
        }
        guard let certificate = trust.certificate else { return }
        setString(CURLOPT_SSLCERT, certificate)
        setString(CURLOPT_SSLKEY, trust.key ?? certificate)
    }

    private func setMethod(_ request: HTTPRequest) {
        if let body = request.body?.text {
            addHeader("Content-Type: application/json")
            // Bodies are small: asking whether they are welcome costs a round trip.
            addHeader("Expect:")
            setLong(CURLOPT_POSTFIELDSIZE, body.utf8.count)
            setString(CURLOPT_COPYPOSTFIELDS, body)
        }
        if request.method != "GET" { setString(CURLOPT_CUSTOMREQUEST, request.method) }
    }

    private func addHeader(_ line: String) { headers = curl_slist_append(headers, line) }
    private func setLong(_ option: CURLoption, _ value: Int) { baton_curl_set_long(handle, option, value) }
    private func setString(_ option: CURLoption, _ value: String) {
        baton_curl_set_string(handle, option, value)
    }

    /// False ends the transfer.
    func received(_ bytes: UnsafeRawBufferPointer) -> Bool {
        tooLong = body.count + bytes.count > Self.bytesMax
        if tooLong { return false }
        guard streams, status < 300 else {
            body += bytes
            return true
        }
        var rest = bytes[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            body += rest[..<end]
            lines.append(body)
            body = []
            rest = rest[(end + 1)...]
        }
        body += rest
        return true
    }

    /// The lines that have come whole since the last call.
    func takeLines() -> [[UInt8]] {
        defer { lines = [] }
        return lines
    }

    var status: Int { baton_curl_get_long(handle, CURLINFO_RESPONSE_CODE) }

    /// How it ended, in the terms of whoever asked.
    func outcome(_ code: CURLcode) -> Result<HTTPResponse, TransportFailure> {
        if tooLong { return .failure(TransportFailure(text: "the answer is too long to be one of Baton's")) }
        guard code == CURLE_OK else { return .failure(TransportFailure(text: explanation(code))) }
        let wait = baton_curl_get_offset(handle, CURLINFO_RETRY_AFTER)
        return .success(
            HTTPResponse(status: status, body: body, retryAfter: wait > 0 ? .seconds(wait) : nil))
    }

    /// curl's own words, but for the commonest: those name the placeholder host of a socket.
    private func explanation(_ code: CURLcode) -> String {
        if code == CURLE_COULDNT_CONNECT {
            let error = Int32(truncatingIfNeeded: baton_curl_get_long(handle, CURLINFO_OS_ERRNO))
            return "can't connect to \(endpoint)"
                + (error == 0 ? "" : ": \(String(cString: strerror(error)))")
        }
        let detail = String(cString: errorText)
        let verdict = baton_curl_get_long(handle, CURLINFO_SSL_VERIFYRESULT)
        if let advice = trust.advice(code, verdict: verdict, detail: detail, endpoint: endpoint) {
            return advice
        }
        let why = detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail
        return "\(why) (request \(requestID))"
    }
}

/// curl's CURLOPT_WRITEFUNCTION: "return the number of bytes actually taken care of".
private func write(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let context, let bytes else { return 0 }
    let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    let taken = transfer.received(UnsafeRawBufferPointer(start: bytes, count: size * count))
    return taken ? size * count : 0
}
