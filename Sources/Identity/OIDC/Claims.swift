import JSON

/// What an issuer says of whoever bears a token.
public struct Claims: Hashable, Sendable {
    let json: JSON
    /// - Precondition: an object.
    init(_ json: JSON) {
        precondition(json.members != nil, "claims are an object")
        self.json = json
    }

    /// `iss`: who says so.
    public var issuer: String? { json["iss"]?.string }

    /// Until when it holds, in seconds since 1970-01-01 UTC. Nil: it doesn't say, or no number.
    public var expiry: Double? { json["exp"]?.double }

    /// RFC 7519 §4.1, of a token whose signature holds.
    ///
    /// - Parameters:
    ///   - audiences: it has to be meant for one of them.
    ///   - now: the wall clock, in seconds since 1970-01-01 UTC.
    ///   - leeway: how many seconds the clocks may differ by.
    func check(audiences: [String], at now: Double, leeway: Double) throws(TokenRefusal) {
        // §4.1.4: "on or after which the JWT MUST NOT be accepted".
        guard let expiry else {
            throw TokenRefusal(.malformed, "The token has no exp: when it expires has to be known.")
        }
        guard now < expiry + leeway else {
            throw TokenRefusal(.expired, "The token expired \(Self.seconds(now - expiry)) ago.")
        }
        for name in ["nbf", "iat"] {
            guard let claim = json[name] else { continue }
            guard let time = claim.double else {
                throw TokenRefusal(.malformed, "The token has an \(name) that is no number.")
            }
            guard time <= now + leeway else {
                throw TokenRefusal(
                    .early, "The token is not yet valid: its \(name) is \(Self.seconds(time - now)) ahead.")
            }
        }
        guard let meant = audience else {
            throw TokenRefusal(
                .malformed, "The token has an aud that is neither a string nor a list of them.")
        }
        guard meant.contains(where: audiences.contains) else {
            let shown = meant.isEmpty ? "nobody" : meant.joined(separator: ", ")
            throw TokenRefusal(
                .audience,
                "The token is meant for \(shown), and here for \(audiences.joined(separator: ", ")).")
        }
        guard json["sub"]?.string?.isEmpty == false else {
            throw TokenRefusal(.malformed, "The token has no sub: whom it is about has to be known.")
        }
    }

    /// §4.1.3: a string, or a list of them.
    private var audience: [String]? {
        switch json["aud"] {
        case nil: return []
        case .string(let one)?: return [one]
        case .array(let items)?:
            let texts = items.compactMap(\.string)
            return texts.count == items.count ? texts : nil
        default: return nil
        }
    }

    private static func seconds(_ time: Double) -> String { "\(Int64(min(time, 1e15).rounded(.up))) s" }
}
