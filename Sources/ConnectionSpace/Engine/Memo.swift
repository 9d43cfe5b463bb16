/// What is done with two sets.
enum SetOperation {
  case union
  case intersection
  case difference

  /// The result where it needs no look into the sets; 0 is the empty one.
  @inline(__always)
  func trivial(_ a: UInt32, _ b: UInt32) -> UInt32? {
    switch self {
    case .union:
      if a == b || b == 0 { return a }
      return a == 0 ? b : nil
    case .intersection:
      if a == b { return a }
      return a == 0 || b == 0 ? 0 : nil
    case .difference:
      if a == b || a == 0 { return 0 }
      return b == 0 ? a : nil
    }
  }

  /// Whether a member of one, the other or both is a member of the result.
  @inline(__always)
  func holds(_ a: Bool, _ b: Bool) -> Bool {
    switch self {
    case .union: a || b
    case .intersection: a && b
    case .difference: a && !b
    }
  }
}

/// Remembered results of operations on pairs of nodes of one level.
struct Memo {
  private var unions = PairTable()
  private var intersections = PairTable()
  private var differences = PairTable()

  func result(_ operation: SetOperation, _ a: UInt32, _ b: UInt32) -> UInt32? {
    switch operation {
    case .union: unions.value(min(a, b), max(a, b))
    case .intersection: intersections.value(min(a, b), max(a, b))
    case .difference: differences.value(a, b)
    }
  }

  mutating func remember(_ result: UInt32, _ operation: SetOperation, _ a: UInt32, _ b: UInt32) {
    switch operation {
    case .union: unions.insert(min(a, b), max(a, b), result)
    case .intersection: intersections.insert(min(a, b), max(a, b), result)
    case .difference: differences.insert(a, b, result)
    }
  }
}

/// Numbers by pairs of numbers, of which the second is not 0.
struct PairTable {
  private var keys: [UInt64] = Array(repeating: 0, count: 16)
  private var values: [UInt32] = Array(repeating: 0, count: 16)
  private var count = 0

  func value(_ a: UInt32, _ b: UInt32) -> UInt32? {
    let key = UInt64(a) << 32 | UInt64(b)
    let slot = place(of: key)
    return keys[slot] == key ? values[slot] : nil
  }

  mutating func insert(_ a: UInt32, _ b: UInt32, _ value: UInt32) {
    if (count + 1) * 2 > keys.count { grow() }
    let key = UInt64(a) << 32 | UInt64(b)
    let slot = place(of: key)
    if keys[slot] != key { count += 1 }
    keys[slot] = key
    values[slot] = value
  }

  private func place(of key: UInt64) -> Int {
    var mixer = Mixer()
    mixer.add(key)
    let mask = keys.count - 1
    var slot = Int(mixer.hash) & mask
    while keys[slot] != 0, keys[slot] != key { slot = (slot + 1) & mask }
    return slot
  }

  private mutating func grow() {
    let old = (keys, values)
    keys = Array(repeating: 0, count: old.0.count * 2)
    values = Array(repeating: 0, count: old.0.count * 2)
    for index in old.0.indices where old.0[index] != 0 {
      let slot = place(of: old.0[index])
      keys[slot] = old.0[index]
      values[slot] = old.1[index]
    }
  }
}
