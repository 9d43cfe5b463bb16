internal import CSHA256

/// SHA-256 (FIPS 180-4), for naming what was compiled by what it is.
///
/// Written here because the alternative, a cryptography package, would be the largest part of the
/// build and of the binary for the sake of this one function.
package struct SHA256: Sendable {
  private var state: InlineArray<8, UInt32> = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
  ]
  private var block: [UInt8] = []
  private var length: UInt64 = 0

  /// Whether the processor's own instructions are used.
  private let isAccelerated: Bool

  package init() { self.init(isAccelerated: Self.isSupported) }

  init(isAccelerated: Bool) {
    self.isAccelerated = isAccelerated && Self.isSupported
    block.reserveCapacity(64)
  }

  static let isSupported = sekisho_sha256_is_supported() != 0

  /// The digest of some bytes, as 64 lower-case hexadecimal digits.
  package static func hex(_ bytes: some Collection<UInt8>) -> String {
    var hash = SHA256()
    hash.update(bytes)
    return hash.finish()
  }

  /// Adds bytes.
  package mutating func update(_ bytes: some Collection<UInt8>) {
    let done: Void? = bytes.withContiguousStorageIfAvailable { unsafe absorb($0.span) }
    if done == nil { absorb(Array(bytes).span) }
  }

  /// Ends the message: 64 lower-case hexadecimal digits.
  package mutating func finish() -> String {
    let bits = length &* 8
    var tail: [UInt8] = [0x80]
    while (block.count + tail.count) % 64 != 56 { tail.append(0) }
    for shift in stride(from: UInt64(56), through: 0, by: -8) {
      tail.append(UInt8(truncatingIfNeeded: bits >> shift))
    }
    absorb(tail.span)
    var hex: [UInt8] = []
    let digits = Array("0123456789abcdef".utf8)
    for index in state.indices {
      let word = state[index]
      for shift in stride(from: UInt32(28), through: 0, by: -4) {
        hex.append(digits[Int(word >> shift & 0xf)])
      }
    }
    return String(decoding: hex, as: UTF8.self)
  }

  private mutating func absorb(_ bytes: Span<UInt8>) {
    length &+= UInt64(bytes.count)
    var index = 0
    if !block.isEmpty {
      while block.count < 64, index < bytes.count {
        block.append(bytes[index])
        index += 1
      }
      guard block.count == 64 else { return }
      let full = block
      compress(full.span)
      block.removeAll(keepingCapacity: true)
    }
    let rest = (bytes.count - index) / 64 * 64
    compress(bytes.extracting(index..<index + rest))
    index += rest
    while index < bytes.count {
      block.append(bytes[index])
      index += 1
    }
  }

  /// Takes in whole blocks.
  private mutating func compress(_ blocks: Span<UInt8>) {
    if isAccelerated {
      var state = state
      var states = state.mutableSpan
      unsafe blocks.withUnsafeBufferPointer { blocks in
        guard let start = blocks.baseAddress else { return }
        unsafe states.withUnsafeMutableBufferPointer { states in
          unsafe roundConstants.span.withUnsafeBufferPointer { constants in
            unsafe sekisho_sha256_absorb(
              states.baseAddress, constants.baseAddress, start, blocks.count / 64)
          }
        }
      }
      self.state = state
    } else {
      for start in stride(from: 0, to: blocks.count, by: 64) { compress(blocks, start) }
    }
  }

  private mutating func compress(_ bytes: Span<UInt8>, _ start: Int) {
    // One check for the whole block: the loads below stay within it.
    let block = unsafe bytes.extracting(start..<start + 64).bytes
    var words = Schedule()
    for index in 0..<16 {
      words.last[index] = unsafe UInt32(
        bigEndian: block.unsafeLoadUnaligned(fromByteOffset: index * 4, as: UInt32.self))
    }
    var (a, b, c, d) = (state[0], state[1], state[2], state[3])
    var (e, f, g, h) = (state[4], state[5], state[6], state[7])
    // Eight rounds at a time bring every letter back to its place without moving any.
    for index in stride(from: 0, to: 64, by: 8) {
      step(a, b, c, &d, e, f, g, &h, words.next(index))
      step(h, a, b, &c, d, e, f, &g, words.next(index + 1))
      step(g, h, a, &b, c, d, e, &f, words.next(index + 2))
      step(f, g, h, &a, b, c, d, &e, words.next(index + 3))
      step(e, f, g, &h, a, b, c, &d, words.next(index + 4))
      step(d, e, f, &g, h, a, b, &c, words.next(index + 5))
      step(c, d, e, &f, g, h, a, &b, words.next(index + 6))
      step(b, c, d, &e, f, g, h, &a, words.next(index + 7))
    }
    state[0] &+= a
    state[1] &+= b
    state[2] &+= c
    state[3] &+= d
    state[4] &+= e
    state[5] &+= f
    state[6] &+= g
    state[7] &+= h
  }
}

/// The words of the message schedule, of which 16 are needed at a time.
private struct Schedule {
  var last = InlineArray<16, UInt32>(repeating: 0)

  /// The word of a round with its constant.
  @inline(__always)
  mutating func next(_ round: Int) -> UInt32 {
    if round >= 16 {
      let early = last[(round + 1) & 15]
      let late = last[(round + 14) & 15]
      let s0 = rotated(early, 7) ^ rotated(early, 18) ^ early >> 3
      let s1 = rotated(late, 17) ^ rotated(late, 19) ^ late >> 10
      last[round & 15] = last[round & 15] &+ s0 &+ last[(round + 9) & 15] &+ s1
    }
    return last[round & 15] &+ roundConstants[round]
  }
}

/// One round; only `d` and `h` change.
@inline(__always)
private func step(
  _ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: inout UInt32, _ e: UInt32, _ f: UInt32, _ g: UInt32,
  _ h: inout UInt32, _ word: UInt32
) {
  let s1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)
  let t1 = h &+ s1 &+ (g ^ e & (f ^ g)) &+ word
  let s0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)
  d = d &+ t1
  h = t1 &+ s0 &+ (a & b | c & (a | b))
}

@inline(__always)
private func rotated(_ word: UInt32, _ count: UInt32) -> UInt32 { word >> count | word << (32 - count) }

/// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
private let roundConstants: InlineArray<64, UInt32> = [
  0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
  0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
  0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
  0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
  0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
  0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
  0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
  0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
]
