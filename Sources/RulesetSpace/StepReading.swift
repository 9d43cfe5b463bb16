internal import Addressing
internal import ConnectionSpace
internal import Nftables

/// What the steps of a rule ask of the connections of a domain: they narrow a condition and end no packet's way.
struct StepReading {
  private let domain: Domain
  private let table: Table
  private let reader: PacketReader
  private let place: Comparison.Place
  private var lookups: [LookupKey: SetLookup] = [:]
  /// Protocols of the domain's class that were not treated alike.
  private(set) var splits: Set<IPProtocol> = []

  private struct LookupKey: Hashable {
    let set: SetName
    let bytes: [SymbolicByte]
    let byValue: Bool
  }

  init(
    _ domain: Domain, _ table: Table, _ reader: PacketReader, _ circumstances: Circumstances,
    _ alteration: Alteration
  ) {
    self.domain = domain
    self.table = table
    self.reader = reader
    var place = Comparison.Place(
      domain: domain, ownSources: circumstances.ownSources, ownDestinations: circumstances.ownDestinations)
    place.apart = [
      .otherLinkName: circumstances.apartFrom,
      .otherInputName: circumstances.apartFrom.union(circumstances.notBy),
    ]
    switch alteration.destination {
    case .among(let targets): place.targets = targets
    case .own: place.targets = IntervalSet(circumstances.ownDestinations?.ranges(domain.family) ?? [])
    case .asked, .bytes, .unknown: break
    }
    if alteration.source == .own {
      place.disguises = IntervalSet(circumstances.ownSources?.ranges(domain.family) ?? [])
    }
    if case .among(let ports) = alteration.port {
      place.targetKinds = IntervalSet([UInt128(ports.lowerBound)...UInt128(ports.upperBound)])
    }
    self.place = place
  }

  // MARK: Matches

  /// A key of a set is asked for, whatever it leads to.
  func meet(_ result: SetLookup, negated: Bool, _ condition: inout Condition) throws(NotProven) {
    var found = domain.never
    for element in result.cases {
      found.sure = try found.sure.union(element.match.sure)
      found.possible = try found.possible.union(element.match.possible)
    }
    try condition.add(negated ? found.complement(in: domain.all) : found)
  }

  /// A match of iptables: one of its ways.
  mutating func meet(_ match: MatchExtension, _ condition: inout Condition) throws(NotProven) {
    if !match.isExact { condition.doubt() }
    if match.ways.count == 1 { return try meet(match.ways[0], &condition) }
    var found = domain.never
    for way in match.ways {
      var inner = Condition()
      try meet(way, &inner)
      let match = try inner.match(in: domain)
      found.sure = try found.sure.union(match.sure)
      found.possible = try found.possible.union(match.possible)
    }
    try condition.add(found)
  }

  private mutating func meet(_ way: [Expression], _ condition: inout Condition) throws(NotProven) {
    var registers = Registers()
    for step in way where !condition.isNever {
      if case .lookup(let set, let register, let negated, nil) = step,
        let result = try lookup(set, registers, register, byValue: false)
      {
        try meet(result, negated: negated, &condition)
      } else {
        try self.step(step, &registers, &condition)
      }
    }
  }

  // MARK: Steps

