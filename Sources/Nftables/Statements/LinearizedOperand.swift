extension Linearizer {
  func single(_ operand: Operand) throws(StatementError) -> ValueType {
    guard let type = operand.value else { throw .unsupported("a value of this operand") }
    return type
  }

  func register(_ byte: Int) throws(StatementError) -> Register {
    guard byte >= 0, byte < 64, byte.isMultiple(of: 4) else { throw .unsupported("a key this long") }
    return .at(byte: byte)
  }

  /// A value as the register holds it when it is compared.
  func stored(
    _ value: [UInt8], _ left: Operand, _ type: ValueType, swapped: Bool
  ) -> [UInt8] {
    if case .field(let field) = left, !field.isAligned { return field.shifted(value) }
    return swapped && hostIsLittle ? value.reversed() : value
  }

  /// Loads an operand and returns the first byte behind it.
  @discardableResult
  mutating func load(
    _ operand: Operand, at byte: Int, asRanges: Bool = false
  ) throws(StatementError) -> Int {
    if case .concatenation(let parts) = operand {
      var next = byte
      for part in parts { next = try load(part, at: next, asRanges: asRanges) }
      return next
    }
    let target = try register(byte)
    let type = try single(operand)
    switch operand {
    case .meta(let key): expressions.append(.meta(key, into: target))
    case .conntrack(let key, let direction):
      expressions.append(.conntrack(key, direction: direction, into: target))
    case .fib(let flags, let result): expressions.append(.fib(result: result, flags: flags, into: target))
    case .field, .raw:
      guard let place = operand.place else { throw .unsupported("these header bits") }
      expressions.append(
        .payload(base: place.base, offset: place.offset, length: place.length, into: target))
      if let mask = place.mask {
        expressions.append(
          .bitwise(
            from: target, into: target, mask: mask, xor: Array(repeating: 0, count: mask.count)))
      }
    case .masked(let inner, let mask, let xor):
      guard mask.count == type.byteCount, xor.count == mask.count, inner.place?.mask == nil else {
        throw .unsupported("a mask of this operand")
      }
      try load(inner, at: byte)
      expressions.append(.bitwise(from: target, into: target, mask: mask, xor: xor))
    case .shifted(let inner, let left, let bits):
      guard type.byteCount == 4 else { throw .unsupported("a shift of this operand") }
      try load(inner, at: byte)
      expressions.append(.shift(from: target, into: target, length: 4, left: left, bits: bits))
    case .concatenation: break
    }
    if asRanges, type.needsByteSwap {
      let size = UInt32(type.byteCount)
      expressions.append(
        .byteorder(from: target, into: target, toNetwork: true, length: size, size: size))
    }
    return byte + type.paddedByteCount
  }
}

extension Operand {
  /// Where header bits stand: whole bytes, and the mask that leaves only the wanted bits of them.
  var place: (base: PayloadBase, offset: UInt32, length: UInt32, mask: [UInt8]?)? {
    switch self {
    case .field(let field):
      (
        field.header.base, UInt32(field.byteOffset), UInt32(field.byteCount),
        field.isAligned ? nil : field.mask
      )
    case .raw(let base, let offset, let length):
      offset >= 0 && length > 0 && length <= 512 && offset.isMultiple(of: 8) && length.isMultiple(of: 8)
        ? (base, UInt32(offset / 8), UInt32(length / 8), nil) : nil
    default: nil
    }
  }

  /// Whether nothing is computed: neither a mask nor a shift, nor a field that shares its bytes.
  var isPlain: Bool {
    switch self {
    case .field(let field): field.isAligned
    case .masked, .shifted, .concatenation: false
    default: true
    }
  }
}

#if _endian(little)
  let hostIsLittle = true
#else
  let hostIsLittle = false
#endif
