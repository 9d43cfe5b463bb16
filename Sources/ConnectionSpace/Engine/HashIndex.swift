/// Finds objects that are stored elsewhere by the hash of their content: open addressing over their numbers.
struct HashIndex {
  /// The number of an object plus one; 0: free.
  private var slots: [UInt32] = Array(repeating: 0, count: 64)
  /// By number.
  private var hashes: [UInt32] = []

  /// The object with this hash that is the one.
  @inline(__always)
  func find(_ hash: UInt32, _ isWanted: (UInt32) -> Bool) -> UInt32? {
    let mask = slots.count - 1
    var slot = Int(hash) & mask
    while slots[slot] != 0 {
      let number = slots[slot] - 1
      if hashes[Int(number)] == hash, isWanted(number) { return number }
      slot = (slot + 1) & mask
    }
    return nil
  }

  /// Adds the next object; numbers ascend from 0.
  mutating func append(_ hash: UInt32) {
    hashes.append(hash)
    if hashes.count * 2 > slots.count {
      slots = Array(repeating: 0, count: slots.count * 2)
      for number in hashes.indices { place(number) }
    } else {
      place(hashes.count - 1)
    }
  }

  private mutating func place(_ number: Int) {
    let mask = slots.count - 1
    var slot = Int(hashes[number]) & mask
    while slots[slot] != 0 { slot = (slot + 1) & mask }
    slots[slot] = UInt32(number) + 1
  }
}
