import Glibc

/// Why a file that a setting names can't be used.
struct SettingFileError: Error {
    let reason: String
}

enum SettingFile {
    /// The whole file. A secret one isn't read if every user of the machine can.
    static func read(_ path: String, isSecret: Bool) throws(SettingFileError) -> [UInt8] {
        func failure() -> SettingFileError { SettingFileError(reason: String(cString: strerror(errno))) }
        guard let file = fopen(path, "re") else { throw failure() }
        defer { fclose(file) }
        var status = stat()
        // Of the open file: the path may lead elsewhere by now.
        guard fstat(fileno(file), &status) == 0 else { throw failure() }
        // A group may read it: that is how a mounted secret or a group for certificates is shared.
        guard !isSecret || status.st_mode & S_IRWXO == 0 else {
            throw SettingFileError(reason: "everybody on this machine can read it; chmod o= it")
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 {
            bytes.append(contentsOf: buffer[..<count])
        }
        guard ferror(file) == 0 else { throw failure() }
        return bytes
    }
}
