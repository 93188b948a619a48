import Coordination
import Objects
import Testing

@testable import API

/// How the core's refusals of writes are told.
struct ConflictTests {
    @Test func `a spec that a campaign holds is a conflict that names the holder and the seconds left`() {
        let status = Status(.held(Sample.view), of: .lease, name: "build", namespace: "ci")
        #expect(status.code == 409)
        #expect(status.reason == "Conflict")
        let said = "anna holds the lease, elected by a campaign (fencing token 17), for 28s from now"
        #expect(status.message.contains(said))
    }
}
