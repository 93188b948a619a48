import Testing

@testable import Coordination

/// Shared and exclusive holds, and permits.
@Suite struct ModeStories {
    @Test func `shared ones hold together, and an exclusive one waits for all of them`() throws {
        var stage = Stage()
        let anna = try stage.share("images", by: "anna")
        let bela = try stage.share("images", by: "bela")
        #expect(bela.token > anna.token)
        #expect(anna.lease.key.name == "images.hold-\(anna.token)" && anna.lease.group == "images")
        let annotator = stage.line("images", by: "olga", .exclusive)
        #expect(stage.standing(annotator)?.reason == .held)
        #expect(stage.standing(annotator)?.lease.shared.map(\.hold.holder) == ["anna", "bela"])
        stage.resign(anna)
        #expect(stage.isWaiting(annotator))
        stage.resign(bela)
        #expect(try stage.election(annotator).previous?.holder == "bela")
        #expect(stage.holders("images") == ["olga"])
    }

    @Test func `new shared ones queue behind an exclusive one that waits, and come in together after it`()
        throws
    {
        var stage = Stage()
        let anna = try stage.share("images", by: "anna")
        let olga = stage.line("images", by: "olga", .exclusive)
        let later = ["bela", "caro", "dora"].map { stage.line("images", by: $0, .shared) }
        let last = stage.line("images", by: "olaf", .exclusive)
        #expect(stage.standing(later[0])?.position == 2)
        stage.resign(anna)
        #expect(stage.holders("images") == ["olga"])
        stage.resign(try stage.election(olga))
        #expect(stage.holders("images") == ["bela", "caro", "dora"])
        #expect(try later.map { try stage.election($0).queueLength } == [3, 2, 1])
        #expect(stage.isWaiting(last))
    }

    @Test func `so many permits hold at once, in order of arrival`() throws {
        var stage = Stage()
        let first = try stage.share("downloads", by: "anna", .permits(2))
        try stage.share("downloads", by: "bela", .permits(2))
        let third = stage.line("downloads", by: "caro", .permits(2))
        let fourth = stage.line("downloads", by: "dora", .permits(2))
        #expect(stage.isWaiting(third))
        stage.resign(first)
        #expect(stage.holders("downloads") == ["bela", "caro"] && stage.isWaiting(fourth))
        #expect(try stage.election(third).token > first.token)
    }

    @Test(arguments: [
        (Mode.permits(4), Mode.permits(8)), (.permits(4), .shared), (.permits(4), .exclusive),
        (.shared, .permits(4)), (.exclusive, .permits(4)),
    ])
    func `what contradicts the name's use is refused with both`(use: Mode, asked: Mode) throws {
        var stage = Stage()
        let hold = try stage.share("downloads", by: "anna", use)
        let other = stage.aCampaign("downloads", by: "bela", way: .lock)
        var campaign = other
        campaign.mode = asked
        #expect(stage.ask(campaign)?.rejection == .modeConflict(current: use, asked: asked))
        // A name that nobody uses may be used in any way.
        stage.resign(hold)
        #expect(throws: Never.self) { try stage.share("downloads", by: "bela", asked) }
    }

    @Test func `a queue alone is use, too`() throws {
        var stage = Stage(quarantine: .seconds(60))
        _ = stage.line("downloads", by: "anna", .permits(4))
        var campaign = stage.aCampaign("downloads", by: "bela", way: .lock)
        campaign.mode = .permits(8)
        #expect(stage.ask(campaign)?.rejection == .modeConflict(current: .permits(4), asked: .permits(8)))
    }

