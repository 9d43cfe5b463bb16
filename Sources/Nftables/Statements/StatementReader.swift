/// Reads one statement from the front of expressions.
struct StatementReader {
  let steps: ArraySlice<Expression>
  var index: Int
  var context: ProtocolContext
  let delinearizer: Delinearizer

  init(_ steps: ArraySlice<Expression>, context: ProtocolContext, delinearizer: Delinearizer) {
    self.steps = steps
    self.context = context
    self.delinearizer = delinearizer
    index = steps.startIndex
  }

  var step: Expression? { index < steps.endIndex ? steps[index] : nil }

  /// Whether a translation stands in front, behind what it loads.
  var mayTranslate: Bool {
    for step in steps {
      switch step {
      case .opaque: return true
      case .immediate, .lookup, .meta, .payload, .conntrack, .bitwise, .byteorder, .shift, .fib: continue
      default: return false
      }
    }
    return false
  }

  /// The statement, or several when one comparison covers adjacent fields; `nil`: none begins here.
  mutating func next() -> [Statement]? {
    if let translation = translation() { return [translation] }
    switch step {
    case nil: return nil
    case .verdict(let verdict)?: return one(.verdict(verdict))
    case .counter?: return one(.counter)
    case .limit(let limit)?: return one(.limit(limit))
    case .log(let log)?: return one(.log(log))
    case .reject(let reject)?: return one(.reject(reject))
    case .immediate(.r1, let value)?:
      index += 1
      switch step {
      case .setMeta(let key, from: .r1)?:
        guard key.properties?.value.byteCount == value.count else { return nil }
        return one(.setMeta(key, .value(value)))
      case .setConntrack(let key, let direction, from: .r1)?:
        guard key.properties?.value.byteCount == value.count else { return nil }
        return one(.setConntrack(key, direction, .value(value)))
      default: return nil
      }
    default: return reading()
    }
  }

  private mutating func one(_ statement: Statement) -> [Statement] {
    index += 1
    return [statement]
  }

  /// A value on its way through one register.
  struct Load {
    let source: Expression
    var changes: [Expression] = []
  }

  /// Loads into adjacent registers from one on.
  mutating func loads(at start: Int = 0) -> [Load] {
    var loads: [Load] = []
    var next = start
    while let step, case let (target?, length) = Self.target(of: step), target.byteOffset == next {
      index += 1
      var load = Load(source: step)
      while let change = self.step, Self.isChange(change, of: target) {
        load.changes.append(change)
        index += 1
      }
      loads.append(load)
      next += (length + 3) & ~3
    }
    return loads
  }

  /// Where a step loads to, and how many bytes.
  private static func target(of step: Expression) -> (Register?, Int) {
    switch step {
    case .meta(let key, let target): (target, key.properties?.value.byteCount ?? 0)
    case .conntrack(let key, _, let target): (target, key.properties?.value.byteCount ?? 0)
    case .payload(_, _, let length, let target): (target, Int(length))
    case .fib(_, let flags, let target): (target, flags.contains(.present) ? 4 : 16)
    default: (nil, 0)
    }
  }

  private static func isChange(_ step: Expression, of target: Register) -> Bool {
    switch step {
    case .bitwise(from: target, into: target, _, _): true
    case .shift(from: target, into: target, _, _, _): true
    case .byteorder(from: target, into: target, _, _, _): true
    default: false
    }
  }

  private mutating func reading() -> [Statement]? {
    let loads = self.loads()
    guard let first = loads.first, let step else { return nil }
    index += 1
    switch step {
    case .compare(let sign, .r1, let value):
      guard loads.count == 1 else { return nil }
      return comparison(first, sign, value)
    case .range(let negated, .r1, let from, let to):
      guard loads.count == 1, let (operand, type, swapped) = operand(first),
        swapped == type.needsByteSwap,
        let low = restored(from, operand, type, swapped), let high = restored(to, operand, type, swapped)
      else { return nil }
      return [
        negated ? .match(operand, .notEqual, .range(low, high)) : .match(operand, .equal, .span(low, high))
      ]
    case .lookup(let reference, .r1, let negated, nil):
      guard let (key, set) = lookup(loads, reference) else { return nil }
      learn(key, negated: negated, set)
      return [.match(key, negated ? .notEqual : .equal, .set(set))]
    case .lookup(let reference, .r1, negated: false, into: .verdict?):
      guard let (key, set) = lookup(loads, reference) else { return nil }
      return [.vmap(key, set)]
    case .lookup(let reference, .r1, negated: false, into: .r1?):
      guard let (key, set) = lookup(loads, reference) else { return nil }
      return assignment(.map(key, set))
    case .setMeta, .setConntrack:
      guard loads.count == 1, let (operand, _, swapped) = operand(first), !swapped else { return nil }
      index -= 1
      return assignment(.operand(operand))
    case .dynamicSet(let update): return set(update, loads)
    default: return nil
    }
  }

  private mutating func assignment(_ value: Assignment) -> [Statement]? {
    defer { index += 1 }
    switch step {
    case .setMeta(let key, from: .r1)?: return [.setMeta(key, value)]
    case .setConntrack(let key, let direction, from: .r1)?: return [.setConntrack(key, direction, value)]
    default: return nil
    }
  }

  private mutating func learn(_ key: Operand, negated: Bool, _ set: SetReference) {
    guard !negated, case .inline(let inline) = set, inline.data == nil, inline.elements.lastKeys == nil,
      key == .icmpType || key == .icmpv6Type
    else { return }
    context.learn(key, equals: inline.elements.keys)
  }
}
