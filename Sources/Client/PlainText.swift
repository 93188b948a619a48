/// What others wrote, a reason or a phase, as it is shown to people.
///
/// It ends up on terminals and in the logs of CI systems. There a control character moves the cursor or hides
/// what was said, and a line that begins with `::` is an order to GitHub's runner. So control characters
/// become spaces, and no line begins with what somebody else wrote.
public enum PlainText {
    /// On one line: a row of a table stays a row.
    public static func line(_ text: String) -> String {
        var line = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let properties = scalar.properties
            line.append(properties.generalCategory == .control || properties.isWhitespace ? " " : scalar)
        }
        return String(line)
    }

    /// Each line of it, with the prefix before it and a line break behind it.
    public static func lines(_ text: String, prefix: String) -> String {
        let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.map { "\(prefix)\(line(String($0)))\n" }.joined()
    }
}