    @Test func `the same campaign again gets its token, another campaignID another permit`() throws {
        var stage = Stage()
        let first = try stage.share("downloads", by: "anna", .permits(2)) { $0.campaignID = "1" }
        let again = try stage.share("downloads", by: "anna", .permits(2)) { $0.campaignID = "1" }
        #expect(again.token == first.token)
        let second = try stage.share("downloads", by: "anna", .permits(2)) { $0.campaignID = "2" }
        #expect(second.token > first.token)
        var third = stage.aCampaign("downloads", by: "anna", id: "3", way: .lock)
        third.mode = .permits(2)
        #expect(stage.ask(third)?.standing?.reason == .sameIdentityHolds)
        var other = stage.aCampaign("images", by: "anna", id: "1", way: .lock)
        other.mode = .shared
        stage.ask(other)
        other.request = stage.newRequest()
        other.mode = .exclusive
        #expect(stage.ask(other)?.rejection == .modeConflict(current: .shared, asked: .exclusive))
    }

    @Test func `each has its own deadline, by whichever name it renews`() throws {
        var stage = Stage()
        let anna = try stage.share("images", by: "anna", for: .seconds(20))
        let bela = try stage.share("images", by: "bela", for: .seconds(20))
        stage.after(.seconds(15))
        let byName = stage.claim(anna, byName: true)
        #expect(stage.core.renewAtOnce(byName, at: stage.now)?.renewed?.record.hold?.token == anna.token)
        stage.after(.seconds(6))
        #expect(stage.holders("images") == ["anna"])
        #expect(stage.end(of: bela)?.how == .expired)
        #expect(stage.renew(bela)?.rejection?.endedHow == .expired)
        #expect(stage.renew(anna)?.renewed?.record.hold?.token == anna.token)
    }

    @Test func `a lock has no marker, whoever shares it`() throws {
        var stage = Stage()
        let anna = try stage.share("images", by: "anna")
        #expect(stage.complete(anna)?.rejection == .lockHasNoMarker)
    }

    @Test func `what is resigned once is answered again, by both names`() throws {
        var stage = Stage()
        let anna = try stage.share("images", by: "anna")
        let ended = stage.resign(anna)?.ended
        #expect(ended?.key.name == "images" && ended?.end?.how == .resigned)
        #expect(stage.resign(anna)?.ended == ended)
        let byName = stage.claim(anna, byName: true)
        stage.send(.resign(byName, Resignation()), from: byName.request)
        #expect(stage.reply(to: byName.request)?.ended == ended)
    }

    @Test func `its lease goes with it, the name's stays`() throws {
        var stage = Stage()
        let anna = try stage.share("images", by: "anna")
        #expect(Set(stage.disk.leases.keys.map(\.name)) == ["images", "images.hold-\(anna.token)"])
        stage.resign(anna)
        #expect(stage.disk.leases.keys.map(\.name) == ["images"])
        #expect(stage.lease("images")?.record.last?.holder == "anna")
        stage.sweep("images")
        #expect(stage.disk.leases.isEmpty)
    }

    @Test func `a name is not swept under its members`() throws {
        var stage = Stage()
        try stage.share("images", by: "anna")
        stage.sweep("images")
        #expect(stage.holders("images") == ["anna"] && stage.lease("images") != nil)
    }

    @Test func `an operator ends one of them`() throws {
        var stage = Stage()
        let anna = try stage.share("images", by: "anna")
        try stage.share("images", by: "bela")
        #expect(stage.revoke(anna)?.ended?.end?.how == .revoked)
        #expect(stage.holders("images") == ["bela"])
    }

    @Test func `one whose answer never left is taken back, and nobody is told of it`() throws {
        var stage = Stage()
        let anna = try stage.share("images", by: "anna")
        let olga = stage.line("images", by: "olga", .exclusive)
        stage.takeBack(anna)
        #expect(stage.end(of: anna)?.how == .undelivered)
        #expect(try stage.election(olga).previous == nil)
    }

    @Test func `a reader is shown a hundred of them, who waits ten, and both how many they are`() throws {
        var stage = Stage()
        for number in 0..<120 { try stage.share("images", by: "run-\(number)") }
        let view = stage.lease("images")!
        #expect(view.shared.count == 100 && view.sharedCount == 120 && view.shared[0].hold.holder == "run-0")
        let olga = stage.line("images", by: "olga", .exclusive)
        #expect(stage.standing(olga)?.lease.shared.count == 10)
        #expect(stage.standing(olga)?.lease.sharedCount == 120)
    }

