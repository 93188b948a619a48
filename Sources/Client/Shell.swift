/// What a POSIX shell reads as one word.
public enum Shell {
    public static func quote(_ text: String) -> String {
        "'" + text.replacing("'", with: "'\\''") + "'"
    }
}
