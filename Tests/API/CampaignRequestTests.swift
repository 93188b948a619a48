import Coordination
import JSON
import Testing

@testable import API

struct CampaignRequestTests {
    static func campaign(_ body: String, query: String = "", accept: String? = nil) -> Routed {
        Stage.route(
            "POST", "/v1/namespaces/ci/leases/build/campaign" + query, body, accept: accept,
            principal: "sa:ci")
    }

    @Test func `the shortest campaign has the defaults`() throws {
        let routed = Self.campaign(#"{"holderIdentity":"anna"}"#)
        guard case .campaign(let campaign) = routed.command else { throw Missing() }
        #expect(campaign.request == 7)
        #expect(campaign.key == Sample.key)
        #expect(campaign.holder == "anna")
        #expect(campaign.campaignID == nil)
        #expect(campaign.principal == "sa:ci")
        #expect(campaign.duration == .seconds(30))
        #expect(campaign.way == .once)
        #expect(campaign.maxAttempts == nil && campaign.supersedes == nil && campaign.confirmWithin == nil)
        #expect(campaign.info == [:])
        #expect(campaign.waitUntil == nil)
        #expect(routed.shape == AnswerShape(.plain))
    }

    @Test func `a full campaign keeps what it says`() throws {
        let body = """
            {"holderIdentity":"anna","campaignID":"c1","leaseDuration":"1m30s","marker":"once",
             "inputsDigest":"\(Sample.digest)","maxAttempts":3,"supersedes":12,"confirmWithin":10,
             "info":{"url":"https://ci/1","note":"two\\nlines"}}
            """
        guard case .campaign(let campaign) = Self.campaign(body).command else { throw Missing() }
        #expect(campaign.campaignID == "c1")
        #expect(campaign.duration == .seconds(90))
        #expect(campaign.inputsDigest == Sample.digest)
        #expect(campaign.maxAttempts == 3)
        #expect(campaign.supersedes == 12)
        #expect(campaign.confirmWithin == .seconds(10))
        #expect(campaign.info == ["url": "https://ci/1", "note": "two\nlines"])
    }

    @Test(arguments: [
        (#""marker":"none""#, true), (#""marker":"none","inputsDigest":"\#(Sample.digest)""#, true),
        (#""leaseDuration":1"#, true), (#""leaseDuration":"1h""#, true), (#""leaseDuration":3600"#, true),
        (#""leaseDuration":1.5"#, true), (#""maxAttempts":1000"#, true), (#""maxAttempts":2.0"#, true),
        (#""supersedes":9007199254740991"#, true), (#""leaseDuration":"5s","confirmWithin":"5s""#, true),
    ]) func `these are in range`(field: String, _: Bool) {
        #expect(Self.campaign(#"{"holderIdentity":"anna",\#(field)}"#).command != nil)
    }

    static let words = "1 to 253 bytes without control characters"
    static let ids = "1 to 128 bytes without control characters"
    static let duration =
        "a duration from 1s to 1h, such as \"30s\" or \"1h30m\", or a number of seconds"
    static let digest = "\"sha256:\" and 64 hexadecimal digits in lower case"
    static let bad: [(String, String)] = [
        (#""holderIdentity":"""#, "holderIdentity: holderIdentity has 0 bytes; it may have \(words)."),
        (
            #""holderIdentity":"\#(String(repeating: "x", count: 254))""#,
            "holderIdentity: holderIdentity has 254 bytes; it may have \(words)."
        ),
        (
            #""holderIdentity":"a\nb""#,
            "holderIdentity: holderIdentity has a control character; it may have \(words)."
        ),
        (
            #""holderIdentity":"a\u0085b""#,
            "holderIdentity: holderIdentity has a control character; it may have \(words)."
        ),
        (#""holderIdentity":17"#, "holderIdentity: holderIdentity is a number; it has to be a string."),
        (
            #""holderIdentity":null"#,
            "holderIdentity: holderIdentity is null; it has to be a string. Leave it out instead."
        ),
        (#""campaignID":"c""#, "holderIdentity: The field holderIdentity is required."),
        (#""holderIdentity":"a","campaignID":"""#, "campaignID: campaignID has 0 bytes; it may have \(ids)."),
        (
            #""holderIdentity":"a","campaignID":"\#(String(repeating: "x", count: 129))""#,
            "campaignID: campaignID has 129 bytes; it may have \(ids)."
        ),
        (
            #""holderIdentity":"a","leaseDuration":"30""#,
            "leaseDuration: leaseDuration is \"30\"; it has to be \(duration)."
        ),
        (
            #""holderIdentity":"a","leaseDuration":"500ms""#,
            "leaseDuration: leaseDuration is \"500ms\"; it has to be \(duration)."
        ),
        (
            #""holderIdentity":"a","leaseDuration":"2h""#,
            "leaseDuration: leaseDuration is \"2h\"; it has to be \(duration)."
        ),
        (
            #""holderIdentity":"a","leaseDuration":0.5"#,
            "leaseDuration: leaseDuration is 0.5; it has to be \(duration)."
        ),
        (
            #""holderIdentity":"a","leaseDuration":-30"#,
            "leaseDuration: leaseDuration is -30; it has to be \(duration)."
        ),
        (
            #""holderIdentity":"a","leaseDuration":1e999"#,
            "leaseDuration: leaseDuration is 1e999; it has to be \(duration)."
        ),
        (
            #""holderIdentity":"a","leaseDuration":true"#,
            "leaseDuration: leaseDuration is a boolean; it has to be \(duration)."
        ),
        (
            #""holderIdentity":"a","marker":"twice""#,
            "marker: marker can't be \"twice\". Allowed: once, none."
        ),
        (#""holderIdentity":"a","marker":1"#, "marker: marker is a number; it has to be a string."),
        (
            #""holderIdentity":"a","inputsDigest":"sha256:00""#,
            "inputsDigest: inputsDigest is \"sha256:00\"; it has to be \(digest)."
        ),
        (
            #""holderIdentity":"a","inputsDigest":"sha512:\#(String(repeating: "0", count: 64))""#,
            "inputsDigest: inputsDigest is \"sha512:\(String(repeating: "0", count: 64))\"; it has to be \(digest)."
        ),
        (
            #""holderIdentity":"a","inputsDigest":"sha256:\#(String(repeating: "A", count: 64))""#,
            "inputsDigest: inputsDigest is \"sha256:\(String(repeating: "A", count: 64))\"; it has to be \(digest)."
        ),
        (
            #""holderIdentity":"a","maxAttempts":0"#,
            "maxAttempts: maxAttempts can't be 0. It has to be a whole number from 1 to 1000."
        ),
        (
            #""holderIdentity":"a","maxAttempts":1001"#,
            "maxAttempts: maxAttempts can't be 1001. It has to be a whole number from 1 to 1000."
        ),
        (
            #""holderIdentity":"a","maxAttempts":1.5"#,
            "maxAttempts: maxAttempts can't be 1.5. It has to be a whole number from 1 to 1000."
        ),
        (
            #""holderIdentity":"a","maxAttempts":"3""#,
            "maxAttempts: maxAttempts is a string; it has to be a number."
        ),
        (
            #""holderIdentity":"a","supersedes":0"#,
            "supersedes: supersedes can't be 0. It has to be a whole number from 1 to 9007199254740991."
        ),
        (
            #""holderIdentity":"a","marker":"none","maxAttempts":3"#,
            "maxAttempts: maxAttempts has no meaning for a lock: attempts end in a done marker. Leave it out, or use "
                + "\"marker\": \"once\"."
        ),
        (
            #""holderIdentity":"a","marker":"none","supersedes":3"#,
            "supersedes: supersedes has no meaning for a lock: it has no done marker to replace. Leave it out, or use "
                + "\"marker\": \"once\"."
        ),
        (
            #""holderIdentity":"a","leaseDuration":"5s","confirmWithin":"10s""#,
            "confirmWithin: confirmWithin is 10s, longer than the lease's duration of 5s: the hold would expire first."
        ),
        (
            #""holderIdentity":"a","confirmWithin":"0s""#,
            "confirmWithin: confirmWithin is \"0s\"; it has to be \(duration)."
        ),
        (#""holderIdentity":"a","info":[]"#, "info: info is an array; it has to be an object of strings."),
        (
            #""holderIdentity":"a","info":{"n":1}"#,
            "info: info has a number under \"n\"; values have to be strings."
        ),
        (
            #""holderIdentity":"a","info":{"":"x"}"#,
            "info: info has the name \"\"; a name has to be 1 to 253 bytes without control characters."
        ),
        (#""holderIdentity":"a","info":{"a":"\u0000"}"#, "info: info has a U+0000 under \"a\"."),
        (
            #""holderIdentity":"a","info":{"k":"\#(String(repeating: "x", count: 16384))"}"#,
            "info: info has 16385 bytes; it may have names and values of at most 16384 bytes in all."
        ),
        (
            #""holder":"a""#,
            "holder: There is no field \"holder\" here. Known: holderIdentity, campaignID, leaseDuration, marker, "
                + "inputsDigest, maxAttempts, supersedes, confirmWithin, mode, permits, failOnAbandoned, work, also, info."
        ),
    ]

    @Test(arguments: bad) func `a wrong field is named, with what it may be`(fields: String, problem: String)
    {
        #expect(Self.campaign("{\(fields)}").problem == "400 invalid-field \(problem)")
    }

    @Test func `what is allowed is a list`() {
        let marker = Self.campaign(#"{"holderIdentity":"a","marker":"x"}"#).answer
        #expect(marker?.json["allowed"] == .array([.string("once"), .string("none")]))
        let unknown = Self.campaign(#"{"x":1}"#).answer
        #expect(unknown?.json["allowed"]?.array?.count == 14)
        #expect(unknown?.header("Content-Type") == "application/problem+json")
    }

    @Test(arguments: [
        ("", "The body is empty. It has to be a JSON object."),
        ("[]", "The body is an array; it has to be a JSON object."),
        ("null", "The body is null; it has to be a JSON object."),
        ("{", "The body is not JSON as RFC 8259 has it: a member's name in quotes is missing, at byte 1."),
        (
            #"{"holderIdentity":"a","holderIdentity":"b"}"#,
            "The body is not JSON as RFC 8259 has it: the name \"holderIdentity\" comes twice in one object, at byte 22."
        ),
    ]) func `what is no JSON object is refused`(body: String, detail: String) {
        #expect(Self.campaign(body).problem == "400 invalid-json: \(detail)")
    }

    @Test func `other media types are refused, with a hint for curl`() {
        let form = Stage.route(
            "POST", "/v1/namespaces/ci/leases/build/campaign", #"{"holderIdentity":"a"}"#,
            contentType: "application/x-www-form-urlencoded")
        #expect(
            form.problem == "415 unsupported-media-type: The body's Content-Type is "
                + "\"application/x-www-form-urlencoded\"; it has to be application/json (with curl: -H 'Content-Type: "
                + "application/json').")
    }

    @Test(
        arguments: [
            ("", nil, nil), ("?wait=0", nil, nil), ("?wait=0s", nil, nil), ("?wait=20s", nil, 20),
            ("?wait=20", nil, 20), ("?wait=25s", nil, 25), ("?wait=1h", nil, 25),
            ("", "application/x-ndjson", 3600), ("?wait=5m", "application/x-ndjson", 300),
            ("?wait=48h", "application/x-ndjson", 86400), ("?wait=0", "application/x-ndjson", nil),
        ] as [(String, String?, Int64?)])
    func `a wait is capped`(query: String, accept: String?, seconds: Int64?) throws {
        let routed = Self.campaign(#"{"holderIdentity":"a"}"#, query: query, accept: accept)
        guard case .campaign(let campaign) = routed.command else { throw Missing() }
        #expect(campaign.waitUntil == seconds.map { Stage.now.instant + .seconds($0) })
        #expect(routed.shape == AnswerShape(accept == nil ? .plain : .ndjson, waits: seconds != nil))
    }

    @Test(arguments: ["", "x", "-1", "1e3", "inf", "nan", "20 s", "1..2", "9999999999999"])
    func `a wait that is no duration is refused`(wait: String) {
        #expect(
            Self.campaign(#"{"holderIdentity":"a"}"#, query: "?wait=\(wait)").problem
                == "400 invalid-field wait: \"\(wait)\" is not a duration. wait has to be a duration such as \"20s\" or "
                + "\"1m30s\", or a number of seconds.")
    }

    @Test func `other and doubled parameters are refused`() {
        let body = #"{"holderIdentity":"a"}"#
        #expect(
            Self.campaign(body, query: "?timeout=3s").problem
                == "400 invalid-field timeout: There is no query parameter \"timeout\" here. Known: wait.")
        #expect(
            Self.campaign(body, query: "?wait=3s&wait=4s").problem
                == "400 invalid-field wait: The query gives \"wait\" more than once.")
    }
}

struct Missing: Error {}
