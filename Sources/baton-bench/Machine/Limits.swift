import CLinux
import Glibc

/// What the machine gives at best, whatever runs on it.
enum Limits {
    /// Appends of 4 KiB, each made durable: what a commit costs at the least.
    static func flush(in directory: String, for seconds: Double) throws(BenchError) -> Samples {
        let path = "\(directory)/flush"
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .system(path, errno) }
        defer {
            close(file)
            unlink(path)
        }
        let page = [UInt8](repeating: 0x5a, count: 4096)
        var samples = Samples()
        let end = Clock.now + Int64(seconds * 1e9)
        var now = Clock.now
        while now < end {
            guard write(file, page, page.count) == page.count, fdatasync(file) == 0 else {
                throw .system("fdatasync", errno)
            }
            let after = Clock.now
            samples.add(after - now)
            now = after
        }
        return samples
    }

    /// 64 bytes there and back over loopback, one connection, two threads.
    static func pingPong(for seconds: Double) throws(BenchError) -> Samples {
        var listener: Int32 = -1
        let address = try listening(&listener)
        var thread = pthread_t()
        pthread_create(&thread, nil, { Limits.echo($0) }, UnsafeMutableRawPointer(bitPattern: Int(listener)))
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard address.connect(socket) else { throw .system("connect", errno) }
        defer {
            close(socket)
            pthread_join(thread, nil)
        }
        loop_set_option(socket, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        var bytes = [UInt8](repeating: 0, count: 64)
        var samples = Samples()
        let end = Clock.now + Int64(seconds * 1e9)
        var now = Clock.now
        while now < end {
            guard write(socket, bytes, 64) == 64, read(socket, &bytes, 64) == 64 else {
                throw .system("ping", errno)
            }
            let after = Clock.now
            samples.add(after - now)
            now = after
        }
        return samples
    }

    private static func listening(_ listener: inout Int32) throws(BenchError) -> Address {
        let address = try Address.unused()
        listener = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard address.bind(listener), listen(listener, 1) == 0 else { throw .system("listen", errno) }
        return address
    }

    private static func echo(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        let listener = Int32(Int(bitPattern: context))
        let socket = accept(listener, nil, nil)
        loop_set_option(socket, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        var bytes = [UInt8](repeating: 0, count: 64)
        while true {
            let count = read(socket, &bytes, bytes.count)
            guard count > 0, write(socket, bytes, count) == count else { break }
        }
        close(socket)
        close(listener)
        return nil
    }
}
