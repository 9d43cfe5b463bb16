/// A text that was seen, as a number: equal texts have equal symbols.
struct Symbol: Hashable {
  let id: UInt32

  var index: Int { Int(id) }

  static let none = Self(id: .max)
}

/// Every key and name of an inventory, each stored once.
///
/// Names become array indices here, so that nothing later hashes or compares text.
struct Symbols {
  private var text: [UInt8] = []
  /// Where each symbol's text ends; it begins where the one before ends.
  private var ends: [UInt32] = []
  private var slots: [UInt32] = Array(repeating: .max, count: 1024)

  var count: Int { ends.count }

  func bytes(_ symbol: Symbol) -> ArraySlice<UInt8> {
    let start = symbol.index == 0 ? 0 : ends[symbol.index - 1]
    return text[Int(start)..<Int(ends[symbol.index])]
  }

  func name(_ symbol: Symbol) -> String { String(decoding: bytes(symbol), as: UTF8.self) }

  /// The symbol of a text that was interned before.
  func find(_ bytes: ArraySlice<UInt8>) -> Symbol? {
    let id = slots[slot(of: bytes)]
    return id == .max ? nil : Symbol(id: id)
  }

  mutating func intern(_ bytes: ArraySlice<UInt8>) -> Symbol {
    let slot = slot(of: bytes)
    if slots[slot] != .max { return Symbol(id: slots[slot]) }
    let symbol = Symbol(id: UInt32(ends.count))
    text += bytes
    ends.append(UInt32(text.count))
    slots[slot] = symbol.id
    if ends.count * 2 > slots.count { grow() }
    return symbol
  }

  mutating func intern(_ name: String) -> Symbol { intern(Array(name.utf8)[...]) }

  /// Where the text is, or the free slot where it would be; the table is never full.
  private func slot(of bytes: ArraySlice<UInt8>) -> Int {
    let mask = slots.count - 1
    var slot = Self.hash(bytes) & mask
    while slots[slot] != .max, self.bytes(Symbol(id: slots[slot])) != bytes { slot = (slot + 1) & mask }
    return slot
  }

  private mutating func grow() {
    slots = Array(repeating: .max, count: slots.count * 4)
    let mask = slots.count - 1
    for index in ends.indices {
      var slot = Self.hash(bytes(Symbol(id: UInt32(index)))) & mask
      while slots[slot] != .max { slot = (slot + 1) & mask }
      slots[slot] = UInt32(index)
    }
  }

  /// Seeded per process by the standard library, so that no file can be made of collisions.
  private static func hash(_ bytes: ArraySlice<UInt8>) -> Int {
    var hasher = Hasher()
    unsafe bytes.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
    return hasher.finalize()
  }
}
