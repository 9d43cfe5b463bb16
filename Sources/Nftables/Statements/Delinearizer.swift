extension Rule {
  /// The rule in the words of nft(8).
  ///
  /// What has no exact words stays ``Statement/opaque(_:)``. Turned into expressions again, the
  /// statements give the very expressions of the rule.
  ///
  /// - Parameters:
  ///   - family: that of the table.
  ///   - sets: the table's sets by name, as in ``init(_:in:sets:comment:)``.
  public func statements(in family: Family, sets: [SetName: NamedSet] = [:]) -> [Statement] {
    exactStatements(in: family, sets: sets).statements
  }

  /// The statements, and whether nft 1.0.6 would make something else of them.
  private func exactStatements(
    in family: Family, sets: [SetName: NamedSet]
  ) -> (statements: [Statement], isJoinedByNft: Bool) {
    var isJoined = false
    func isExact(_ statements: [Statement]) -> Bool {
      var linearizer = Linearizer(family: family, sets: sets)
      for statement in statements {
        do throws(StatementError) { try linearizer.append(statement) } catch { return false }
      }
      isJoined = linearizer.isJoinedByNft
      return linearizer.expressions == expressions
    }
    let full = Delinearizer(family: family, sets: sets).statements(of: expressions)
    var pass = ImpliedMatches(family: family)
    let short = pass.removed(from: full)
    if isExact(short) { return (short, isJoined) }
    // One match after the other: some are implied here, others only look so.
    var kept = full
    var index = pass.removable.count
    while index > 0 {
      index -= 1
      var candidate = kept
      candidate.remove(at: pass.removable[index])
      if isExact(candidate) { kept = candidate }
    }
    return isExact(kept) ? (kept, isJoined) : ([.opaque(expressions)], false)
  }

  /// The statements for a file that nft(8) reads: it must make the very expressions of them.
  ///
  /// - Throws: ``TextError``.
  func loadableStatements(
    in family: Family, sets: [SetName: NamedSet]
  ) throws(TextError) -> [Statement] {
    let (statements, isJoinedByNft) = exactStatements(in: family, sets: sets)
    if isJoinedByNft {
      throw .unsupported("comparisons that nft would make others of")
    }
    return statements
  }

  /// The rule in the words of `nft list`, which hides more than ``statements(in:sets:)``: for
  /// instance which of two matches of the protocol (`ip protocol`, `meta l4proto`) there was.
  public func listedStatements(in family: Family, sets: [SetName: NamedSet] = [:]) -> [Statement] {
    var pass = ImpliedMatches(family: family)
    return pass.removed(
      from: Delinearizer(family: family, sets: sets, listing: true).statements(of: expressions))
  }
}

/// Finds statements in expressions; every implied match is still there as a statement.
struct Delinearizer {
  let family: Family
  let sets: [SetName: NamedSet]
  /// Also forms that would not be loaded by the same expressions.
  let listing: Bool

  init(family: Family, sets: [SetName: NamedSet], listing: Bool = false) {
    self.family = family
    self.sets = sets
    self.listing = listing
  }

  func statements(of expressions: [Expression]) -> [Statement] {
    var context = ProtocolContext(family: family)
    var out: [Statement] = []
    var opaque: [Expression] = []
    var index = 0
    while index < expressions.count {
      var reader = StatementReader(expressions[index...], context: context, delinearizer: self)
      if let statements = reader.next() {
        if !opaque.isEmpty { out.append(.opaque(opaque)) }
        opaque = []
        out += statements
        context = reader.context
        index = reader.index
      } else {
        opaque.append(expressions[index])
        index += 1
      }
    }
    if !opaque.isEmpty { out.append(.opaque(opaque)) }
    return out
  }
}

/// Reads one statement from the front of expressions.
struct StatementReader {
  private let steps: ArraySlice<Expression>
  var index: Int
  private(set) var context: ProtocolContext
  private let delinearizer: Delinearizer

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

  // MARK: Loads

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

  // MARK: Comparisons

  private mutating func comparison(
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
  private func restored(
    _ value: [UInt8], _ operand: Operand, _ type: ValueType, _ swapped: Bool
  ) -> [UInt8]? {
    if case .field(let field) = operand, !field.isAligned { return field.unshifted(value) }
    guard value.count == type.byteCount else { return nil }
    return swapped && hostIsLittle ? value.reversed() : value
  }

  // MARK: Operands

  /// What was loaded, and whether its bytes were turned to network order.
  private func operand(_ load: Load) -> (Operand, ValueType, swapped: Bool)? {
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

  private func set(_ update: DynamicSet, _ loads: [Load]) -> [Statement]? {
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

extension ProtocolContext {
  /// The field that begins in a byte of a header, as far as the header is known.
  func field(_ base: PayloadBase, byte: Int, where matches: (HeaderField) -> Bool) -> HeaderField? {
    var headers: [Header] = []
    switch base {
    case .link: headers = link == .vlan ? [.vlan, .ether] : link.map { [$0] } ?? []
    case .network: headers = network.map { [$0] } ?? []
    case .transport: headers = transport.flatMap { Header(transportProtocol: $0) }.map { [$0] } ?? [.th]
    case .inner: return nil
    }
    for header in headers {
      let found = HeaderField.fields(of: header).first { field in
        guard field.byteOffset == byte, matches(field) else { return false }
        guard let types = field.icmpTypes else { return true }
        return icmpTypes.map { known in known.allSatisfy(types.contains) } ?? false
      }
      if let found { return found }
    }
    return nil
  }
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

extension Operand {
  var sharesBytes: Bool {
    if case .field(let field) = self { return !field.isAligned }
    return false
  }
}
