import Coordination
import Identity

/// Who is let in, beside the file of tokens.
public struct AuthSettings: Sendable {
    /// Whose signed tokens are taken; nil: nobody's.
    public var issuersFile: String?
    /// By how much an issuer's clock and this machine's may differ.
    public var leeway = Interval.seconds(30)
    /// How long an issuer's keys are used before they are fetched anew.
    public var keysMaxAge = Interval.hours(1)
    /// How old they may become while the issuer can't be reached.
    public var keysStaleMax = Interval.hours(24)

    public init() {}

    var leewaySeconds: Double { Double(leeway.nanoseconds) / 1e9 }

    var keyRing: KeyRing.Settings {
        KeyRing.Settings(
            maxAge: .nanoseconds(keysMaxAge.nanoseconds), staleMax: .nanoseconds(keysStaleMax.nanoseconds))
    }
}
