extension StatementReader {
  mutating func comparison(
    _ load: Load, _ sign: ComparisonOperator, _ value: [UInt8]
  ) -> [Statement]? {
    // A range is two comparisons of what was loaded once.
    if sign == .greaterOrEqual, case .compare(.lessOrEqual, .r1, let upper)? = step {
      guard let (operand, type, swapped) = operand(load), swapped == type.needsByteSwap,
        let low = restored(value, operand, type, swapped),
        let high = restored(upper, operand, type, swapped)
      else { return nil }
      index += 1
      return [.match(operand, .equal, .range(low, high))]
    }
    if sign != .equal, sign != .notEqual {
      guard let (operand, type, swapped) = operand(load), swapped == type.needsByteSwap,
        let bound = restored(value, operand, type, swapped)
      else { return nil }
      return [.match(operand, sign, .value(bound))]
    }
    if case .payload(let base, let offset, let length, _) = load.source, load.changes.isEmpty {
      return fields(base, Int(offset), Int(length), sign, value)
    }
    guard let (operand, type, swapped) = operand(load), !swapped else { return nil }
    if case .masked(let inner, let mask, let xor) = operand, xor.allSatisfy({ $0 == 0 }) {
      let isZero = value.allSatisfy { $0 == 0 }
      if type.isBitmask, isZero, mask.contains(where: { $0 != 0 }) {
        return [.match(inner, sign == .notEqual ? .equal : .notEqual, .flags(mask))]
      }
      if let prefix = prefix(inner, type, mask, value) { return [.match(inner, sign, prefix)] }
    }
    if value.count < type.byteCount {
      if type.order == .text { return [.match(operand, sign, .value(value))] }
      // `ct` cannot load less than an address, so only the comparison is short.
      guard type.order == .network, type.type.hasPrefixes, case .conntrack = operand else { return nil }
      return [.match(operand, sign, .prefix(padded(value, type.byteCount), length: value.count * 8))]
    }
    guard let value = restored(value, operand, type, false) else { return nil }
    if sign == .equal { context.learn(operand, equals: value) }
    return [.match(operand, sign, .value(value))]
  }

  private func prefix(
    _ operand: Operand, _ type: ValueType, _ mask: [UInt8], _ value: [UInt8]
  ) -> Comparand? {
    guard type.type.hasPrefixes, value.count == mask.count, zip(value, mask).allSatisfy({ $0 & ~$1 == 0 })
    else { return nil }
    let ordered = type.order == .host && hostIsLittle ? Array(mask.reversed()) : mask
    guard let length = Bits.prefixLength(ordered), length < type.bits else { return nil }
    // Whole bytes in network order would be loaded without a mask.
    guard delinearizer.listing || type.order == .host || !length.isMultiple(of: 8) || length == 0 else {
      return nil
    }
    return .prefix(value, length: length)
  }

  private func padded(_ value: [UInt8], _ count: Int) -> [UInt8] {
    value + [UInt8](repeating: 0, count: count - value.count)
  }

  /// The fields that a comparison of whole bytes covers, or the prefix of a field.
  private mutating func fields(
    _ base: PayloadBase, _ offset: Int, _ length: Int, _ sign: ComparisonOperator, _ value: [UInt8]
  ) -> [Statement]? {
    guard value.count == length, length > 0 else { return nil }
    var statements: [Statement] = []
    var known = context
    var place = 0
    while place < length {
      let left = length - place
      guard
        let field = context.field(base, byte: offset + place, where: { $0.isAligned && $0.byteCount <= left })
      else { break }
      let part = Array(value[place..<place + field.byteCount])
      statements.append(.match(.field(field), sign, .value(part)))
      if sign == .equal { context.learn(.field(field), equals: part) }
      place += field.byteCount
      if sign == .notEqual { break }
    }
    if place == length, !statements.isEmpty { return statements }
    swap(&known, &context)
    if let field = context.field(
      base, byte: offset, where: { $0.isAligned && $0.byteCount > length && $0.type.hasPrefixes })
    {
      return [
        .match(.field(field), sign, .prefix(padded(value, field.byteCount), length: length * 8))
      ]
    }
    return [.match(.raw(base, offset: offset * 8, length: length * 8), sign, .value(value))]
  }

  /// A value of the operand from the bytes it is compared to.
  func restored(
    _ value: [UInt8], _ operand: Operand, _ type: ValueType, _ swapped: Bool
  ) -> [UInt8]? {
    if case .field(let field) = operand, !field.isAligned { return field.unshifted(value) }
    guard value.count == type.byteCount else { return nil }
    return swapped && hostIsLittle ? value.reversed() : value
  }

  // MARK: Operands
}

extension DataType {
  /// Whether nft(8) writes masks of leading bits of this type as prefixes (`DTYPE_F_PREFIX`).
  var hasPrefixes: Bool {
    switch self {
    case .ipv4Address, .ipv6Address, .mark: true
    default: false
    }
  }
}
