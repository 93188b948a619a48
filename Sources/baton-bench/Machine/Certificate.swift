import Glibc

/// A certificate for the daemon that is measured with TLS, made by the openssl command.
struct Certificate {
    let path: String
    let keyPath: String

    /// Signs itself: ECDSA on P-256, which costs the daemon the least.
    init(in directory: String) throws(BenchError) {
        path = "\(directory)/certificate.pem"
        keyPath = "\(directory)/key.pem"
        let arguments = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-subj",
            "/CN=localhost", "-days", "2", "-keyout", keyPath, "-out", path,
        ]
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        var pointers = arguments.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var pid: pid_t = 0
        let code = posix_spawnp(&pid, "openssl", &actions, nil, &pointers, environ)
        guard code == 0 else { throw .system("openssl", code) }
        var status: Int32 = 0
        guard waitpid(pid, &status, 0) == pid, status == 0 else {
            throw .usage("--tls: the openssl command made no certificate")
        }
    }
}
