/// A large part of a record that isn't always there, kept outside of it.
///
/// Records are copied with every step: into memory, into a turn, into an answer. With its parts outside a record
/// is some words that are copied, instead of a hundred. To change a part makes it anew.
@propertyWrapper
public struct Boxed<Value: Sendable>: Sendable {
    private final class Box: Sendable {
        let value: Value
        init(_ value: Value) { self.value = value }
    }

    /// Nil: there is nothing.
    private var box: Box?

    /// Whether it is there: without a copy of it.
    public var projectedValue: Bool { box != nil }

    public init(wrappedValue: Value?) { box = wrappedValue.map(Box.init) }

    public var wrappedValue: Value? {
        get { box?.value }
        _modify {
            var value = box?.value
            yield &value
            box = value.map(Box.init)
        }
    }
}

extension Boxed: Equatable where Value: Equatable {
    public static func == (one: Boxed, other: Boxed) -> Bool {
        one.box === other.box || one.wrappedValue == other.wrappedValue
    }
}

extension Boxed: Hashable where Value: Hashable {
    public func hash(into hasher: inout Hasher) { hasher.combine(wrappedValue) }
}
