import Coordination
import JSON

/// Answers to whoever meets a limit. Each says which setting of the daemon it is, and its value.
///
/// 429 is for what passes by itself, and has a `Retry-After`. A namespace that is full is 403, as
/// Kubernetes answers "exceeded quota". RFC 9110 §15.5.4: "the client SHOULD NOT automatically repeat
/// the request with the same credentials". 507 would be a fault of the server, which clients ask again;
/// 413 is about the size of this one request.
extension Elections {
    func tooMany(_ bound: Bound, _ limit: Int) -> Problem {
        Problem(
            .tooMany,
            "As many \(bound.what) as may: \(limit) (\(bound.setting)). Try again in a moment."
        ).with {
            $0.member("setting", bound.setting)
            $0.member("limit", limit)
        }.with(.retryAfter(1))
    }

    func quotaExceeded(_ bound: Bound, _ namespace: String, limit: Int, used: Int) -> Problem {
        Problem(
            .quotaExceeded,
            "Namespace \(namespace) has \(used) of \(limit) \(bound.what) (\(bound.setting)). \(bound.remedy) "
                + "Holds that have begun can still be renewed, completed and resigned."
        ).with {
            $0.member("setting", bound.setting)
            $0.member("namespace", namespace)
            $0.member("limit", limit)
            $0.member("used", used)
        }
    }

    /// 429: this client asks too often.
    ///
    /// - Parameters:
    ///   - limit: requests a second that it may send for good.
    ///   - wait: when the next one will be let in.
    public func response(tooFast limit: Int, wait: Interval) -> APIResponse {
        let seconds = Int((wait.nanoseconds + 999_999_999) / 1_000_000_000)
        return Problem(
            .tooMany,
            "This client sends more than \(limit) requests a second (rate.perSecond). Send fewer: wait for answers "
                + "with ?wait= or as a stream instead of asking again and again."
        ).with {
            $0.member("setting", "rate.perSecond")
            $0.member("limit", limit)
        }.with(.retryAfter(max(1, seconds))).response
    }

    /// 503: as many connections are open as may.
    public func response(shed setting: String, limit: Int) -> APIResponse {
        Problem(
            .unavailable,
            "As many connections are open as may: \(limit) (\(setting)). Nothing of this request was read; try again in "
                + "a moment."
        ).with {
            $0.member("reason", "Connections")
            $0.member("setting", setting)
            $0.member("limit", limit)
        }.with(.retryAfter(1)).response
    }
}

/// What is left of a namespace's limits.
extension Elections {
    public func namespace(
        _ name: String, _ usage: NamespaceUsage, aliases: Int, waiters: Int, limits: CoreSettings
    ) -> APIResponse {
        .json { writer in
            func member(_ name: StaticString, _ used: Int, of limit: Int, reserved: Int? = nil) {
                writer.member(name) {
                    $0.member("used", used)
                    if let reserved { $0.member("reserved", reserved) }
                    $0.member("limit", limit)
                }
            }
            writer.member("namespace", name)
            member("leases", usage.leases, of: limits.namespaceLeasesMax)
            member("markers", usage.markers, of: limits.namespaceMarkersMax, reserved: usage.reserved)
            member("bytes", usage.bytes, of: limits.namespaceBytesMax)
            member("aliases", aliases, of: limits.namespaceAliasesMax)
            member("waiters", waiters, of: limits.namespaceWaitersMax)
        }
    }
}

extension Bound {
    /// As it stands in the configuration.
    public var setting: String {
        switch self {
        case .queue: "contender.queueMax"
        case .waitersOfName: "waiters.perName"
        case .waitersOfNamespace: "waiters.perNamespace"
        case .waitersOfClient: "waiters.perClient"
        case .leases: "namespace.leases"
        case .markers: "namespace.markers"
        case .bytes: "namespace.bytes"
        case .aliases: "namespace.aliases"
        }
    }

    var what: String {
        switch self {
        case .queue: "contenders queue for this name"
        case .waitersOfName: "requests wait for this name"
        case .waitersOfNamespace: "requests wait in this namespace"
        case .waitersOfClient: "requests of this client wait"
        case .leases: "leases"
        case .markers: "done markers, those included that holds may still leave"
        case .bytes: "bytes of leases and done markers"
        case .aliases: "aliases"
        }
    }

    var remedy: String {
        switch self {
        case .leases: "Idle leases go after lease.retention."
        case .aliases: "Aliases that nobody needs can be deleted."
        default: "Done markers that nobody needs can be deleted."
        }
    }
}
