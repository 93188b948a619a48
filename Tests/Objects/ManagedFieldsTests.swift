import JSON
import Testing

@testable import Objects

struct ManagedFieldsTests {
    static func entry(
        _ manager: String, _ fields: String, _ operation: String = "Update", version: String = "v1",
        time: String = "2026-01-01T00:00:00Z"
    ) -> String {
        #"{"manager":"\#(manager)","operation":"\#(operation)","apiVersion":"\#(version)","time":"\#(time)","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:\#(fields)":{}}}}"#
    }

    static func managed(_ entries: [String]) -> ManagedFields? {
        ManagedFields(json("[\(entries.joined(separator: ","))]"))
    }

    @Test func `those who apply come first, then by time, then by name`() {
        let managed = Self.managed([
            Self.entry("b", "x"), Self.entry("a", "x", time: "2026-01-02T00:00:00Z"), Self.entry("a", "x"),
            Self.entry("z", "x", "Apply"),
        ])
        // Of the same manager twice the last one counts.
        #expect(managed?.json?.array?.map { $0["manager"]?.string } == ["z", "a", "b"])
    }

    @Test(arguments: [
        #"{"manager":"m","operation":"Steal","fieldsType":"FieldsV1"}"#,
        #"{"manager":"m","operation":"Apply","fieldsType":"FieldsV2"}"#,
        #"{"manager":"m","operation":"Apply","fieldsType":"FieldsV1","fieldsV1":[]}"#,
    ]) func `an entry that isn't one makes none of them count`(entry: String) {
        #expect(Self.managed([Self.entry("a", "x"), entry]) == nil)
    }

    @Test func `a label called metadata is a label: whoever set it owns it until it is gone`() throws {
        let stage = Stage()
        func body(_ labels: String, _ version: String = "") -> String {
            #"{"metadata":{"name":"a","labels":\#(labels)\#(version)},"spec":{}}"#
        }
        func owned(_ object: JSON) -> String? {
            object.metadata["managedFields"]?.array?[0]["fieldsV1"]?.text
        }
        let live = try stage.stored(body(#"{"a":"1","metadata":"2"}"#))
        #expect(owned(live) == #"{"f:metadata":{"f:labels":{".":{},"f:a":{},"f:metadata":{}}}}"#)
        let less = try stage.update(
            "a", body(#"{"a":"1"}"#, #","resourceVersion":"886""#), live: live
        ).object
        #expect(owned(less) == #"{"f:metadata":{"f:labels":{".":{},"f:a":{}}}}"#)
        let more = try stage.update(
            "a", body(#"{"a":"1","metadata":"3"}"#, #","resourceVersion":"887""#),
            live: Stage.version(less, 887)
        ).object
        #expect(owned(more) == #"{"f:metadata":{"f:labels":{".":{},"f:a":{},"f:metadata":{}}}}"#)
    }

    @Test func `ten updaters stay, with as many who apply as there are`() {
        var managed = Self.managed(
            (0..<10).map { Self.entry("u\($0)", "x") } + (0..<5).map { Self.entry("a\($0)", "x", "Apply") })!
        let before = managed
        managed.cap()
        #expect(managed == before)
    }

    @Test func `the oldest of each version become one, as young as the youngest of them`() {
        let entries = (0..<15).map {
            Self.entry(
                "u\($0)", "x\($0)", version: $0 % 2 == 0 ? "v1" : "v2",
                time: "2026-01-01T00:00:\($0 + 10)Z")
        }
        var managed = Self.managed(entries)!
        managed.cap()
        #expect(managed.entries.count == 10)
        let united = managed.entries.filter { $0.id.manager == "ancient-changes" }
        #expect(
            united.sorted { $0.apiVersion < $1.apiVersion }.map {
                "\($0.apiVersion) \($0.time!) \($0.fields.json.text)"
            } == [
                #"v1 2026-01-01T00:00:16Z {"f:spec":{"f:x0":{},"f:x2":{},"f:x4":{},"f:x6":{}}}"#,
                #"v2 2026-01-01T00:00:15Z {"f:spec":{"f:x1":{},"f:x3":{},"f:x5":{}}}"#,
            ])
        #expect(managed.entries.contains { $0.id.manager == "u7" })
        managed.cap()
        #expect(managed.entries.count == 10)
    }

    @Test func `what was united once is united again`() {
        var managed = Self.managed(
            [Self.entry("ancient-changes", "old")]
                + (1...10).map { Self.entry("u\($0)", "x\($0)", time: "2026-01-01T00:00:\($0 + 10)Z") })!
        managed.cap()
        #expect(managed.entries.count == 10)
        #expect(
            managed.entries.first { $0.id.manager == "ancient-changes" }?.fields.json.text
                == #"{"f:spec":{"f:old":{},"f:x1":{}}}"#)
    }

    @Test func `a subresource makes another owner, and is told in a conflict`() {
        var entry = Self.managed([Self.entry("m", "x", "Apply")])!.entries[0]
        entry.id.subresource = "status"
        #expect(entry.shown == #""m" with subresource "status""#)
        #expect(entry.json["subresource"] == .string("status"))
        #expect(ManagedFields.Entry(entry.json) == entry)
    }
}
