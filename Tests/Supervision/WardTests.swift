import Testing

@testable import Supervision

/// Times are nanoseconds, here in milliseconds.
private func ms(_ count: UInt64) -> UInt64 { count * 1_000_000 }

@Suite struct `What the guardian decides` {
    var ward = Ward()

    @Test mutating func `a tree that ends by itself is told and no more`() {
        ward.began()
        ward.childEnded(.exited(0), at: ms(1))
        ward.treeEmptied()
        #expect(ward.takeActions() == [.say(.childExited(.exited(0))), .say(.treeGone)])
        #expect(ward.wakeAt == nil)
    }

    @Test mutating func `what is left behind gets a moment, SIGTERM, then SIGKILL in rounds`() {
        ward.began()
        ward.childEnded(.exited(0), at: 0)
        _ = ward.takeActions()
        #expect(ward.wakeAt == Limits.linger)
        ward.tick(at: ms(500))
        #expect(ward.takeActions() == [.terminate])
        #expect(ward.wakeAt == ms(800))
        for round in 0..<3 as Range<UInt64> {
            ward.tick(at: ms(800 + 5 * round))
            #expect(ward.takeActions() == [.kill])
        }
    }

    @Test mutating func `the earliest moment to kill stands`() {
        ward.began()
        ward.end(grace: ms(5_000), at: 0)
        ward.arm(termAt: ms(1_000), killAt: ms(2_000), at: 0)
        ward.end(grace: ms(9_000), at: ms(100))
        ward.tick(at: ms(1_000))
        #expect(ward.takeActions() == [.terminate, .terminate, .say(.deadmanFired), .terminate])
        ward.arm(termAt: ms(60_000), killAt: ms(60_000), at: ms(1_100))
        #expect(ward.wakeAt == ms(2_000))
        ward.tick(at: ms(2_000))
        #expect(ward.takeActions() == [.kill])
    }

    @Test mutating func `the child's end doesn't shorten the others' grace`() {
        ward.began()
        ward.end(grace: ms(5_000), at: 0)
        ward.childEnded(.signalled(15), at: ms(10))
        #expect(ward.wakeAt == ms(5_000))
    }

    @Test mutating func `a goodbye reports nothing, a death does, both after the tree`() {
        for byGoodbye in [true, false] {
            ward = Ward()
            ward.began()
            ward.linkEnded(byGoodbye: byGoodbye, at: 0)
            #expect(ward.takeActions() == [.terminate])
            ward.childEnded(.signalled(15), at: ms(1))
            ward.treeEmptied()
            let end: [Ward.Action] = byGoodbye ? [.leave] : [.report, .leave]
            #expect(ward.takeActions().suffix(end.count + 1) == [.say(.treeGone)] + end)
        }
    }

    @Test mutating func `the unkillable are named after a time, and tried further`() {
        ward.began()
        ward.end(grace: 0, at: 0)
        #expect(ward.takeActions() == [.kill])
        ward.tick(at: Limits.killing)
        #expect(ward.takeActions() == [.kill, .confess])
        #expect(ward.refusal == .busy)
        ward.tick(at: Limits.killing + Limits.outlivedRound)
        #expect(ward.takeActions() == [.kill])
        ward.treeEmptied()
        #expect(ward.takeActions() == [.say(.treeGone)])
    }

    @Test mutating func `the unkillable don't keep the report waiting`() {
        ward.began()
        ward.linkEnded(byGoodbye: false, at: 0)
        ward.tick(at: Limits.orphanGrace)
        ward.tick(at: Limits.orphanGrace + Limits.killing)
        #expect(ward.takeActions().suffix(3) == [.confess, .report, .leave])
    }

    @Test mutating func `nor does a goodbye wait for them, once they were named`() {
        ward.began()
        ward.end(grace: 0, at: 0)
        ward.tick(at: Limits.killing)
        _ = ward.takeActions()
        ward.linkEnded(byGoodbye: true, at: Limits.killing)
        #expect(ward.takeActions() == [.leave])
    }

    @Test mutating func `a death before the exec has failed is reported`() {
        ward.began()
        ward.linkEnded(byGoodbye: false, at: 0)
        ward.neverBegan()
        #expect(ward.takeActions() == [.terminate, .report, .leave])
    }

    @Test mutating func `a deadman that fired is in the way of a command until armed anew`() {
        ward.arm(termAt: ms(1), killAt: ms(2), at: ms(5))
        #expect(ward.takeActions() == [.say(.deadmanFired)])
        #expect(ward.refusal == .deadmanFired)
        ward.arm(termAt: ms(10), killAt: ms(20), at: ms(5))
        #expect(ward.refusal == nil)
    }

    @Test func `messages come out as they went in`() throws {
        let orders: [Order] = [
            .spawn(withTerminal: true), .report([1, 2, 3]), .report([]), .signal(15), .end(grace: 7),
            .arm(termAt: 1, killAt: .max), .disarm, .goodbye,
        ]
        for order in orders { #expect(Message(bytes: order.message.bytes[...]).flatMap(Order.init) == order) }
        let words: [Word] = [
            .spawned(9), .refused(stage: 2, error: 13), .childExited(.exited(255)),
            .childExited(.signalled(9)), .childStopped(20), .treeGone, .treeOutlives([1, 22]), .deadmanFired,
        ]
        for word in words { #expect(Message(bytes: word.message.bytes[...]).flatMap(Word.init) == word) }
        let command = Command(arguments: ["a", "", "b c"], environment: ["X": "1=2\n", "Y": ""])
        #expect(Command(image: command.image) == command)
    }

    @Test func `a command that execve can't express is refused with a reason`() {
        let plain = Command(arguments: ["true"], environment: [:])
        #expect(plain.defect == nil)
        #expect(Command(arguments: [], environment: [:]).defect != nil)
        #expect(Command(arguments: ["a\0b"], environment: [:]).defect != nil)
        #expect(Command(arguments: ["a"], environment: ["A=B": ""]).defect != nil)
        #expect(Command(arguments: ["a"], environment: ["": ""]).defect != nil)
    }
}
