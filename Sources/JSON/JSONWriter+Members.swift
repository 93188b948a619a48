/// Members of the plain types. An optional one that is nil is left out.
extension JSONWriter {
    @inline(__always)
    public mutating func member(_ name: StaticString, _ text: String?) {
        guard let text else { return }
        self.name(name)
        value(text)
    }

    @inline(__always)
    public mutating func member(_ name: StaticString, _ number: Int64?) {
        guard let number else { return }
        self.name(name)
        value(number)
    }

    public mutating func member(_ name: StaticString, _ number: Int) { member(name, Int64(number)) }

    public mutating func member(_ name: StaticString, _ flag: Bool) {
        self.name(name)
        value(flag)
    }

    public mutating func member(_ name: StaticString, _ texts: [String]) {
        self.name(name)
        array(texts) { $0.value($1) }
    }

    /// As an object, sorted by its names, so that the same map is always the same text.
    public mutating func member(_ name: StaticString, _ map: [String: String]) {
        self.name(name)
        object { writer in
            if map.count <= 1 {
                for (name, value) in map { writer.pair(name, value) }
            } else {
                for name in map.keys.sorted() { writer.pair(name, map[name]!) }
            }
        }
    }

    public mutating func member(_ name: StaticString, _ body: (inout JSONWriter) -> Void) {
        self.name(name)
        object(body)
    }

    public mutating func null(_ name: StaticString) {
        self.name(name)
        raw("null")
    }

    private mutating func pair(_ name: String, _ text: String) {
        self.name(text: name)
        value(text)
    }
}