  /// A step that decides nothing.
  mutating func step(
    _ expression: Expression, _ registers: inout Registers, _ condition: inout Condition
  ) throws(NotProven) {
    switch expression {
    case .counter, .log, .setMeta, .setConntrack: break
    case .limit, .dynamicSet: condition.doubt()
    case .meta(let key, let register):
      registers.store(reader.meta(key), register)
    case .payload(let base, let offset, let length, let register):
      let (bytes, isThere) = reader.payload(base, Int(offset), Int(length))
      registers.store(bytes, register)
      if !isThere { condition.doubt() }
    case .conntrack(let key, let direction, let register):
      guard let bytes = reader.conntrack(key, direction) else { return condition.refuse() }
      registers.store(bytes, register)
    case .fib(let result, let flags, let register):
      registers.store(reader.fib(result, flags), register)
    case .immediate(let register, let value):
      registers.store(constant: value, register)
    case .bitwise(let from, let into, let mask, let xor):
      guard let bytes = registers.read(from, mask.count), xor.count == mask.count else {
        registers.forget()
        return condition.doubt()
      }
      registers.store(mask.indices.map { bytes[$0].masked(mask[$0], xor[$0]) }, into)
    case .byteorder(let from, let into, _, let length, let size):
      guard let bytes = registers.read(from, Int(length)), size > 0 else {
        registers.forget()
        return condition.doubt()
      }
      registers.store(
        stride(from: 0, to: bytes.count, by: Int(size)).flatMap {
          bytes[$0..<min($0 + Int(size), bytes.count)].reversed()
        }, into)
    case .shift(_, let into, let length, _, _):
      registers.store(Array(repeating: .hidden, count: Int(min(length, 65))), into)
    case .compare(let sign, let register, let value):
      guard let bytes = registers.read(register, value.count) else { return condition.doubt() }
      try compare(bytes, sign, value, &condition)
    case .range(let negated, let register, let from, let to):
      guard let bytes = registers.read(register, from.count), to.count == from.count else {
        return condition.doubt()
      }
      try add(Comparison(bytes, from: from, to: to, place), negated: negated, &condition)
    case .lookup, .verdict, .reject, .matchExtension, .targetExtension, .opaque: condition.doubt()
    }
  }

  private mutating func compare(
    _ bytes: [SymbolicByte], _ sign: ComparisonOperator, _ value: [UInt8], _ condition: inout Condition
  ) throws(NotProven) {
    let zero = [UInt8](repeating: 0, count: value.count)
    let comparison =
      switch sign {
      case .equal, .notEqual: Comparison(bytes, equal: value, place)
      case .lessOrEqual, .greater: Comparison(bytes, from: zero, to: value, place)
      case .less, .greaterOrEqual:
        value == zero ? .never : Comparison(bytes, from: zero, to: predecessor(value), place)
      }
    let isNegated = [.notEqual, .greater, .greaterOrEqual].contains(sign)
    try add(comparison, negated: isNegated, &condition)
  }

  private mutating func add(_ comparison: Comparison, negated: Bool, _ condition: inout Condition)
    throws(NotProven)
  {
    splits.formUnion(comparison.splits)
    guard negated else { return condition.add(comparison) }
    if comparison.isNever { return }
    let space = try domain.space(of: comparison.box)
    let match = Match(sure: comparison.isSure ? space : domain.empty, possible: space)
    try condition.add(match.complement(in: domain.all))
  }

  /// `nil` when what the set holds is not known.
  mutating func lookup(
    _ set: SetReference, _ registers: Registers, _ register: Register, byValue: Bool
  ) throws(NotProven) -> SetLookup? {
    let elements: SetElements
    let type: [DataType]
    var mayChange = false
    var key: LookupKey?
    switch set {
    case .named(let name):
      guard let set = table.set(name), !set.flags.contains(.dynamic), set.keyLength > 0,
        let bytes = registers.read(register, set.elements.keyLength)
      else { return nil }
      (elements, type) = (set.elements, set.key)
      mayChange = set.timeout != nil || set.flags.contains(.timeout)
      let wanted = LookupKey(set: name, bytes: bytes, byValue: byValue)
      if let known = lookups[wanted] { return known }
      key = wanted
    case .inline(let set): (elements, type) = (set.elements, set.key)
    }
    guard let bytes = registers.read(register, elements.keyLength) else { return nil }
    let result = try SetLookup(
      bytes, in: elements, of: type, mayChange: mayChange, byValue: byValue, place)
    splits.formUnion(result.splits)
    if let key { lookups[key] = result }
    return result
  }
}

extension NamedSet {
  fileprivate var keyLength: Int { elements.keyLength }
}

/// The number before one that is not 0.
private func predecessor(_ value: [UInt8]) -> [UInt8] {
  var result = value
  for index in result.indices.reversed() {
    result[index] &-= 1
    if result[index] != 0xff { break }
  }
  return result
}
