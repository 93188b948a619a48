/// What follows from a command. A flat list, in order.
public enum Effect: Hashable, Sendable {
    /// Make it durable with this turn.
    case persist(Change)
    /// Say this, once every change up to `after` is durable.
    case answer(RequestID, Reply, after: Revision)
    /// The request waits from now on. A stream says so, once `after` is durable.
    case parked(RequestID, Standing?, after: Revision)
    /// The holder or the queue of this name changed: those who stream are told, in time.
    case standingsChanged(Key)
}