    @Test func `one that isn't confirmed in time makes room`() throws {
        var stage = Stage()
        let anna = try stage.share("images", by: "anna", .permits(1)) { $0.confirmWithin = .seconds(5) }
        let bela = stage.line("images", by: "bela", .permits(1))
        stage.after(.seconds(6))
        #expect(stage.end(of: anna)?.how == .unconfirmed)
        #expect(try stage.election(bela).abandoned.isEmpty)
    }

    @Test func `who waits behind one that goes is elected at once`() throws {
        var stage = Stage()
        try stage.share("images", by: "anna", for: .minutes(5))
        let olga = stage.line("images", by: "olga", .exclusive)
        let bela = stage.line("images", by: "bela", .shared)
        stage.disconnect(olga)
        stage.tick()
        #expect(try stage.election(bela).token > 0)
        // Its place is kept: it is before those who come now.
        let again = stage.line("images", by: "olga", .exclusive)
        #expect(stage.standing(again)?.position == 1)
    }

    @Test func `one whose wait is over lets those behind it in, even if the disk fails first`() throws {
        var stage = Stage()
        try stage.share("images", by: "anna", for: .minutes(5))
        let olga = stage.queue("images", by: "olga", way: .lock, waiting: .seconds(20))
        let bela = stage.line("images", by: "bela", .shared)
        stage.pass(.seconds(20))
        stage.failedTurn { $0.tick() }
        #expect(stage.reply(to: olga)?.standing != nil && stage.isWaiting(bela))
        stage.tick()
        #expect(stage.holders("images") == ["anna", "bela"])
    }

    // MARK: Lives

    @Test func `a restart knows who shares a name, and gives each a full duration`() throws {
        var stage = Stage()
        let anna = try stage.share("images", by: "anna", for: .seconds(30))
        try stage.share("images", by: "bela", for: .seconds(30))
        stage.after(.seconds(25))
        stage.restart()
        let olga = stage.line("images", by: "olga", .exclusive)
        #expect(stage.isWaiting(olga))
        stage.after(.seconds(25))
        #expect(stage.renew(anna)?.renewed != nil)
        #expect(stage.holders("images") == ["anna", "bela"])
        stage.resign(anna)
        stage.after(.seconds(10))
        #expect(try stage.election(olga).abandoned.holds.map(\.holder) == ["bela"])
    }

    @Test func `permits are counted over a restart`() throws {
        var stage = Stage()
        for holder in ["anna", "bela"] { try stage.share("downloads", by: holder, .permits(2)) }
        stage.restart()
        let caro = stage.line("downloads", by: "caro", .permits(2))
        #expect(stage.isWaiting(caro))
    }

    @Test func `an election that isn't on disk never was`() throws {
        var stage = Stage()
        let anna = try stage.share("images", by: "anna")
        var lost: RequestID = 0
        stage.failedTurn { lost = $0.line("images", by: "bela", .shared) }
        #expect(stage.fates[lost] == .unknown)
        #expect(stage.holders("images") == ["anna"])
        let bela = try stage.share("images", by: "bela")
        #expect(bela.token > anna.token)
    }

    @Test func `an end that isn't on disk hands nothing over`() throws {
        var stage = Stage()
        let anna = try stage.share("images", by: "anna")
        let olga = stage.line("images", by: "olga", .exclusive)
        stage.failedTurn { $0.resign(anna) }
        #expect(stage.isWaiting(olga) && stage.holders("images") == ["anna"])
        #expect(stage.renew(anna)?.renewed != nil)
        stage.resign(anna)
        #expect(stage.holders("images") == ["olga"])
    }

