import Testing

@testable import Coordination

@Suite struct SupersedeStories {
    @Test func `of two who found a marker hollow exactly one replaces it, and the other is told the new one`()
        throws
    {
        var stage = Stage()
        let hollow = try #require(stage.mark("build")?.marked?.marker)
        let anna = try stage.campaign("build", by: "anna") { $0.supersedes = hollow.revision }
        #expect(anna.hold.supersedes == hollow.revision)
        let bela = stage.queue("build", by: "bela") { $0.supersedes = hollow.revision }
        stage.complete(anna, Finding(result: ["image": "new"]))
        let fresh = try #require(stage.marker("build"))
        #expect(fresh.revision > hollow.revision)
        #expect(stage.reply(to: bela)?.settled == fresh)
        var late = stage.aCampaign("build", by: "caro")
        late.supersedes = hollow.revision
        #expect(stage.ask(late)?.settled == fresh)
    }

    @Test func `who did not ask to supersede is told the old marker meanwhile`() throws {
        var stage = Stage()
        let hollow = try #require(stage.mark("build")?.marked?.marker)
        try stage.campaign("build", by: "anna") { $0.supersedes = hollow.revision }
        #expect(stage.ask(stage.aCampaign("build", by: "bela"))?.settled == hollow)
    }

    @Test func `when the one who replaces it gives up, the next one does`() throws {
        var stage = Stage()
        let hollow = try #require(stage.mark("build")?.marked?.marker)
        let anna = try stage.campaign("build", by: "anna") { $0.supersedes = hollow.revision }
        let bela = stage.queue("build", by: "bela") { $0.supersedes = hollow.revision }
        stage.resign(anna)
        #expect(try stage.election(bela).hold.supersedes == hollow.revision)
        #expect(stage.marker("build") == hollow)
    }

    @Test func `to supersede a marker that is gone is to campaign`() throws {
        var stage = Stage()
        let hollow = try #require(stage.mark("build")?.marked?.marker)
        stage.unmark("build", revision: hollow.revision)
        let anna = try stage.campaign("build", by: "anna") { $0.supersedes = hollow.revision }
        #expect(anna.hold.supersedes == nil)
    }

    @Test func `a marker put again is a success, a different one is refused`() throws {
        var stage = Stage()
        let first = try #require(stage.mark("build", inputs: "sha256:a")?.marked)
        #expect(first.new)
        let again = stage.mark("build", inputs: "sha256:a")?.marked
        #expect(again?.marker == first.marker)
        #expect(again?.new == false)
        #expect(stage.mark("build", inputs: "sha256:b")?.rejection == .markerDiffers(first.marker))
        #expect(
            stage.mark("build", Finding(outcome: .failed), inputs: "sha256:a")?.rejection
                == .markerDiffers(first.marker))
    }

    @Test func `no marker is put while a hold's work is under way`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        guard case .held(let view)? = stage.mark("build")?.rejection else {
            throw Stage.Surprise(reply: nil)
        }
        #expect(view.record.hold == anna.hold)
        stage.resign(anna)
        #expect(stage.mark("build")?.marked?.new == true)
    }

    @Test func `a marker put under a lock leaves the lock and its queue alone`() throws {
        var stage = Stage()
        let anna = try stage.campaign("deploy", by: "anna", way: .lock)
        let bela = stage.queue("deploy", by: "bela", way: .lock)
        let waiter = stage.wait("deploy")
        stage.mark("deploy")
        #expect(stage.reply(to: waiter)?.markers?.verdict == .done)
        #expect(stage.isWaiting(bela))
        stage.resign(anna)
        #expect(try stage.election(bela).lease.way == .lock)
    }

    @Test func `to delete a marker is compare-and-set`() throws {
        var stage = Stage()
        let marker = try #require(stage.mark("build")?.marked?.marker)
        let wrong = stage.unmark("build", revision: marker.revision - 1)
        #expect(wrong?.rejection == .revisionDiffers(current: marker.revision))
        #expect(stage.unmark("build", revision: marker.revision) == .unmarked(marker))
        #expect(
            stage.unmark("build", revision: marker.revision)?.rejection == .notFound(Stage.key("build")))
    }

    @Test func `the failures of earlier tries are forgotten once there is a marker`() throws {
        var stage = Stage()
        stage.resign(try stage.campaign("build", by: "anna"), .failed)
        stage.complete(try stage.campaign("build", by: "anna"))
        let marker = try #require(stage.marker("build"))
        #expect(marker.attempt == 2)
        stage.unmark("build", revision: marker.revision)
        #expect(try stage.campaign("build", by: "anna").hold.attempt == 1)
    }
}
