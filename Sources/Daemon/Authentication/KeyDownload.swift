import CCurl
import Glibc
import Identity
import JSON

/// Fetches an issuer's keys with libcurl, on the thread that calls it. Nothing of it is on the loop.
///
/// Redirects aren't followed: the keys are where the configuration, or the issuer itself, says.
/// Proxies are taken from the environment as curl does, but for this machine's own addresses.
struct KeyDownload {
    let source: KeySource
    /// Ends it within a second or so.
    let isStopped: @Sendable () -> Bool

    static let timeMax = 10_000
    static let bytesMax = 1 << 20

    func keySet() throws(KeySetError) -> JSONWebKeySet {
        let token = try bearerToken()
        switch source.place {
        case .keySet(let url):
            return try parse(try get(url, bearer: token), url)
        case .discovery(let issuer):
            let url = try keySetURL(of: issuer, token)
            // Whoever writes the document must not get to choose who sees the token.
            let isSameHost = FetchURL(url)?.origin == FetchURL(issuer)?.origin
            return try parse(try get(url, bearer: isSameHost ? token : nil), url)
        }
    }

    private func parse(_ bytes: [UInt8], _ url: String) throws(KeySetError) -> JSONWebKeySet {
        do throws(KeySetError) { return try JSONWebKeySet(parsing: bytes) } catch {
            throw KeySetError("the key set of \(url): \(error)")
        }
    }

    /// OpenID Connect Discovery 1.0 §4: "any terminating / MUST be removed before appending".
    private func keySetURL(of issuer: String, _ token: String?) throws(KeySetError) -> String {
        let base = issuer.hasSuffix("/") ? String(issuer.dropLast()) : issuer
        let url = base + "/.well-known/openid-configuration"
        let text = try get(url, bearer: token)
        guard let document = try? JSON(parsing: text) else { throw KeySetError("\(url) is no JSON") }
        // §4.3: "MUST exactly match", or one issuer could speak for another.
        guard document["issuer"]?.string == issuer else {
            throw KeySetError("\(url) names another issuer than \(issuer)")
        }
        guard let place = document["jwks_uri"]?.string, let checked = FetchURL(place),
            checked.isEncrypted || FetchURL(issuer)?.isEncrypted == false
        else { throw KeySetError("\(url) has no jwks_uri with https") }
        return place
    }

    private func bearerToken() throws(KeySetError) -> String? {
        guard let path = source.bearerTokenFile else { return nil }
        guard let file = fopen(path, "re") else {
            throw KeySetError("bearerTokenFile \(path): \(String(cString: strerror(errno)))")
        }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        let bytes = buffer[..<fread(&buffer, 1, buffer.count, file)]
        let token = String(decoding: bytes, as: UTF8.self).trimmingPrefix { $0.isWhitespace }
        let word = token.prefix { !$0.isWhitespace }
        // A line break in it would write a header of its own.
        guard !word.isEmpty, word.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw KeySetError("bearerTokenFile \(path): there is no token in it")
        }
        return String(word)
    }

    // MARK: One request

    /// The body of an answer 200.
    private func get(_ url: String, bearer: String?) throws(KeySetError) -> [UInt8] {
        guard let handle = curl_easy_init() else { throw KeySetError("\(url): out of memory") }
        defer { curl_easy_cleanup(handle) }
        let receiver = Receiver(isStopped)
        var headers = curl_slist_append(nil, "Accept: application/json")
        if let bearer { headers = curl_slist_append(headers, "Authorization: Bearer \(bearer)") }
        defer { curl_slist_free_all(headers) }
        set(handle, CURLOPT_URL, url)
        set(handle, CURLOPT_PROTOCOLS_STR, FetchURL(url)?.isEncrypted == false ? "http" : "https")
        if FetchURL(url)?.isEncrypted == false { set(handle, CURLOPT_NOPROXY, "*") }
        if let path = source.caFile { set(handle, CURLOPT_CAINFO, path) }
        baton_curl_set_long(handle, CURLOPT_TIMEOUT_MS, Self.timeMax)
        // Other threads have signals to look after.
        baton_curl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        baton_curl_set_pointer(handle, CURLOPT_HTTPHEADER, headers)
        let context = Unmanaged.passUnretained(receiver).toOpaque()
        baton_curl_set_writer(handle, Self.write, context)
        baton_curl_set_long(handle, CURLOPT_NOPROGRESS, 0)
        baton_curl_set_pointer(handle, CURLOPT_XFERINFODATA, context)
        baton_curl_set_pointer(
            handle, CURLOPT_XFERINFOFUNCTION, unsafeBitCast(Self.progress, to: UnsafeMutableRawPointer.self))
        let code = withExtendedLifetime(receiver) { curl_easy_perform(handle) }
        guard !receiver.isTooLong else { throw KeySetError("\(url) has more than \(Self.bytesMax) bytes") }
        guard code == CURLE_OK else {
            throw KeySetError("\(url): \(String(cString: curl_easy_strerror(code)))")
        }
        let status = baton_curl_get_long(handle, CURLINFO_RESPONSE_CODE)
        guard status == 200 else { throw KeySetError("\(url) answered HTTP \(status)") }
        return receiver.body
    }

    private func set(_ handle: UnsafeMutableRawPointer, _ option: CURLoption, _ value: String) {
        baton_curl_set_string(handle, option, value)
    }

    private final class Receiver {
        let isStopped: @Sendable () -> Bool
        var body: [UInt8] = []
        var isTooLong = false

        init(_ isStopped: @escaping @Sendable () -> Bool) { self.isStopped = isStopped }
    }

    /// CURLOPT_WRITEFUNCTION: another number than that of the bytes ends the transfer.
    private static let write: baton_curl_writer = { bytes, size, count, context in
        guard let bytes, let context else { return 0 }
        let receiver = Unmanaged<Receiver>.fromOpaque(context).takeUnretainedValue()
        receiver.isTooLong = receiver.body.count + size * count > KeyDownload.bytesMax
        guard !receiver.isTooLong else { return 0 }
        receiver.body += UnsafeRawBufferPointer(start: bytes, count: size * count)
        return size * count
    }

    /// CURLOPT_XFERINFOFUNCTION, called once a second at least: anything but 0 ends the transfer.
    private static let progress:
        @convention(c) (UnsafeMutableRawPointer?, curl_off_t, curl_off_t, curl_off_t, curl_off_t) -> Int32 = {
            context, _, _, _, _ in
            guard let context else { return 1 }
            return Unmanaged<Receiver>.fromOpaque(context).takeUnretainedValue().isStopped() ? 1 : 0
        }
}
