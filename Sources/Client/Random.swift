/// From the system's generator, which is the kernel's.
public enum Random {
    public static func hex(bytes: Int) -> String {
        (0..<bytes).map { _ in
            let text = String(UInt8.random(in: .min ... .max), radix: 16)
            return text.count == 1 ? "0" + text : text
        }.joined()
    }

    /// Which nobody can guess, and so nobody can write into a value.
    public static func delimiter() -> String { "BATON_" + hex(bytes: 16) }
}
