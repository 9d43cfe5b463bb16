extension SetElements {
  /// How many elements two sets have in common at the front and, apart from those, at the back: most
  /// changes touch few elements of many, and comparing bytes in a row is much faster than comparing
  /// elements. Sets with data or attributes have none that are told without looking at them.
  public func commonEnds(with other: Self) -> (front: Int, back: Int) {
    guard keyLength == other.keyLength, payload == .none, other.payload == .none, attributes.isEmpty,
      other.attributes.isEmpty
    else { return (0, 0) }
    var front = Self.equalAtFront(keys, other.keys)
    var back = Self.equalAtBack(keys, other.keys)
    switch (lastKeys, other.lastKeys) {
    case (nil, nil): break
    case (let mine?, let theirs?):
      front = min(front, Self.equalAtFront(mine, theirs))
      back = min(back, Self.equalAtBack(mine, theirs))
    default: return (0, 0)
    }
    front /= keyLength
    return (front, min(back / keyLength, min(count, other.count) - front))
  }

  private static func equalAtFront(_ a: [UInt8], _ b: [UInt8]) -> Int {
    let count = min(a.count, b.count)
    let (a, b) = unsafe (a.span.bytes, b.span.bytes)
    var index = 0
    // Both offsets stay within both spans.
    while index + 8 <= count,
      unsafe a.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
        == b.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
    { index += 8 }
    while index < count, a.byte(index) == b.byte(index) { index += 1 }
    return index
  }

  private static func equalAtBack(_ a: [UInt8], _ b: [UInt8]) -> Int {
    let count = min(a.count, b.count)
    let (a, b) = unsafe (a.span.bytes, b.span.bytes)
    var index = 0
    while index + 8 <= count,
      unsafe a.unsafeLoadUnaligned(fromByteOffset: a.byteCount - index - 8, as: UInt64.self)
        == b.unsafeLoadUnaligned(fromByteOffset: b.byteCount - index - 8, as: UInt64.self)
    { index += 8 }
    while index < count, a.byte(a.byteCount - index - 1) == b.byte(b.byteCount - index - 1) { index += 1 }
    return index
  }
}

extension RawSpan {
  fileprivate func byte(_ offset: Int) -> UInt8 { unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self) }
}
