/// What may be called what.
enum Names {
    /// Of a subdomain, and so of a lease's name.
    static let bytesMax = 253

    static let namespaceRule =
        "a DNS-1123 label: 1 to 63 of a-z, 0-9 and \"-\", beginning and ending with a letter or digit"
    static let nameRule =
        "a DNS-1123 subdomain: at most 253 of a-z, 0-9, \"-\" and \".\"; each part between dots begins and "
        + "ends with a letter or digit"

    /// RFC 1123 §2.1, in lower case, as Kubernetes has it for namespaces.
    static func isLabel(_ text: String) -> Bool {
        text.utf8.count <= 63 && isSubdomain(text) && !text.utf8.contains(UInt8(ascii: "."))
    }

    /// Labels with dots between them. Kubernetes limits the whole only, to 253 bytes.
    static func isSubdomain(_ text: String) -> Bool {
        guard (1...253).contains(text.utf8.count) else { return false }
        // What is before: a dot and a hyphen may neither follow nor precede a dot or an end.
        var previous = UInt8(ascii: ".")
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): break
            case UInt8(ascii: "-"): guard previous != UInt8(ascii: ".") else { return false }
            case UInt8(ascii: "."): guard !isMark(previous) else { return false }
            default: return false
            }
            previous = byte
        }
        return !isMark(previous)
    }

    /// What a subdomain could begin with.
    static func isPrefix(_ text: String) -> Bool {
        text.utf8.count <= 253
            && text.utf8.allSatisfy {
                isMark($0) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
            }
    }

    /// `sha256:` and 64 hexadecimal digits in lower case.
    static func isDigest(_ text: String) -> Bool {
        guard text.utf8.count == 71, text.hasPrefix("sha256:") else { return false }
        return text.utf8.dropFirst(7).allSatisfy {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
        }
    }

    /// `[A-Za-z_][A-Za-z0-9_-]*`: what a pipeline can write as `key=value` without being misread.
    static func isResultKey(_ text: String) -> Bool {
        guard let first = text.utf8.first, isLetter(first) || first == UInt8(ascii: "_") else { return false }
        return text.utf8.allSatisfy {
            isLetter($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
        }
    }

    /// C0, DEL and C1.
    static func hasControl(_ text: String) -> Bool {
        var before: UInt8 = 0
        for byte in text.utf8 {
            if byte < 0x20 || byte == 0x7F { return true }
            // U+0080 to U+009F are C2 80 to C2 9F.
            if before == 0xC2, byte < 0xA0 { return true }
            before = byte
        }
        return false
    }

    private static func isMark(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}
