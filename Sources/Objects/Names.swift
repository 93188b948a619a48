/// What names, labels and keys may look like. Each check tells its complaints, none twice.
enum Names {
    /// A name of most objects: a DNS subdomain (RFC 1123).
    static func subdomain(_ text: String) -> [String] {
        var complaints: [String] = []
        if text.utf8.count > 253 { complaints.append("must be no more than 253 characters") }
        if !isSubdomain(text.utf8) {
            complaints.append(
                "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
                    + "and must start and end with an alphanumeric character (e.g. 'example.com', regex used for "
                    + #"validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"#)
        }
        return complaints
    }

    /// A name of a namespace: one label of the DNS.
    static func label(_ text: String) -> [String] {
        var complaints: [String] = []
        if text.utf8.count > 63 { complaints.append("must be no more than 63 characters") }
        if !isLabel(text.utf8) {
            complaints.append(
                "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must "
                    + "start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used "
                    + "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')")
        }
        return complaints
    }

    /// A key of labels or annotations, or a finalizer: a name, with a subdomain and a slash before it or not.
    static func qualified(_ text: String) -> [String] {
        if isQualified(text.utf8) { return [] }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2 else {
            return [
                "a qualified name \(qualifiedRule) with an optional DNS subdomain prefix and '/' "
                    + "(e.g. 'example.com/MyName')"
            ]
        }
        var complaints: [String] = []
        if parts.count == 2 {
            complaints +=
                parts[0].isEmpty
                ? ["prefix part must be non-empty"] : subdomain(parts[0]).map { "prefix part " + $0 }
        }
        let name = parts.last!
        if name.isEmpty { complaints.append("name part must be non-empty") }
        if name.utf8.count > 63 { complaints.append("name part must be no more than 63 bytes") }
        if !isName(name.utf8) { complaints.append("name part \(qualifiedRule)") }
        return complaints
    }

    private static let qualifiedRule =
        "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
        + "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
        + "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"

    static func labelValue(_ text: String) -> [String] {
        var complaints: [String] = []
        if text.utf8.count > 63 { complaints.append("must be no more than 63 bytes") }
        if !text.isEmpty, !isName(text.utf8) {
            complaints.append(
                "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
                    + "and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  "
                    + "or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
            )
        }
        return complaints
    }

    private static func isSubdomain(_ bytes: some Sequence<UInt8>) -> Bool {
        // Each label begins and ends with a letter or a digit; a dot stands before the first one.
        var last = UInt8(ascii: ".")
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "."): guard isLowerOrDigit(last) else { return false }
            case UInt8(ascii: "-"): guard last != UInt8(ascii: ".") else { return false }
            default: guard isLowerOrDigit(byte) else { return false }
            }
            last = byte
        }
        return isLowerOrDigit(last)
    }

    private static func isLabel(_ bytes: some Sequence<UInt8>) -> Bool {
        isSubdomain(bytes) && !bytes.contains(UInt8(ascii: "."))
    }

    /// The same as having no complaint, without making texts.
    private static func isQualified(_ bytes: String.UTF8View) -> Bool {
        guard let slash = bytes.firstIndex(of: UInt8(ascii: "/")) else {
            return bytes.count <= 63 && isName(bytes)
        }
        let prefix = bytes[..<slash]
        let name = bytes[bytes.index(after: slash)...]
        return prefix.count <= 253 && isSubdomain(prefix) && name.count <= 63 && isName(name)
    }

    private static func isName(_ bytes: some Collection<UInt8>) -> Bool {
        var last: UInt8?
        for byte in bytes {
            guard
                isAlphanumeric(byte) || last != nil && isInner(byte)
            else { return false }
            last = byte
        }
        return last.map(isAlphanumeric) ?? false
    }

    private static func isInner(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
    }

    private static func isLowerOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: false
        }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isLowerOrDigit(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }
}

extension Names {
    /// Letters and digits that can't be mistaken for another, nor make words.
    private static let suffixLetters = Array("bcdfghjklmnpqrstvwxz2456789")
    private static let suffixCount = 5
    private static let generatedMax = 63

    /// `generateName` and five random letters; the base is cut so that all of it fits a label.
    static func generated(_ base: String, using random: inout some RandomNumberGenerator) -> String {
        // By bytes, as the reference cuts; a base that is no ASCII is refused as a name in any case.
        let kept = String(decoding: base.utf8.prefix(generatedMax - suffixCount), as: UTF8.self)
        return kept + String((0..<suffixCount).map { _ in suffixLetters.randomElement(using: &random)! })
    }
}
