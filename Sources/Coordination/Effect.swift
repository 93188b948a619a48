/// What follows from a command. A flat list, in order; what is large in it is kept outside, since it is copied.
public enum Effect: Hashable, Sendable {
    /// Make it durable with this turn.
    case persist(Change)
    /// Say this, once every change up to `after` is durable.
    case answer(RequestID, Reply, after: Revision)
    /// The request waits from now on. A stream says so, once `after` is durable.
    indirect case parked(RequestID, Standing?, after: Revision)
    /// The same, of a request that waits for a condition.
    indirect case parkedFor(RequestID, ConditionView, after: Revision)
    /// The holder or the queue of this name changed: those who stream are told, in time.
    case standingsChanged(Key)
    /// A contender queues no longer: it is elected, or told the marker. It is there to be counted.
    case waitEnded(WaitEnd, after: Interval)
}

/// How a contender's wait ended.
public enum WaitEnd: UInt8, Sendable, CaseIterable {
    /// Elected as it came: nobody held, and nobody was before it.
    case electedAtOnce = 0
    /// Elected from the queue, when the hold before it had ended.
    case handedOver = 1
    /// It was told the marker of the work.
    case settled = 2
}
