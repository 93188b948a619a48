import Coordination

/// How long ago, in few characters: "45s", "4m30s", "3h", "2d5h". Exact while it is short, coarse later.
enum Age {
    static func text(of time: Timestamp, at now: Timestamp) -> String {
        // In whole seconds, as times of creation are told.
        let age = now.parts.seconds - time.parts.seconds
        if age < -1 { return "<invalid>" }
        return age < 0 ? "0s" : text(seconds: age)
    }

    private static func text(seconds: Int64) -> String {
        let (minutes, hours) = (seconds / 60, seconds / 3600)
        let days = hours / 24
        switch seconds {
        case ..<120: return "\(seconds)s"
        case ..<(10 * 60): return both(minutes, "m", seconds % 60, "s")
        case ..<(3 * 3600): return "\(minutes)m"
        case ..<(8 * 3600): return both(hours, "h", minutes % 60, "m")
        case ..<(48 * 3600): return "\(hours)h"
        case ..<(8 * 86_400): return both(days, "d", hours % 24, "h")
        case ..<(2 * 365 * 86_400): return "\(days)d"
        case ..<(8 * 365 * 86_400): return both(days / 365, "y", days % 365, "d")
        default: return "\(days / 365)y"
        }
    }

    /// The smaller part only if there is one.
    private static func both(_ large: Int64, _ unit: String, _ small: Int64, _ part: String) -> String {
        small == 0 ? "\(large)\(unit)" : "\(large)\(unit)\(small)\(part)"
    }
}
