/// Puts packed keys of one length in order, by index.
enum KeyOrder {
  /// The indices of the keys, ascending by the bytes; of two equal keys first the one that `isFirst`.
  static func ascending(_ keys: [UInt8], _ length: Int, isFirst: (Int) -> Bool) -> [Int] {
    if keys.count / length >= manyKeys { return byDigits(keys, length, isFirst) }
    // Sorting numbers is several times faster than comparing bytes through an index.
    if length <= 8 {
      return ascending(keys, length, UInt64.self, isFirst)
    }
    if length <= 16 {
      return ascending(keys, length, UInt128.self, isFirst)
    }
    let first = (0..<keys.count / length).map(isFirst)
    return first.indices.sorted {
      let order = compare(keys, $0, keys, $1, length)
      return order == 0 ? first[$0] && !first[$1] : order < 0
    }
  }

  /// From here on counting bytes is faster than comparing keys.
  private static let manyKeys = 512

  /// Orders by one byte after the other, the last one first; each pass keeps what the ones before did.
  /// Bytes that all keys share, such as the front of addresses of one network, cost one look each.
  private static func byDigits(_ keys: [UInt8], _ length: Int, _ isFirst: (Int) -> Bool) -> [Int] {
    let indices = 0..<keys.count / length
    var order = indices.filter(isFirst)
    order = order.isEmpty ? Array(indices) : order + indices.filter { !isFirst($0) }
    var next = order
    let span = keys.span
    for digit in stride(from: length - 1, through: 0, by: -1) {
      var places = InlineArray<256, Int>(repeating: 0)
      for index in indices { places[Int(span[index * length + digit])] += 1 }
      if places[Int(span[digit])] == indices.count { continue }
      var place = 0
      for value in places.indices {
        let count = places[value]
        places[value] = place
        place += count
      }
      for index in order {
        let value = Int(span[index * length + digit])
        next[places[value]] = index
        places[value] += 1
      }
      swap(&order, &next)
    }
    return order
  }

  private struct Numbered<Number: FixedWidthInteger> {
    let number: Number
    let isFirst: Bool
    let index: Int
  }

  private static func ascending<Number: FixedWidthInteger & UnsignedInteger>(
    _ keys: [UInt8], _ length: Int, _: Number.Type, _ isFirst: (Int) -> Bool
  ) -> [Int] {
    var numbered: [Numbered<Number>] = []
    let count = keys.count / length
    numbered.reserveCapacity(count)
    let span = keys.span
    for index in 0..<count {
      var number: Number = 0
      for offset in index * length..<(index + 1) * length { number = number << 8 | Number(span[offset]) }
      numbered.append(Numbered(number: number, isFirst: isFirst(index), index: index))
    }
    numbered.sort { $0.number == $1.number ? $0.isFirst && !$1.isFirst : $0.number < $1.number }
    return numbered.map(\.index)
  }

  /// Below zero, zero or above zero as the key of one index is below, equal or above the other.
  static func compare(_ a: [UInt8], _ i: Int, _ b: [UInt8], _ j: Int, _ length: Int) -> Int {
    for offset in 0..<length {
      let x = a[i * length + offset]
      let y = b[j * length + offset]
      if x != y { return x < y ? -1 : 1 }
    }
    return 0
  }

  /// The fields of so many bytes at the indices, in their order.
  static func gather(_ bytes: [UInt8], _ length: Int, _ order: [Int]) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(order.count * length)
    for index in order { out += bytes[index * length..<(index + 1) * length] }
    return out
  }

  /// Appends the key before the key at an index; the lowest key has none and gives the highest.
  static func appendPredecessor(of keys: [UInt8], _ index: Int, _ length: Int, to out: inout [UInt8]) {
    let start = out.count
    out += keys[index * length..<(index + 1) * length]
    var position = out.count - 1
    while position >= start {
      out[position] &-= 1
      if out[position] != 0xff { return }
      position -= 1
    }
  }
}
