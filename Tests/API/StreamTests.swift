import Coordination
import Testing

@testable import API

struct StreamTests {
    static let elections = Stage.elections
    static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test func `a stream begins at once, and no proxy gathers it`() {
        #expect(
            Self.elections.streamHead
                == APIResponse(
                    status: 200,
                    headers: [
                        .init("Content-Type", "application/x-ndjson"),
                        .init("Cache-Control", "no-store, no-transform"), .init("X-Accel-Buffering", "no"),
                    ]))
    }

    @Test func `lines are these letters`() {
        #expect(
            Self.text(Self.elections.waitingLine(for: AnswerTests.standing))
                == #"{"type":"waiting","# + AnswerTests.waiting.dropFirst() + "\n")
        #expect(
            Self.text(Self.elections.waitingLine(for: nil)) == #"{"type":"waiting","outcome":"waiting"}"#
                + "\n")
        #expect(
            Self.text(Self.elections.aliveLine(at: Stage.now))
                == #"{"type":"alive","time":"2026-11-21T05:01:02.123456Z"}"# + "\n")
        #expect(
            Self.text(Self.elections.reconnectLine(after: .milliseconds(500)))
                == #"{"type":"reconnect","retryAfter":0.5}"# + "\n")
    }

    @Test func `the outcome is the last line`() {
        #expect(
            Self.text(
                Self.elections.lastLines(for: .elected(AnswerTests.election), shape: AnswerShape(.ndjson)))
                == #"{"type":"outcome","# + AnswerTests.elected.dropFirst() + "\n")
        let view = MarkersView(verdict: .deleted, markers: [], missing: [Sample.key], about: Sample.key)
        #expect(
            Self.text(
                Self.elections.lastLines(for: .markers(view), shape: AnswerShape(.ndjson, form: .oneMarker)))
                == #"{"type":"outcome","outcome":"deleted"}"# + "\n")
    }

    @Test func `a wait that is over says to come again`() {
        let lines = Self.text(
            Self.elections.lastLines(
                for: .waiting(AnswerTests.standing), shape: AnswerShape(.ndjson, waits: true)))
        #expect(
            lines == #"{"type":"reconnect","retryAfter":0}"# + "\n" + #"{"type":"outcome","#
                + AnswerTests.waiting.dropFirst() + "\n")
    }

    @Test func `a refusal in a stream is the problem, on a line`() {
        let lines = Self.text(
            Self.elections.lastLines(for: .refused(.lockHasNoMarker), shape: AnswerShape(.ndjson)))
        #expect(lines.hasPrefix(#"{"type":"urn:baton:problem:lock-has-no-marker","title":"#))
        #expect(lines.hasSuffix("\n"))
    }

    @Test func `a daemon that stops says so`() {
        let lines = Self.text(Self.elections.lastLines(unavailable: .stopping)).split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.first == #"{"type":"reconnect","retryAfter":0.5}"#)
        #expect(lines.last?.contains(#""reason":"Stopping""#) == true)
    }

    @Test func `an outcome that is known at once is one line, with the plain answer's status`() {
        let answer = Self.elections.response(to: .waiting(AnswerTests.standing), shape: AnswerShape(.ndjson))
        #expect(answer.status == 202)
        #expect(answer.header("Retry-After") == "0")
        #expect(answer.header("Content-Type") == "application/x-ndjson")
        #expect(answer.text == #"{"type":"outcome","# + AnswerTests.waiting.dropFirst() + "\n")
    }

    @Test func `a line never holds another`() {
        let standing = Standing(
            reason: .held,
            lease: LeaseView(
                record: Sample.record(
                    hold: Hold(
                        token: 1, holder: "a", campaignID: nil, principal: nil, duration: .seconds(1),
                        attempt: 1,
                        began: Sample.began, inputsDigest: nil, supersedes: nil,
                        info: ["a": "x\ny\r\n\u{2028}"])),
                remaining: nil, lastRenewal: nil, queueLength: 0), position: 1, queueLength: 1)
        #expect(Self.elections.waitingLine(for: standing).filter { $0 == 0x0A || $0 == 0x0D }.count == 1)
    }
}
