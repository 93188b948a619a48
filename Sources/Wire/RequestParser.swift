/// The server's side of HTTP/1.1 (RFC 9112), without I/O: bytes in, events out.
///
/// It keeps nothing of a request but an unfinished head. However the bytes are cut up, the events
/// and the error are the same.
public struct RequestParser: Sendable {
    public enum Event {
        case head(RequestHead)
        /// Some of the body, valid until the parser or the input is touched again.
        case body(UnsafeRawBufferPointer)
        /// The request is complete. Whatever is left of the input belongs to the next one.
        case end
    }

    private enum State {
        case head
        case length(Int)
        case chunks
        case ended
        case failed(WireError)
    }

    public let limits: Limits
    private var state = State.head
    private var chunks = ChunkReader()
    /// An unfinished head, from the first byte on.
    private var held: [UInt8] = []
    private var scan = HeadScan()

    public init(limits: Limits = Limits()) { self.limits = limits }

    /// Between two requests: not a byte of the next one has been seen.
    public var isIdle: Bool {
        if case .head = state { held.isEmpty } else { false }
    }

    /// Within a head of which at least a byte was seen.
    public var isInHead: Bool {
        if case .head = state { !held.isEmpty } else { false }
    }

    /// Takes the next event from the front of `input`; nil when all of it was used and more is needed.
    /// After `.end` the same parser goes on with the next request. After an error it only repeats it.
    public mutating func next(_ input: inout UnsafeRawBufferPointer) throws(WireError) -> Event? {
        do throws(WireError) {
            switch state {
            case .head: return try nextHead(&input)
            case .length(let remaining): return nextOfLength(remaining, &input)
            case .chunks: return try nextOfChunks(&input)
            case .ended:
                state = .head
                return .end
            case .failed(let error): throw error
            }
        } catch {
            state = .failed(error)
            held = []
            throw error
        }
    }

    private mutating func nextHead(_ input: inout UnsafeRawBufferPointer) throws(WireError) -> Event? {
        guard !input.isEmpty else { return nil }
        if !held.isEmpty { return try nextHeldHead(&input) }
        let bytes = input.assumingMemoryBound(to: UInt8.self)
        guard let end = try scan.findEnd(bytes, limits: limits) else {
            held.append(contentsOf: bytes)
            input = UnsafeRawBufferPointer(rebasing: input[input.count...])
            return nil
        }
        let head = try HeadReader.read(
            UnsafeBufferPointer(rebasing: bytes[scan.start..<end]), limits: limits)
        input = UnsafeRawBufferPointer(rebasing: input[end...])
        return begin(head)
    }

    /// The head began in an earlier input: go on in a copy, of no more than the limit.
    private mutating func nextHeldHead(_ input: inout UnsafeRawBufferPointer) throws(WireError) -> Event? {
        let before = held.count
        let taken = min(input.count, limits.headBytes + HeadScan.slack - before)
        held.append(contentsOf: input[..<taken])
        let complete: Result<(head: RequestHead, end: Int)?, WireError> = held.withUnsafeBufferPointer {
            bytes in
            do throws(WireError) {
                guard let end = try scan.findEnd(bytes, limits: limits) else { return .success(nil) }
                let whole = UnsafeBufferPointer(rebasing: bytes[scan.start..<end])
                return .success((try HeadReader.read(whole, limits: limits), end))
            } catch {
                return .failure(error)
            }
        }
        guard let (head, end) = try complete.get() else {
            input = UnsafeRawBufferPointer(rebasing: input[taken...])
            return nil
        }
        input = UnsafeRawBufferPointer(rebasing: input[(end - before)...])
        return begin(head)
    }

    private mutating func begin(_ head: RequestHead) -> Event {
        held = []
        scan = HeadScan()
        switch head.framing {
        case .none: state = .ended
        case .length(let count): state = .length(count)
        case .chunked:
            state = .chunks
            chunks = ChunkReader()
        }
        return .head(head)
    }

    private mutating func nextOfLength(_ remaining: Int, _ input: inout UnsafeRawBufferPointer) -> Event? {
        guard !input.isEmpty else { return nil }
        let count = min(remaining, input.count)
        state = count == remaining ? .ended : .length(remaining - count)
        return .body(take(count, &input))
    }

    private mutating func nextOfChunks(_ input: inout UnsafeRawBufferPointer) throws(WireError) -> Event? {
        var at = 0
        let step = try chunks.step(input.assumingMemoryBound(to: UInt8.self), &at, limits: limits)
        input = UnsafeRawBufferPointer(rebasing: input[at...])
        switch step {
        case .needsMore: return nil
        case .data(let count):
            chunks.took(count)
            return .body(take(count, &input))
        case .end:
            state = .head
            return .end
        }
    }

    private func take(_ count: Int, _ input: inout UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let taken = UnsafeRawBufferPointer(rebasing: input[..<count])
        input = UnsafeRawBufferPointer(rebasing: input[count...])
        return taken
    }
}
