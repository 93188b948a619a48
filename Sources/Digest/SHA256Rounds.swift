/// The compression function, apart from the rest because it must be fast: an
/// artifact of a gigabyte is hashed before it is trusted. No array is touched
/// within a round; the schedule is a window of sixteen words that rolls along.
enum SHA256Rounds {
    /// Whole blocks of 64 bytes. FIPS 180-4 §6.2.2.
    static func compress(_ blocks: UnsafeRawBufferPointer, into state: SIMD8<UInt32>) -> SIMD8<UInt32> {
        var state = state
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 16) { window in
            constants.withUnsafeBufferPointer { constants in
                var offset = 0
                while offset < blocks.count {
                    for word in 0..<16 {
                        window[word] =
                            blocks.loadUnaligned(fromByteOffset: offset &+ word &* 4, as: UInt32.self)
                            .bigEndian
                    }
                    state = state &+ rounds(from: state, window, constants)
                    offset &+= 64
                }
            }
        }
        return state
    }

    @inline(__always)
    private static func rounds(
        from state: SIMD8<UInt32>, _ w: UnsafeMutableBufferPointer<UInt32>, _ k: UnsafeBufferPointer<UInt32>
    ) -> SIMD8<UInt32> {
        var a = state[0], b = state[1], c = state[2], d = state[3]
        var e = state[4], f = state[5], g = state[6], h = state[7]
        var turn = 0
        while turn < 64 {
            // A fixed number of steps within: unrolled, every slot is a constant.
            for slot in 0..<16 {
                if turn > 0 { extend(w, slot) }
                let t1 = h &+ bigSigma1(e) &+ (g ^ (e & (f ^ g))) &+ k[turn &+ slot] &+ w[slot]
                let t2 = bigSigma0(a) &+ ((a & b) | (c & (a | b)))
                h = g
                g = f
                f = e
                e = d &+ t1
                d = c
                c = b
                b = a
                a = t1 &+ t2
            }
            turn &+= 16
        }
        return SIMD8(a, b, c, d, e, f, g, h)
    }

    /// W(t) = σ1(W(t-2)) + W(t-7) + σ0(W(t-15)) + W(t-16), where W(t-16) stood.
    @inline(__always)
    private static func extend(_ w: UnsafeMutableBufferPointer<UInt32>, _ slot: Int) {
        let before15 = w[(slot &+ 1) & 15]
        let before2 = w[(slot &+ 14) & 15]
        let small0 = rotate(before15, 7) ^ rotate(before15, 18) ^ (before15 >> 3)
        let small1 = rotate(before2, 17) ^ rotate(before2, 19) ^ (before2 >> 10)
        w[slot] = w[slot] &+ small0 &+ w[(slot &+ 9) & 15] &+ small1
    }

    @inline(__always) private static func bigSigma0(_ x: UInt32) -> UInt32 {
        rotate(x, 2) ^ rotate(x, 13) ^ rotate(x, 22)
    }

    @inline(__always) private static func bigSigma1(_ x: UInt32) -> UInt32 {
        rotate(x, 6) ^ rotate(x, 11) ^ rotate(x, 25)
    }

    @inline(__always) private static func rotate(_ x: UInt32, _ by: UInt32) -> UInt32 {
        (x &>> by) | (x &<< (32 &- by))
    }

    /// §4.2.2: the fractional parts of the cube roots of the first 64 primes.
    private static let constants: [UInt32] = [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ]
}
