import Addressing

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
  ///   - family: that of the table, which decides what a header field implies.
  ///   - sets: the table's sets by name; only interval sets of numbers in host order (such as marks)
  ///     have to be among them.
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
  private(set) var expressions: [Expression] = []
  private let sets: [SetName: NamedSet]
  private(set) var context: ProtocolContext
  /// Where the last load-and-compare of each header base stands, for joining the next one to it.
  private var joinable: [PayloadBase: Int] = [:]
  /// The bytes that were last compared in each header base, whatever came after.
  private var compared: [PayloadBase: (offset: UInt32, length: UInt32)] = [:]
  /// Whether nft 1.0.6 makes something else of these statements: it also joins comparisons with a
  /// counter or a limit between them, which then counts less, and takes `tcp flags syn` for equality
  /// when it joins it; and it asks for a range in two steps.
  private(set) var isJoinedByNft = false

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

  private mutating func translate(_ statement: TranslationStatement) throws(StatementError) {
    var next = 0
    var (addresses, ports): (Translation.Ends?, Translation.Ends?)
    if let value = statement.addresses {
      let start = next
      addresses = try load(value, at: &next)
      if let length = statement.addressLength, statement.leadsToPort(sets) {
        let port = try register(start + length)
        ports = Translation.Ends(port, port)
      }
    }
    if let value = statement.ports { ports = try load(value, at: &next) }
    var flags = statement.flags
    if addresses != nil { flags.insert(.addresses) }
    // A socket's address has no flags (nft_tproxy.c).
    if ports != nil { flags.insert(.ports) }
    if statement.kind == .socket { flags = [] }
    let translation = Translation(
      statement.kind, family: statement.family, addresses: addresses, ports: ports, flags: flags)
    sideEffect(translation.expression)
  }

  /// What a packet is translated to, in registers of 16 bytes from one on.
  private mutating func load(
    _ value: TranslationStatement.Value, at next: inout Int
  ) throws(StatementError) -> Translation.Ends {
    func constant(_ bytes: [UInt8]) throws(StatementError) -> Register {
      let target = try register(next)
      expressions.append(.immediate(target, bytes))
      next += (bytes.count + 15) & ~15
      return target
    }
    switch value {
    case .value(let bytes):
      let target = try constant(bytes)
      return Translation.Ends(target, target)
    case .range(let low, let high): return Translation.Ends(try constant(low), try constant(high))
    case .map(let key, let map):
      try require(key)
      let target = try register(next)
      try load(key, at: next, asRanges: isInterval(map))
      expressions.append(.lookup(storedForm(map, key), target, negated: false, into: target))
      next += 32
      return Translation.Ends(target, target)
    }
  }

  /// Nothing is joined across a step that does something: a counter in between must not count less.
  private mutating func sideEffect(_ expression: Expression) {
    joinable = [:]
    expressions.append(expression)
  }

  // MARK: Matches

  private mutating func match(
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

  // MARK: Sets and assignments

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

  private func isInterval(_ reference: SetReference) -> Bool {
    switch reference {
    case .named(let name): sets[name]?.flags.contains(.interval) ?? false
    case .inline(let set): set.flags.contains(.interval)
    }
  }

  /// Keys of fields that share their bytes with others are stored as they stand in those bytes.
  private func storedForm(_ reference: SetReference, _ left: Operand) -> SetReference {
    guard case .inline(let set) = reference, case .field(let field) = left, !field.isAligned,
      let moved = set.mapKeys(count: field.byteCount, field.shifted)
    else { return reference }
    return .inline(moved)
  }

  // MARK: Loads

  private func single(_ operand: Operand) throws(StatementError) -> ValueType {
    guard let type = operand.value else { throw .unsupported("a value of this operand") }
    return type
  }

  private func register(_ byte: Int) throws(StatementError) -> Register {
    guard byte >= 0, byte < 64, byte.isMultiple(of: 4) else { throw .unsupported("a key this long") }
    return .at(byte: byte)
  }

  /// A value as the register holds it when it is compared.
  private func stored(
    _ value: [UInt8], _ left: Operand, _ type: ValueType, swapped: Bool
  ) -> [UInt8] {
    if case .field(let field) = left, !field.isAligned { return field.shifted(value) }
    return swapped && hostIsLittle ? value.reversed() : value
  }

  /// Loads an operand and returns the first byte behind it.
  @discardableResult
  private mutating func load(
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

  // MARK: What header fields imply

  private mutating func require(_ operand: Operand) throws(StatementError) {
    switch operand {
    case .field(let field): try require(field)
    case .masked(let inner, _, _), .shifted(let inner, _, _): try require(inner)
    case .concatenation(let parts): for part in parts { try require(part) }
    default: break
    }
  }

  private mutating func require(_ field: HeaderField) throws(StatementError) {
    switch field.header {
    case .ether: try requireLink(field)
    case .vlan:
      if context.link == .vlan { return }
      try requireLink(field)
      try match(.field(.etherType), .equal, .value([0x81, 0x00]))
    case .ip, .ip6, .arp: try requireNetwork(field)
    case .th: break
    default:
      guard let number = field.header.transportProtocol else { break }
      try requireTransport(number, for: field)
      try requireICMPType(field)
    }
  }

  private mutating func requireLink(_ field: HeaderField) throws(StatementError) {
    if context.link != nil { return }
    guard context.family != .arp else { throw .conflictingProtocols(field) }
    try match(.meta(.inputInterfaceType), .equal, .value(hostBytes(UInt16(1))))
  }

  private mutating func requireNetwork(_ field: HeaderField) throws(StatementError) {
    if let known = context.network {
      guard known == field.header else { throw .conflictingProtocols(field) }
      return
    }
    switch (context.family, field.header) {
    case (.inet, .ip): try match(.nfProto, .equal, .family(.ipv4))
    case (.inet, .ip6): try match(.nfProto, .equal, .family(.ipv6))
    case (.bridge, .ip), (.netdev, .ip): try match(.meta(.etherProtocol), .equal, .value([0x08, 0x00]))
    case (.bridge, .ip6), (.netdev, .ip6): try match(.meta(.etherProtocol), .equal, .value([0x86, 0xdd]))
    case (.bridge, .arp), (.netdev, .arp): try match(.meta(.etherProtocol), .equal, .value([0x08, 0x06]))
    default: throw .conflictingProtocols(field)
    }
  }

  private mutating func requireTransport(
    _ number: UInt8, for field: HeaderField
  ) throws(StatementError) {
    if let known = context.transport {
      guard known == number else { throw .conflictingProtocols(field) }
      return
    }
    // ICMP is of one family each, so in a table of both its number alone would say too little.
    if context.family == .inet, context.network == nil {
      switch field.header {
      case .icmp: try match(.nfProto, .equal, .family(.ipv4))
      case .icmpv6: try match(.nfProto, .equal, .family(.ipv6))
      default: break
      }
    }
    try match(.l4Proto, .equal, .byte(number))
  }

  private mutating func requireICMPType(_ field: HeaderField) throws(StatementError) {
    guard let types = field.icmpTypes else { return }
    if let known = context.icmpTypes {
      guard known.allSatisfy(types.contains) else { throw .conflictingProtocols(field) }
      return
    }
    let operand = Operand.field(field.header == .icmp ? .icmpType : .icmpv6Type)
    if types.count == 1 {
      try match(operand, .equal, .value(types))
    } else {
      try match(operand, .equal, .icmpTypes(field.header == .icmp ? .ipv4 : .ipv6, types))
    }
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

extension InlineSet {
  /// The set with every key turned into one of `count` bytes; `nil` when a key cannot be.
  func mapKeys(count: Int, _ transform: ([UInt8]) -> [UInt8]?) -> InlineSet? {
    func all(_ bytes: [UInt8]) -> [UInt8]? {
      var out: [UInt8] = []
      for index in 0..<elements.count {
        let key = bytes[index * elements.keyLength..<(index + 1) * elements.keyLength]
        guard let moved = transform(Array(key)), moved.count == count else { return nil }
        out += moved
      }
      return out
    }
    guard let keys = all(elements.keys) else { return nil }
    var lastKeys: [UInt8]?
    if let last = elements.lastKeys {
      guard let moved = all(last) else { return nil }
      lastKeys = moved
    }
    return InlineSet(
      key: key, data: data, flags: flags,
      elements: SetElements(
        keyLength: count, keys: keys, lastKeys: lastKeys, payload: elements.payload,
        attributes: elements.attributes))
  }
}

#if _endian(little)
  let hostIsLittle = true
#else
  let hostIsLittle = false
#endif
