/// Why statements do not make a rule.
public enum StatementError: Error, Hashable, Sendable {
  /// A header field contradicts an earlier match: `icmp type` behind `meta l4proto tcp`, or a header
  /// that the table's family does not have.
  case conflictingProtocols(HeaderField)
  /// A value has not the width of what it is compared to.
  case wrongWidth(expected: Int, actual: Int)
  /// A comparison that nft(8) has no form for, such as flags of an address.
  case unsupported(String)
}

extension Rule {
  /// Statements as the expressions that nft 1.0.6 makes of them: implied matches (`tcp dport` needs
  /// `meta l4proto tcp`), registers, byte order, short loads of prefixes, adjacent fields in one load.
  ///
  /// - Parameters:
  ///   - statements: what nft(8) writes, in order.
  ///   - family: that of the table, which decides what a header field implies.
  ///   - sets: the table's sets by name; only interval sets of numbers in host order (such as marks)
  ///     have to be among them.
  ///   - comment: of the rule.
  /// - Throws: ``StatementError``.
  public init(
    _ statements: [Statement], in family: Family, sets: [SetName: NamedSet] = [:], comment: String? = nil
  ) throws(StatementError) {
    var linearizer = Linearizer(family: family, sets: sets)
    for statement in statements { try linearizer.append(statement) }
    self.init(linearizer.expressions, comment: comment)
  }
}

/// Turns statements into expressions, one after the other.
struct Linearizer {
  var expressions: [Expression] = []
  let sets: [SetName: NamedSet]
  var context: ProtocolContext
  /// Where the last load-and-compare of each header base stands, for joining the next one to it.
  var joinable: [PayloadBase: Int] = [:]
  /// The bytes that were last compared in each header base, whatever came after.
  var compared: [PayloadBase: (offset: UInt32, length: UInt32)] = [:]
  /// Whether nft 1.0.6 makes something else of these statements: it also joins comparisons with a
  /// counter or a limit between them, which then counts less, and takes `tcp flags syn` for equality
  /// when it joins it; and it asks for a range in two steps.
  var isJoinedByNft = false

  init(family: Family, sets: [SetName: NamedSet]) {
    self.sets = sets
    context = ProtocolContext(family: family)
  }

  mutating func append(_ statement: Statement) throws(StatementError) {
    switch statement {
    case .match(let left, let sign, let right): try match(left, sign, right)
    case .vmap(let key, let map):
      try require(key)
      try load(key, at: 0, asRanges: isInterval(map))
      expressions.append(.lookup(storedForm(map, key), .r1, negated: false, into: .verdict))
    case .verdict(let verdict): sideEffect(.verdict(verdict))
    case .counter: sideEffect(.counter)
    case .limit(let limit): sideEffect(.limit(limit))
    case .log(let log): sideEffect(.log(log))
    case .reject(let reject):
      if reject.kind == .tcpReset { try requireTransport(6, for: HeaderField.tcpFlags) }
      sideEffect(.reject(reject))
    case .set(let update): try set(update)
    case .setMeta(let key, let value):
      try assign(value, width: key.properties?.value)
      sideEffect(.setMeta(key, from: .r1))
    case .setConntrack(let key, let direction, let value):
      try assign(value, width: key.properties?.value)
      sideEffect(.setConntrack(key, direction: direction, from: .r1))
    case .translate(let translation): try translate(translation)
    case .opaque(let steps):
      joinable = [:]
      expressions += steps
    }
  }

  /// Nothing is joined across a step that does something: a counter in between must not count less.
  mutating func sideEffect(_ expression: Expression) {
    joinable = [:]
    expressions.append(expression)
  }

  private mutating func set(_ update: SetUpdate) throws(StatementError) {
    try require(update.key)
    if case .operand(let operand)? = update.data { try require(operand) }
    var end = try load(update.key, at: 0)
    var data: Register?
    switch update.data {
    case nil: break
    case .operand(let operand):
      data = try register(end)
      end = try load(operand, at: end)
    case .value(let bytes):
      let target = try register(end)
      data = target
      expressions.append(.immediate(target, bytes))
    case .map: throw .unsupported("map as data of a set statement")
    }
    var inner: [Expression] = []
    for statement in update.statements {
      switch statement {
      case .counter: inner.append(.counter)
      case .limit(let limit): inner.append(.limit(limit))
      case .opaque(let steps): inner += steps
      default: throw .unsupported("statement of a set element")
      }
    }
    sideEffect(
      .dynamicSet(
        DynamicSet(
          update.operation, set: update.set, key: .r1, data: data, timeout: update.timeout,
          expressions: inner)))
  }

  private mutating func assign(_ value: Assignment, width: ValueType?) throws(StatementError) {
    switch value {
    case .value(let bytes):
      if let width, width.byteCount != bytes.count {
        throw .wrongWidth(expected: width.byteCount, actual: bytes.count)
      }
      expressions.append(.immediate(.r1, bytes))
    case .operand(let operand):
      try require(operand)
      try load(operand, at: 0)
    case .map(let key, let map):
      try require(key)
      try load(key, at: 0, asRanges: isInterval(map))
      expressions.append(.lookup(storedForm(map, key), .r1, negated: false, into: .r1))
    }
  }

  func isInterval(_ reference: SetReference) -> Bool {
    switch reference {
    case .named(let name): sets[name]?.flags.contains(.interval) ?? false
    case .inline(let set): set.flags.contains(.interval)
    }
  }

  /// Keys of fields that share their bytes with others are stored as they stand in those bytes.
  func storedForm(_ reference: SetReference, _ left: Operand) -> SetReference {
    guard case .inline(let set) = reference, case .field(let field) = left, !field.isAligned,
      let moved = set.mapKeys(count: field.byteCount, field.shifted)
    else { return reference }
    return .inline(moved)
  }

}
