import JSON
import Testing

@testable import Objects

/// Bodies, patches and configurations nobody would write. Nothing may trap, and what comes out is an object
/// of its kind, which reads as itself.
struct ObjectsFuzzTests {
    static let names = [
        "kind", "apiVersion", "metadata", "spec", "status", "name", "namespace", "labels", "annotations",
        "finalizers", "ownerReferences", "managedFields", "uid", "generateName", "resourceVersion",
        "generation",
        "deletionTimestamp", "holderIdentity", "leaseDurationSeconds", "leaseTransitions", "renewTime",
        "acquireTime", "strategy", "outcome", "result", "artifacts", "$patch", "$retainKeys",
        "$deleteFromPrimitiveList/finalizers", "$setElementOrder/finalizers",
        "$setElementOrder/ownerReferences", "bogus", "",
    ]
    static let texts = [
        "", "a", "x/y", "Lease", "coordination.k8s.io/v1", "2024-01-02T03:04:05.123456Z",
        "2024-01-02T03:04:05Z",
        "delete", "replace", "merge", "5", "Succeeded", "\u{0}", "ü", "u-1",
    ]

    static func value(_ dice: inout Dice, depth: Int) -> JSON {
        switch Int.random(in: 0..<(depth > 0 ? 9 : 5), using: &dice) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &dice))
        case 2: return .number([0, 1, -1, 1.5, 3e9, 1e300].randomElement(using: &dice)!)
        case 3, 4: return .string(texts.randomElement(using: &dice)!)
        case 5:
            return .array(
                (0..<Int.random(in: 0..<4, using: &dice)).map { _ in value(&dice, depth: depth - 1) })
        default:
            return .object(
                (0..<Int.random(in: 0..<6, using: &dice)).map { _ in
                    JSONMember(names.randomElement(using: &dice)!, value(&dice, depth: depth - 1))
                })
        }
    }

    /// A lease or a done marker that is mostly right, with something else in a place or two.
    static func body(_ dice: inout Dice, _ kind: ObjectKind) -> JSON {
        var body = json(
            kind.isCustom
                ? #"{"metadata":{"name":"a"},"spec":{"outcome":"Failed","result":{"a":"b"}}}"#
                : #"{"metadata":{"name":"a","labels":{"a":"b"},"finalizers":["x/y"]},"spec":{"holderIdentity":"h","leaseTransitions":1}}"#
        )
        for _ in 0..<Int.random(in: 0..<3, using: &dice) {
            let path = [
                ["metadata", "spec"].randomElement(using: &dice)!, names.randomElement(using: &dice)!,
            ]
            let value = value(&dice, depth: 4)
            _ = body.change(at: [path[0]]) { place in
                guard var members = place.members else { return false }
                members.append(JSONMember(path[1], value))
                place = .object(members)
                return true
            }
        }
        return body
    }

    static func check(_ outcome: Write.Outcome?, _ kind: ObjectKind) {
        guard let outcome else { return }
        let again = try? kind.read(outcome.object).object
        // What only the server writes is not read again.
        var object = outcome.object
        if kind.isCustom { object.put("status", nil, in: kind.structure) }
        #expect(again == object)
    }

    @Test(arguments: 0..<40 as Range<UInt64>) func `whatever is sent, an object comes of it or a refusal`(
        seed: UInt64
    ) throws {
        var dice = Dice(seed: seed)
        for kind in [ObjectKind.lease, .doneMarker] {
            var stage = Stage()
            stage.kind = kind
            stage.validation = FieldValidation.allCases.randomElement(using: &dice)!
            let live = Stage.version(
                try stage.create(
                    kind.isCustom ? #"{"metadata":{"name":"a"},"spec":{"outcome":"Failed"}}"# : Stage.lease()
                ).object, 5)
            for _ in 0..<20 {
                let text = Self.body(&dice, kind).text
                Self.check(try? stage.create(text), kind)
                Self.check(try? stage.update("a", text, live: live), kind)
                Self.check(try? stage.patch(.merge, text, live: live), kind)
                Self.check(try? stage.patch(.json, Self.operations(&dice), live: live), kind)
                if !kind.isCustom { Self.check(try? stage.patch(.strategic, text, live: live), kind) }
                let configuration =
                    #"{"apiVersion":"\#(kind.apiVersion)","kind":"\#(kind.kind)","# + text.dropFirst()
                if (try? JSON(parsing: Array(configuration.utf8))) != nil {
                    Self.check(try? stage.apply("a", configuration, force: true, live: live), kind)
                }
                _ = try? Deletion(body: Array(Self.value(&dice, depth: 3).text.utf8))
            }
        }
    }

    private static func operations(_ dice: inout Dice) -> String {
        let operations = (0..<Int.random(in: 0..<5, using: &dice)).map { _ in
            let name = ["add", "remove", "replace", "move", "copy", "test", "x"].randomElement(using: &dice)!
            return JSON.object([
                "op": .string(name), "path": .string(pointer(&dice)), "from": .string(pointer(&dice)),
                "value": value(&dice, depth: 3),
            ])
        }
        return JSON.array(operations).text
    }

    private static func pointer(_ dice: inout Dice) -> String {
        let places = ["/metadata/", "/spec/", "/metadata/labels/", "/metadata/finalizers/", "/", ""]
        return places.randomElement(using: &dice)! + ["0", "-", "1", "~1", "~"].randomElement(using: &dice)!
            + names.randomElement(using: &dice)!
    }

    @Test(arguments: 0..<30 as Range<UInt64>) func `a body cut or spoiled anywhere doesn't trap`(seed: UInt64)
    {
        var dice = Dice(seed: seed)
        for _ in 0..<50 {
            var bytes = Array(Self.body(&dice, .lease).text.utf8)
            for _ in 0..<Int.random(in: 0..<4, using: &dice) {
                bytes[Int.random(in: 0..<bytes.count, using: &dice)] = UInt8.random(in: 0...255, using: &dice)
            }
            bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &dice)))
            _ = try? Stage().write().create(Write.Body(bytes), uid: Stage.uid, random: &dice)
            // Both readers agree on what is JSON.
            let isRead = (try? JSON(lenientlyParsing: bytes)) != nil
            #expect((GoSyntax.fault(in: bytes) == "exceeded max depth") == isRead)
        }
    }
}
