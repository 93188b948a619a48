import Coordination
import JSON
import Testing

@testable import API

/// Label and field selectors; what is refused, in the words of the reference.
struct SelectorTests {
    private static let labels: [[String: String]] = [
        ["a": "b"], ["a": "c"], ["a": "b", "tier": "x"], ["n": "17"], [:],
    ]

    /// Which of the five label sets above are wanted.
    @Test(
        arguments: [
            ("", [0, 1, 2, 3, 4]), ("a=b", [0, 2]), ("a==b", [0, 2]), ("a in (b,c)", [0, 1, 2]),
            ("a notin (b)", [1, 3, 4]), ("a", [0, 1, 2]), ("!a", [3, 4]), ("a!=b,tier=x", []),
            ("a=b,tier=x", [2]), (" a = b , tier ", [2]), ("n>16", [3]), ("n<17", []), ("a=", []),
            ("a in (,b)", [0, 2]), ("in in (in)", []), ("example.com/a", []),
            ("a notin ()", [0, 1, 2, 3, 4]),
        ] as [(String, [Int])])
    func `a label selector takes what it names`(text: String, wanted: [Int]) throws {
        let selector = try LabelSelector(text)
        #expect(Self.labels.indices.filter { selector.matches(Self.labels[$0]) } == wanted)
    }

    @Test(arguments: [
        ("bad label==", "unable to parse requirement: found 'label', expected: in, notin, =, ==, !=, gt, lt"),
        ("=", "found '=', expected: !, identifier, or 'end of string'"),
        ("a=b c", "found 'c', expected: ',' or 'end of string'"),
        ("a,", "found '', expected: identifier after ','"),
        ("!", "unable to parse requirement: found '', expected: identifier"),
        ("!a=b", "found '=', expected: ',' or 'end of string'"),
        ("a in b", "unable to parse requirement: found 'b' expected: '('"),
        ("a in (b", "unable to parse requirement: found '', expected: ',' or ')'"),
        ("a in (", "unable to parse requirement: found '', expected: ',', ')' or identifier"),
        ("a=(", "unable to parse requirement: found '(', expected: identifier"),
        (
            "a>x",
            "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must "
                + "be an integer"
        ),
    ]) func `a label selector that makes no sense is a bad request`(text: String, message: String) {
        #expect(throws: Status.badRequest(message)) { try LabelSelector(text) }
    }

    @Test(arguments: ["-a", "a/b/c", "/a", "a/", "A.b/c", String(repeating: "k", count: 64)])
    func `a key that no label can have is a bad request`(key: String) {
        #expect(throws: Status.self) { try LabelSelector(key) }
    }

    @Test func `a value that no label can have is a bad request`() {
        let rule =
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must "
            + "start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used "
            + "for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
        #expect(
            throws: Status.badRequest(
                "unable to parse requirement: values[0][a]: Invalid value: \"b_\": \(rule)")
        ) { try LabelSelector("a=b_") }
    }

    /// No input traps, and a second reading says the same.
    @Test(arguments: [1, 2, 3] as [UInt64]) func `whatever is asked for, it is answered`(seed: UInt64) {
        var dice = Dice(seed: seed)
        let pieces = [
            "a", "in", "notin", "(", ")", ",", "=", "==", "!", "!=", ">", "<", " ", "x.y/z", "é", "\"", "\\",
        ]
        for _ in 0..<5_000 {
            let text = (0..<Int.random(in: 0..<9, using: &dice)).map { _ in
                pieces.randomElement(using: &dice)!
            }
            .joined()
            let first = try? LabelSelector(text)
            let again = try? LabelSelector(text)
            #expect(first == again)
            _ = try? FieldSelector(text, of: .leases)
        }
    }

    private let object = Cluster.face.object(Cluster.lease())

    @Test(
        arguments: [
            ("", true), ("metadata.name=build", true), ("metadata.name==build", true),
            ("metadata.name!=build", false), ("metadata.namespace=ci", true),
            ("metadata.name=build,metadata.namespace!=ci", false), ("metadata.name=other", false),
        ]) func `a field selector takes what it names`(text: String, wanted: Bool) throws
    {
        #expect(try FieldSelector(text, of: .leases).matches(object) == wanted)
    }

    @Test(arguments: [
        (
            "spec.holderIdentity=h1",
            "\"spec.holderIdentity\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
        ),
        ("bad", "invalid selector: 'bad'; can't understand 'bad'"),
    ]) func `a field that can't be asked for is a bad request`(text: String, message: String) {
        #expect(throws: Status.badRequest(message)) { try FieldSelector(text, of: .leases) }
    }

    @Test func `a selector for one name says which`() throws {
        #expect(try FieldSelector("metadata.name=a", of: .leases).name == "a")
        #expect(try FieldSelector("metadata.name!=a", of: .leases).name == nil)
        #expect(try FieldSelector("status.phase=Active", of: .namespaces).name == nil)
    }
}
