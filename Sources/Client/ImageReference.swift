/// Whether an input looks like a container image that a tag names.
///
/// A tag can be moved: the work for it would be "done" with last week's content.
public enum ImageReference {
    /// `registry.host/path[:tag]` without `@sha256:…`. The registry must be given and
    /// look like a host: `README.md:3` and `a/b` are no images to us.
    public static func isMovable(_ input: String) -> Bool {
        var text = input[...]
        if let scheme = text.firstRange(of: "docker://"), scheme.lowerBound == text.startIndex {
            text = text[scheme.upperBound...]
        }
        if text.contains("://") || text.contains("@") { return false }
        guard let slash = text.firstIndex(of: "/") else { return false }
        let host = text[..<slash]
        let isHost = host.contains(".") || host.contains(":") || host == "localhost"
        guard isHost, let first = host.first, first.isLetter || first.isNumber else { return false }
        let path = text[text.index(after: slash)...]
        return !path.isEmpty && !path.hasSuffix("/")
            && path.utf8.allSatisfy {
                (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
                    || "._-/:".utf8.contains($0)
            }
    }
}
