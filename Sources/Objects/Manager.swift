/// Who writes: the name under which fields are owned.
public enum Manager {
    /// In bytes.
    static let nameMax = 128

    /// The field manager that a request names, or else the program of its user agent: what stands before
    /// the first slash, without what doesn't print, cut at 128 bytes.
    public static func name(fieldManager: String, userAgent: String) -> String {
        guard fieldManager.isEmpty else { return fieldManager }
        var name = ""
        for scalar in userAgent.unicodeScalars {
            if scalar == "/" { break }
            guard Go.isPrintable(scalar) else { continue }
            guard name.utf8.count + UTF8.width(scalar) <= nameMax else { break }
            name.unicodeScalars.append(scalar)
        }
        return name.isEmpty ? "unknown" : name
    }
}