    @Test func `several expire at once, and the next comes after the last`() throws {
        var stage = Stage()
        for holder in ["anna", "bela", "caro"] { try stage.share("images", by: holder) }
        let olga = stage.line("images", by: "olga", .exclusive)
        stage.failedTurn {
            $0.pass(.seconds(31))
            $0.tick()
        }
        #expect(stage.isWaiting(olga))
        stage.tick()
        #expect(try stage.election(olga).abandoned.holds.map(\.holder).sorted() == ["anna", "bela", "caro"])
    }

    // MARK: Other doors

    @Test func `a Kubernetes client writes no holder where others share`() throws {
        var stage = Stage()
        let anna = try stage.share("images", by: "anna")
        #expect(stage.acquire("images", by: "karl")?.rejection?.isHeld == true)
        #expect(stage.write("images", metadata: [1])?.written?.metadata == [1])
        #expect(stage.delete("images", mayRevoke: false)?.rejection?.isHeld == true)
        #expect(stage.acquire(anna.lease.key.name, by: "karl")?.rejection?.isHeld == true)
        #expect(stage.holders("images") == ["anna"])
    }

    @Test func `a Kubernetes client's hold keeps shared ones out until it ends`() throws {
        var stage = Stage()
        stage.acquire("images", by: "karl", for: 15)
        let anna = stage.line("images", by: "anna", .shared)
        #expect(stage.isWaiting(anna))
        stage.letGo("images")
        #expect(stage.holders("images") == ["anna"])
        #expect(stage.disk.leases[Stage.key("images")]?.written == nil)
    }

    @Test func `to delete a hold's lease is to revoke it, the name's all of them`() throws {
        var stage = Stage()
        let anna = try stage.share("images", by: "anna")
        let bela = try stage.share("images", by: "bela")
        let olga = stage.line("images", by: "olga", .exclusive)
        stage.delete(anna.lease.key.name)
        #expect(stage.end(of: anna)?.how == .revoked && stage.isWaiting(olga))
        stage.delete("images")
        #expect(stage.end(of: bela)?.how == .revoked)
        #expect(stage.holders("images") == ["olga"])
    }

    @Test func `nobody campaigns for a name in the form of a hold's`() throws {
        var stage = Stage()
        let anna = try stage.share("images", by: "anna")
        let taken = stage.aCampaign(anna.lease.key.name, by: "bela", way: .lock)
        #expect(stage.ask(taken)?.rejection?.isHeld == true)
        let free = stage.aCampaign("images.hold-7000", by: "bela")
        #expect(stage.ask(free)?.rejection == .reserved(free.key))
        #expect(stage.acquire("images.hold-7000", by: "karl")?.rejection == .reserved(free.key))
        for name in ["images.hold-", "images.hold-07", ".hold-7", "images-hold-7", "hold-7", "7"] {
            #expect(Stage.key(name).group == nil, "\(name)")
        }
        #expect(Stage.key("a.hold-1.hold-22").group == Stage.key("a.hold-1"))
    }

    @Test func `each counts against the namespace, and one that has no room is told so`() throws {
        var stage = Stage(CoreSettings(namespaceLeasesMax: 3))
        let anna = try stage.share("images", by: "anna")
        try stage.share("images", by: "bela")
        var campaign = stage.aCampaign("images", by: "caro", way: .lock)
        campaign.mode = .shared
        let full = Rejection.quotaExceeded(.leases, namespace: "ci", limit: 3, used: 3)
        #expect(stage.ask(campaign)?.rejection == full)
        let olga = stage.line("images", by: "olga", .exclusive)
        let waiting = ["caro", "dora", "emil"].map { stage.line("images", by: $0, .shared) }
        stage.resign(anna)
        stage.delete("images.hold-\(stage.disk.open[Stage.key("images")]![0].token)")
        stage.resign(try stage.election(olga))
        #expect(stage.holders("images") == ["caro", "dora"])
        #expect(stage.reply(to: waiting[2])?.rejection == full)
    }
}

extension Rejection {
    var isHeld: Bool { if case .held = self { true } else { false } }
    var endedHow: HoldEnd? { if case .holdEnded(_, let record, _) = self { record?.end?.how } else { nil } }
}
