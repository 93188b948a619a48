/// HMAC-SHA-256. RFC 2104 §2: H(K ⊕ opad, H(K ⊕ ipad, text)).
public enum HMAC {
    public static func sha256(key: [UInt8], _ text: [UInt8]) -> [UInt8] {
        var block = key.count > SHA256.blockBytes ? SHA256.digest(key) : key
        block += [UInt8](repeating: 0, count: SHA256.blockBytes - block.count)
        let inner = SHA256.digest(block.map { $0 ^ 0x36 } + text)
        return SHA256.digest(block.map { $0 ^ 0x5c } + inner)
    }
}

/// Whether two secrets are the same, in a time that doesn't tell where they
/// differ. Their lengths aren't secret.
public func equalInConstantTime(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for index in left.indices { difference |= left[index] ^ right[index] }
    return difference == 0
}
