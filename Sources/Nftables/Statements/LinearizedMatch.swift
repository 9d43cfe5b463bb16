extension Linearizer {
  mutating func match(
    _ left: Operand, _ sign: ComparisonOperator, _ right: Comparand
  ) throws(StatementError) {
    try require(left)
    switch right {
    case .set(let reference):
      guard sign == .equal || sign == .notEqual else { throw .unsupported("set \(sign.sign)") }
      try load(left, at: 0, asRanges: isInterval(reference))
      expressions.append(
        .lookup(storedForm(reference, left), .r1, negated: sign == .notEqual, into: nil))
      learn(left, sign, from: reference)
    case .value(let value): try compare(left, sign, value)
    case .flags(let bits): try testFlags(left, sign, bits)
    case .prefix(let value, let length): try comparePrefix(left, sign, value, length)
    case .range(let low, let high): try compareRange(left, sign, low, high)
    case .span(let low, let high):
      guard sign == .equal else { throw .unsupported("a span that is compared by \(sign.sign)") }
      try compareRange(left, sign, low, high, inOneStep: true)
    }
  }

  private mutating func learn(_ left: Operand, _ sign: ComparisonOperator, from set: SetReference) {
    guard sign == .equal, case .inline(let inline) = set, inline.data == nil,
      inline.elements.lastKeys == nil, case .field(let field) = left,
      field == .icmpType || field == .icmpv6Type
    else { return }
    context.learn(left, equals: inline.elements.keys)
  }

  private mutating func compare(
    _ left: Operand, _ sign: ComparisonOperator, _ value: [UInt8]
  ) throws(StatementError) {
    let type = try single(left)
    let bySize = sign != .equal && sign != .notEqual
    // An interface name may be compared by its beginning only.
    guard value.count == type.byteCount || (type.order == .text && value.count < type.byteCount) else {
      throw .wrongWidth(expected: type.byteCount, actual: value.count)
    }
    if sign == .equal, try join(left, value) { return }
    if sign == .equal { noteComparison(of: left) }
    let start = expressions.count
    try load(left, at: 0, asRanges: bySize)
    expressions.append(.compare(sign, .r1, stored(value, left, type, swapped: bySize && type.needsByteSwap)))
    if sign == .equal {
      if case .payload(let base, _, _, _) = expressions[start], expressions.count == start + 2 {
        joinable[base] = start
      }
      context.learn(left, equals: value)
    }
  }

  private mutating func noteComparison(of left: Operand) {
    guard let place = left.place, place.mask == nil else { return }
    if let last = compared[place.base], Self.saves(last, (place.offset, place.length)) {
      isJoinedByNft = true
    }
    compared[place.base] = (place.offset, place.length)
  }

  /// Whether two runs of bytes touch and need fewer registers as one.
  private static func saves(_ a: (offset: UInt32, length: UInt32), _ b: (offset: UInt32, length: UInt32))
    -> Bool
  {
    func registers(_ bytes: UInt32) -> UInt32 { (bytes + 3) / 4 }
    let total = a.length + b.length
    return (a.offset + a.length == b.offset || b.offset + b.length == a.offset) && total <= 16
      && registers(total) < registers(a.length) + registers(b.length)
  }

  /// Joins the comparison with an earlier one of the bytes before or behind, as nft(8) does when that
  /// saves a register.
  private mutating func join(_ left: Operand, _ value: [UInt8]) throws(StatementError) -> Bool {
    guard let place = left.place, place.mask == nil, let start = joinable[place.base],
      case .payload(_, let offset, let length, _) = expressions[start],
      case .compare(_, _, let known) = expressions[start + 1]
    else { return false }
    guard Self.saves((offset, length), (place.offset, place.length)) else { return false }
    let first = offset + length == place.offset
    let total = length + place.length
    compared[place.base] = (min(offset, place.offset), total)
    expressions[start] = .payload(
      base: place.base, offset: min(offset, place.offset), length: total, into: .r1)
    expressions[start + 1] = .compare(.equal, .r1, first ? known + value : value + known)
    context.learn(left, equals: value)
    return true
  }

  private mutating func testFlags(
    _ left: Operand, _ sign: ComparisonOperator, _ bits: [UInt8]
  ) throws(StatementError) {
    let type = try single(left)
    guard sign == .equal || sign == .notEqual, bits.count == type.byteCount, left.isPlain else {
      throw .unsupported("flags")
    }
    if sign == .equal { noteComparison(of: left) }
    try load(left, at: 0)
    let zero = [UInt8](repeating: 0, count: bits.count)
    expressions.append(.bitwise(from: .r1, into: .r1, mask: bits, xor: zero))
    expressions.append(.compare(sign == .equal ? .notEqual : .equal, .r1, zero))
  }

  private mutating func comparePrefix(
    _ left: Operand, _ sign: ComparisonOperator, _ value: [UInt8], _ length: Int
  ) throws(StatementError) {
    let type = try single(left)
    guard sign == .equal || sign == .notEqual, left.isPlain, value.count == type.byteCount,
      type.bits.isMultiple(of: 8), length >= 0, length <= type.bits, type.order != .text
    else { throw .unsupported("prefix") }
    let whole = length / 8
    if type.order == .network, length.isMultiple(of: 8), length > 0 {
      if let place = left.place, place.mask == nil {
        expressions.append(
          .payload(base: place.base, offset: place.offset, length: UInt32(whole), into: .r1))
      } else {
        try load(left, at: 0)
      }
      expressions.append(.compare(sign, .r1, Array(value[..<whole])))
      return
    }
    try load(left, at: 0)
    let mask = Bits.prefixMask(length, count: type.byteCount)
    let ordered = type.order == .host && hostIsLittle ? Array(mask.reversed()) : mask
    let zero = [UInt8](repeating: 0, count: mask.count)
    expressions.append(.bitwise(from: .r1, into: .r1, mask: ordered, xor: zero))
    expressions.append(.compare(sign, .r1, value))
  }

  private mutating func compareRange(
    _ left: Operand, _ sign: ComparisonOperator, _ low: [UInt8], _ high: [UInt8], inOneStep: Bool = false
  ) throws(StatementError) {
    let type = try single(left)
    guard low.count == type.byteCount, high.count == type.byteCount else {
      throw .wrongWidth(expected: type.byteCount, actual: low.count)
    }
    try load(left, at: 0, asRanges: true)
    let from = stored(low, left, type, swapped: type.needsByteSwap)
    let to = stored(high, left, type, swapped: type.needsByteSwap)
    switch sign {
    case .equal where inOneStep:
      expressions.append(.range(negated: false, .r1, from: from, to: to))
      isJoinedByNft = true
    case .equal:
      expressions.append(.compare(.greaterOrEqual, .r1, from))
      expressions.append(.compare(.lessOrEqual, .r1, to))
    case .notEqual: expressions.append(.range(negated: true, .r1, from: from, to: to))
    default: throw .unsupported("range \(sign.sign)")
    }
  }
}
