import Coordination
import JSON

extension LeaseSpec {
    /// - Parameter spec: of an outcome, so that its types are right, and its times are in UTC.
    init(_ spec: JSON?) {
        func text(_ name: String) -> String? { spec?[name]?.string }
        func number(_ name: String) -> Int32? { spec?[name]?.integer.map { Int32(clamping: $0) } }
        func time(_ name: String) -> Timestamp? { text(name).flatMap { Timestamp(text: $0) } }
        self.init(
            holder: text("holderIdentity"), durationSeconds: number("leaseDurationSeconds"),
            acquireTime: time("acquireTime"), renewTime: time("renewTime"),
            transitions: number("leaseTransitions"), strategy: text("strategy"),
            preferredHolder: text("preferredHolder"))
    }
}
