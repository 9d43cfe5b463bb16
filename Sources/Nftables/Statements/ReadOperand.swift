extension StatementReader {
  /// What was loaded, and whether its bytes were turned to network order.
  func operand(_ load: Load) -> (Operand, ValueType, swapped: Bool)? {
    var changes = load.changes[...]
    var operand: Operand
    switch load.source {
    case .meta(let key, _): operand = .meta(key)
    case .conntrack(let key, let direction, _): operand = .conntrack(key, direction)
    case .fib(let result, let flags, _): operand = .fib(flags, result)
    case .payload(let base, let offset, let length, _):
      if case .bitwise(_, _, let mask, let xor)? = changes.first, xor.allSatisfy({ $0 == 0 }),
        let field = context.field(
          base, byte: Int(offset),
          where: { !$0.isAligned && $0.byteCount == Int(length) && $0.mask == mask })
      {
        operand = .field(field)
        changes.removeFirst()
      } else if let field = context.field(
        base, byte: Int(offset), where: { $0.isAligned && $0.byteCount == Int(length) })
      {
        operand = .field(field)
      } else {
        operand = .raw(base, offset: Int(offset) * 8, length: Int(length) * 8)
      }
    default: return nil
    }
    var swapped = false
    for change in changes {
      guard let type = operand.value, !swapped else { return nil }
      switch change {
      case .bitwise(_, _, let mask, let xor):
        guard mask.count == type.byteCount, xor.count == mask.count else { return nil }
        operand = .masked(operand, mask: mask, xor: xor)
      case .shift(_, _, let length, let left, let bits):
        guard length == 4, type.byteCount == 4 else { return nil }
        operand = .shifted(operand, left: left, bits: bits)
      case .byteorder(_, _, let toNetwork, let length, let size):
        guard toNetwork, type.needsByteSwap, length == size, Int(size) == type.byteCount else { return nil }
        swapped = true
      default: return nil
      }
    }
    guard let type = operand.value else { return nil }
    return (operand, type, swapped)
  }

  /// The key of a lookup and the set as statements have it.
  func lookup(_ loads: [Load], _ reference: SetReference) -> (Operand, SetReference)? {
    let isInterval =
      switch reference {
      case .named(let name): delinearizer.sets[name]?.flags.contains(.interval) ?? false
      case .inline(let set): set.flags.contains(.interval)
      }
    var parts: [Operand] = []
    var width = 0
    for load in loads {
      guard let (operand, type, swapped) = operand(load), swapped == (isInterval && type.needsByteSwap)
      else { return nil }
      parts.append(operand)
      width += loads.count == 1 ? type.byteCount : type.paddedByteCount
    }
    let key = parts.count == 1 ? parts[0] : .concatenation(parts)
    guard case .inline(let set) = reference else {
      // A named set holds plain values, not those shifted to their place in the header.
      return parts.contains(where: \.sharesBytes) ? nil : (key, reference)
    }
    if case .field(let field) = key, !field.isAligned {
      guard let moved = set.mapKeys(count: (field.length + 7) / 8, field.unshifted) else { return nil }
      return (key, .inline(moved))
    }
    guard set.elements.keyLength == width, !parts.contains(where: \.sharesBytes) else { return nil }
    return (key, reference)
  }
}

extension Operand {
  var sharesBytes: Bool {
    if case .field(let field) = self { return !field.isAligned }
    return false
  }
}
