import Testing

@testable import Wire

@Suite struct `Sets of bytes` {
    static let alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

    private func members(_ set: ByteSet) -> [UInt8] { (0...255).filter { set.contains($0) } }
    private func sorted(_ text: String) -> [UInt8] { text.utf8.sorted() }

    @Test func `each is what its RFC spells`() {
        #expect(members(.token) == sorted(Self.alphanumeric + "!#$%&'*+-.^_`|~"))
        #expect(members(.path) == sorted(Self.alphanumeric + "-._~!$&'()*+,;=:@/"))
        #expect(members(.query) == sorted(Self.alphanumeric + "-._~!$&'()*+,;=:@/?"))
        #expect(members(.host) == sorted(Self.alphanumeric + "-._~!$&'()*+;="))
    }
}
