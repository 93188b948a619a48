import CLinux
import Glibc

/// Many attackers on one epoll and one thread, which hardly uses the processor: that an attacker needs
/// seconds for a byte is what makes it cheap for him as well.
///
/// `begin` starts the thread, `end` joins it. All else belongs to the thread meanwhile.
final class Attack: @unchecked Sendable {
    private let address: Address
    private let attackers: [Attacker]
    private let drippers: [Attacker]
    private let impatient: [Int]
    private let epoll: Int32
    private let bell: Int32
    private var thread = pthread_t()
    private(set) var tolls: [AttackMethod: AttackToll] = [:]

    /// Each attacker's bytes are this far apart.
    static let dripInterval = 2 * Clock.second
    private static let tickMilliseconds: Int32 = 20
    /// A burst beyond the listener's queue would only wait in the kernel.
    private static let connectsPerTick = 100
    private static let reviewInterval = Clock.second

    init(on address: Address, _ attackers: [Attacker]) throws(BenchError) {
        self.address = address
        self.attackers = attackers
        drippers = attackers.filter(\.method.drips)
        impatient = attackers.indices.filter { attackers[$0].patience != nil }
        epoll = loop_create()
        bell = loop_eventfd()
        guard epoll >= 0, bell >= 0 else { throw .system("epoll_create1", -min(epoll, bell)) }
        _ = loop_register(epoll, bell, EPOLLIN.rawValue, UInt64(attackers.count))
    }

    deinit {
        close(bell)
        close(epoll)
    }

    func begin() {
        let context = Unmanaged.passRetained(self).toOpaque()
        pthread_create(
            &thread, nil,
            { context in
                Unmanaged<Attack>.fromOpaque(context!).takeRetainedValue().run()
                return nil
            }, context)
    }

    /// The attackers hang up.
    func end() {
        _ = loop_signal(bell)
        pthread_join(thread, nil)
    }

    // MARK: On the thread

    private func run() {
        var events = [loop_event](repeating: loop_event(), count: Int(LOOP_EVENTS_MAX))
        var connected = 0
        var cursor = 0
        var nextDrip = Clock.now
        var nextReview = Clock.now + Self.reviewInterval
        while true {
            let count = loop_take(epoll, &events, LOOP_EVENTS_MAX, Self.tickMilliseconds)
            for event in events[..<Int(max(0, count))] {
                guard event.token < attackers.count else { return hangUp() }
                happened(Int(event.token))
            }
            for index in connected..<min(attackers.count, connected + Self.connectsPerTick) { connect(index) }
            connected = min(attackers.count, connected + Self.connectsPerTick)
            let now = Clock.now
            while !drippers.isEmpty, nextDrip <= now {
                drippers[cursor % drippers.count].drip()
                cursor += 1
                nextDrip += Self.dripInterval / Int64(drippers.count)
            }
            if nextReview <= now {
                nextReview = now + Self.reviewInterval
                review(now)
            }
        }
    }

    private func connect(_ index: Int) {
        let attacker = attackers[index]
        guard attacker.connect(to: address) else { return }
        _ = loop_register(epoll, attacker.socket, attacker.interest, UInt64(index))
    }

    private func happened(_ index: Int) {
        let attacker = attackers[index]
        guard attacker.socket >= 0 else { return }
        attacker.count(into: &tolls[attacker.method, default: AttackToll()])
        attacker.close()
        connect(index)
    }

    private func review(_ now: Int64) {
        for index in impatient {
            let attacker = attackers[index]
            guard attacker.socket >= 0, now - attacker.began >= attacker.patience! else { continue }
            attacker.close()
            connect(index)
        }
    }

    private func hangUp() {
        for attacker in attackers { attacker.close() }
    }
}
