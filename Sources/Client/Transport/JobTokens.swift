import CCurl
import JSON
import Synchronization

/// The tokens that GitHub Actions gives a job on request (OpenID Connect), each for one audience.
///
/// They live for 5 to 10 minutes, so that a run which renews for longer needs new ones. Asking takes
/// one request over the network and is done where a token is needed: at first, and every
/// `renewAfter` from then on. It takes `timeMax` at the most; if it fails while the token from before
/// may still hold, that one is used.
///
/// https://docs.github.com/en/actions/reference/security/oidc#methods-for-requesting-the-oidc-token
public final class JobTokens: Sendable, Equatable {
    public static let renewAfter = Duration.seconds(120)
    /// After that it may be over.
    public static let holdsFor = Duration.seconds(270)
    /// How long it is left at that when asking has failed.
    static let retryAfter = Duration.seconds(10)
    static let timeMax = Duration.seconds(3)
    private static let bytesMax = 64 * 1024

    private struct State {
        var token: String?
        var fetched = Moment(nanoseconds: 0)
        var nextTry = Moment(nanoseconds: 0)
    }
    private let url: String
    private let permission: String
    private let state = Mutex(State())

    /// - Throws: if the environment isn't that of a job with `permissions: {id-token: write}`.
    public init(environment: [String: String], audience: String?) throws(CredentialsError) {
        guard let url = environment["ACTIONS_ID_TOKEN_REQUEST_URL"],
            let permission = environment["ACTIONS_ID_TOKEN_REQUEST_TOKEN"], !url.isEmpty, !permission.isEmpty
        else {
            throw CredentialsError(
                text: "the token source github needs ACTIONS_ID_TOKEN_REQUEST_URL and "
                    + "ACTIONS_ID_TOKEN_REQUEST_TOKEN: give the job permissions: {id-token: write}")
        }
        guard let audience, !audience.isEmpty else {
            throw CredentialsError(
                text: "the token source github needs an audience: one that batond's issuers file has "
                    + "(--token-audience, BATON_TOKEN_AUDIENCE)")
        }
        self.url = "\(url)\(url.contains("?") ? "&" : "?")audience=\(HTTPRequest.encode(audience))"
        self.permission = permission
    }

    public static func == (left: JobTokens, right: JobTokens) -> Bool { left === right }

    /// The token for a request that is sent now.
    func token(at now: Moment = .now) throws(CredentialsError) -> String {
        let result = state.withLock { state -> Result<String, CredentialsError> in
            Result { () throws(CredentialsError) in try token(&state, now) }
        }
        return try result.get()
    }

    private func token(_ state: inout State, _ now: Moment) throws(CredentialsError) -> String {
        let mayHold = state.token != nil && now - state.fetched < Self.holdsFor
        if let token = state.token, mayHold, now < state.nextTry { return token }
        do throws(CredentialsError) {
            let token = try fetch()
            state = State(token: token, fetched: now, nextTry: now + Self.renewAfter)
            return token
        } catch {
            guard let token = state.token, mayHold else { throw error }
            state.nextTry = now + Self.retryAfter
            return token
        }
    }

    private func fetch() throws(CredentialsError) -> String {
        func failure(_ why: String) -> CredentialsError {
            CredentialsError(text: "GitHub gives no token: \(why)")
        }
        guard let handle = curl_easy_init() else { throw failure("no memory for a request") }
        defer { curl_easy_cleanup(handle) }
        var headers = curl_slist_append(nil, "Accept: application/json")
        headers = curl_slist_append(headers, "Authorization: Bearer \(permission)")
        defer { curl_slist_free_all(headers) }
        baton_curl_set_string(handle, CURLOPT_URL, url)
        baton_curl_set_string(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        baton_curl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        baton_curl_set_long(handle, CURLOPT_TIMEOUT_MS, Int(Self.timeMax.nanoseconds / 1_000_000))
        baton_curl_set_pointer(handle, CURLOPT_HTTPHEADER, headers)
        let body = Body()
        baton_curl_set_writer(handle, Self.write, Unmanaged.passUnretained(body).toOpaque())
        let code = withExtendedLifetime(body) { curl_easy_perform(handle) }
        guard code == CURLE_OK else { throw failure(String(cString: curl_easy_strerror(code))) }
        let status = baton_curl_get_long(handle, CURLINFO_RESPONSE_CODE)
        guard status == 200 else { throw failure("HTTP \(status)") }
        guard let token = (try? JSON(parsing: body.bytes))?["value"]?.string else {
            throw failure("the answer has no value")
        }
        return token
    }

    private final class Body { var bytes: [UInt8] = [] }

    /// CURLOPT_WRITEFUNCTION: another number than that of the bytes ends the transfer.
    private static let write: baton_curl_writer = { bytes, size, count, context in
        guard let bytes, let context else { return 0 }
        let body = Unmanaged<Body>.fromOpaque(context).takeUnretainedValue()
        guard body.bytes.count + size * count <= JobTokens.bytesMax else { return 0 }
        body.bytes += UnsafeRawBufferPointer(start: bytes, count: size * count)
        return size * count
    }
}
