extension StatementReader {
  func set(_ update: DynamicSet, _ loads: [Load]) -> [Statement]? {
    guard update.key == .r1 else { return nil }
    var keys: [Operand] = []
    var data: [Operand] = []
    var place = 0
    for load in loads {
      guard let (operand, type, swapped) = operand(load), !swapped else { return nil }
      if let register = update.data, let start = register.byteOffset, place >= start {
        data.append(operand)
      } else {
        keys.append(operand)
      }
      place += type.paddedByteCount
    }
    guard !keys.isEmpty, (update.data == nil) == data.isEmpty else { return nil }
    var statements: [Statement] = []
    for expression in update.expressions {
      switch expression {
      case .counter: statements.append(.counter)
      case .limit(let limit): statements.append(.limit(limit))
      default: statements.append(.opaque([expression]))
      }
    }
    func joined(_ parts: [Operand]) -> Operand { parts.count == 1 ? parts[0] : .concatenation(parts) }
    return [
      .set(
        SetUpdate(
          update.operation, set: update.set, key: joined(keys),
          data: data.isEmpty ? nil : .operand(joined(data)), timeout: update.timeout,
          statements: statements))
    ]
  }
}
