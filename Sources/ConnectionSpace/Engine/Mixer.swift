/// A fixed hash of words: the same in every process, so that nothing depends on a seed.
struct Mixer {
  private var state: UInt64 = 0x9e37_79b9_7f4a_7c15

  @inline(__always)
  mutating func add(_ word: UInt64) {
    let product = (state ^ word).multipliedFullWidth(by: 0xd6e8_feb8_6659_fd93)
    state = (product.high ^ product.low) &+ 0xa076_1d64_78bd_642f
  }

  @inline(__always)
  mutating func add<Number: FixedWidthInteger & UnsignedInteger>(_ number: Number) {
    add(UInt64(truncatingIfNeeded: number))
    if Number.bitWidth > 64 { add(UInt64(truncatingIfNeeded: number >> 64)) }
  }

  var hash: UInt32 { UInt32(truncatingIfNeeded: state ^ state >> 32) }
}
