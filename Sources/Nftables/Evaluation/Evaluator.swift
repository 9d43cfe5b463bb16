internal import Addressing

/// Where a packet's way through a table ended.
public struct Evaluation: Hashable, Sendable {
  public let verdict: ChainPolicy
  /// The rule that decided; `nil`: the base chain's policy did.
  public let decidedBy: Place?
  /// The rule whose `goto` led to the chain that decided; `nil`: none did, or a `jump` that comes back.
  public fileprivate(set) var ledBy: Place?
  /// Whether no expression on the way was unknown or depends on more than the packet (a rate limit);
  /// if one was, the kernel may decide otherwise.
  public let isCertain: Bool

  /// A rule within a table.
  public struct Place: Hashable, Sendable {
    public let chain: ChainName
    public let index: Int
  }
}

/// Evaluates the rules of a table as the kernel does (`nft_do_chain`, net/netfilter/nf_tables_core.c).
public struct Evaluator: Sendable {
  private let table: EvaluatedTable
  private let chains: [(name: ChainName, policy: ChainPolicy)]
  private let bases: [(hook: Hook, chain: Int)]

  /// Resolves names once, so that a table can be asked many times.
  public init(_ table: Table) {
    self.table = EvaluatedTable(table)
    chains = table.chains.map { ($0.name, $0.base?.policy ?? .accept) }
    bases = table.chains.indices
      .compactMap { index in table.chains[index].base.map { ($0, index) } }
      .sorted { $0.0.priority < $1.0.priority }
      .map { ($0.0.hook, $0.1) }
  }

  /// Sends a packet through the table's base chains of one hook, in order of priority.
  ///
  /// A table without a base chain there lets everything pass.
  public func evaluate(_ packet: Packet, at hook: Hook) -> Evaluation {
    var last = Evaluation(verdict: .accept, decidedBy: nil, isCertain: true)
    for base in bases where base.hook == hook {
      var walk = Walk(packet: packet)
      last =
        run(base.chain, &walk)
        ?? Evaluation(verdict: chains[base.chain].policy, decidedBy: nil, isCertain: walk.isCertain)
      if last.verdict == .drop { return last }
    }
    return last
  }

  /// Runs a chain to a final verdict; `nil` when it ends or returns without one. Chains cannot form a
  /// loop: the kernel refuses such a table when it is loaded.
  private func run(_ index: Int, _ walk: inout Walk) -> Evaluation? {
    let own = table.chains[index]
    for position in own {
      switch apply(table.rules[position], &walk) {
      case nil, .continue: continue
      case .return: return nil
      case .final(let verdict):
        return Evaluation(verdict: verdict, decidedBy: place(position, in: index), isCertain: walk.isCertain)
      case .jump(let target):
        if let result = run(target, &walk) { return result }
      case .goto(let target):
        var result = run(target, &walk)
        if result != nil, result?.ledBy == nil { result?.ledBy = place(position, in: index) }
        return result
      }
    }
    return nil
  }

  private func place(_ position: Int, in chain: Int) -> Evaluation.Place {
    Evaluation.Place(chain: chains[chain].name, index: position - table.chains[chain].lowerBound)
  }

  /// The verdict of a rule; `nil` when it does not match or decides nothing.
  private func apply(_ rule: EvaluatedRule, _ walk: inout Walk) -> EvaluatedVerdict? {
    let wasCertain = walk.isCertain
    // Doubt about a rule that decides nothing, such as one that only records, is no doubt.
    defer { if !rule.mayDecide { walk.isCertain = wasCertain } }
    for index in rule.steps {
      switch step(table.steps[index], &walk) {
      case .goesOn: continue
      case .ends: return nil
      case .decides(let verdict): return verdict
      }
    }
    return nil
  }

  fileprivate enum Step {
    case goesOn
    case ends
    case decides(EvaluatedVerdict)
  }

  private func step(_ expression: EvaluatedExpression, _ walk: inout Walk) -> Step {
    switch expression {
    case .lookup(let set, let register, let negated, let into):
      return lookup(set, register, negated, into, &walk)
    case .verdict(let verdict):
      return .decides(verdict)
    case .meta(let key, let register):
      return walk.loadMeta(key, into: register) ? .goesOn : walk.doubt()
    case .payload(let base, let offset, let length, let register):
      guard base == .network || base == .transport else { return walk.doubt() }
      return walk.loadPayload(base, Int(offset), Int(length), into: register) ? .goesOn : .ends
    case .compare(let sign, let register, let value, let count):
      guard let order = walk.order(register, value, count) else { return walk.doubt() }
      return sign.holds(order) ? .goesOn : .ends
    case .conntrack(let key, let direction, let register):
      return walk.loadConntrack(key, direction, into: register) ? .goesOn : walk.doubt()
    case .bitwise(let from, let into, let mask, let xor):
      return walk.combine(from, into: into, mask, xor) ? .goesOn : walk.doubt()
    case .extensionMatch(let ways, let isExact):
      return extensionMatch(ways, isExact, &walk)
    case .other(let index):
      return rareStep(table.others[index], &walk)
    }
  }

  private func rareStep(_ expression: Expression, _ walk: inout Walk) -> Step {
    switch expression {
    case .compare(let sign, let register, let value):
      guard let order = walk.order(register, value) else { return walk.doubt() }
      if !sign.holds(order) { return .ends }
    case .range(let negated, let register, let from, let to):
      guard let low = walk.order(register, from), let high = walk.order(register, to) else {
        return walk.doubt()
      }
      if (low >= 0 && high <= 0) == negated { return .ends }
    case .bitwise(let from, let into, let mask, let xor):
      guard let held = walk.bytes(from, mask.count), xor.count == mask.count else { return walk.doubt() }
      walk.store(mask.indices.map { (held[$0] & mask[$0]) ^ xor[$0] }, into)
    case .byteorder(let from, let into, _, let length, let size):
      guard let held = walk.bytes(from, Int(length)), size > 0 else { return walk.doubt() }
      walk.store(swapped(held, size: Int(size)), into)
    case .immediate(let register, let value):
      walk.store(value, register)
    case .fib(.addressType, let flags, let register) where flags == .source || flags == .destination:
      let address = walk.packet.address(source: flags == .source)
      let isLocal = address.map { walk.packet.localAddresses.contains($0) } ?? false
      walk.store(host: UInt32(isLocal ? 2 : 1), register)
    case .counter, .log, .dynamicSet, .setMeta, .setConntrack:
      break
    case .reject:
      return .decides(.final(.drop))
    case .limit:
      walk.isCertain = false
    case .targetExtension(let target):
      return effect(target.effect, &walk)
    case .fib, .shift, .opaque, .lookup, .verdict, .meta, .payload, .conntrack,
      .matchExtension:
      return walk.doubt()
    }
    return .goesOn
  }

  /// Goes on when one way matches; registers are afterwards as they were before.
  private func extensionMatch(_ ways: Range<Int>, _ isExact: Bool, _ walk: inout Walk) -> Step {
    let registers = walk.registers
    defer { walk.registers = registers }
    // Doubt about one way is none when another one surely matches.
    let wasCertain = walk.isCertain
    for way in ways {
      var attempt = walk
      attempt.isCertain = true
      let matches = table.ways[way].allSatisfy { index in
        if case .goesOn = step(table.steps[index], &attempt) { true } else { false }
      }
      if !attempt.isCertain { walk.isCertain = false }
      guard matches else { continue }
      walk.isCertain = wasCertain && attempt.isCertain && isExact
      return .goesOn
    }
    return .ends
  }

  private func effect(_ effect: TargetEffect, _ walk: inout Walk) -> Step {
    switch effect {
    case .continues, .untracks: return .goesOn
    case .rejects: return .decides(.final(.drop))
    case .translates: return .decides(.final(.accept))
    case .proxies, .unknown: return walk.doubt()
    }
  }

  private func lookup(
    _ set: Int, _ register: Register, _ negated: Bool, _ into: Register?, _ walk: inout Walk
  ) -> Step {
    let set = table.sets[set]
    guard set.isKnown, let found = walk.index(register, in: set, table.bytes.span) else {
      return walk.doubt()
    }
    if (found < 0) != negated { return .ends }
    if found < 0 || into == nil { return .goesOn }
    if let first = set.verdicts { return .decides(table.verdicts[first + found]) }
    if set.valueLength > 0, let into {
      let start = set.values + found * set.valueLength
      walk.store(Array(table.bytes[start..<start + set.valueLength]), into)
    }
    return .goesOn
  }

  /// A packet on its way, and the registers.
  fileprivate struct Walk {
    let packet: Packet
    var registers = InlineArray<64, UInt8>(repeating: 0)
    var isCertain = true

    fileprivate mutating func doubt() -> Step {
      isCertain = false
      return .ends
    }
  }
}

private func swapped(_ bytes: [UInt8], size: Int) -> [UInt8] {
  stride(from: 0, to: bytes.count, by: size).flatMap { bytes[$0..<min($0 + size, bytes.count)].reversed() }
}

extension Evaluator.Walk {
  /// Stores bytes; the kernel clears the rest of the last 32-bit register.
  mutating func store(_ value: [UInt8], _ register: Register) {
    guard let start = register.byteOffset, start + value.count <= 64 else { return }
    for index in value.indices { registers[start + index] = value[index] }
    clear(start + value.count)
  }

  /// Stores a number in the byte order of the machine.
  fileprivate mutating func store(host value: some FixedWidthInteger, _ register: Register) {
    let count = value.bitWidth / 8
    guard let start = register.byteOffset, start + count <= 64 else { return }
    // The first byte in memory is the lowest of the number as a little endian machine reads it.
    var rest = value.littleEndian
    #if _endian(big)
      rest = rest.byteSwapped
    #endif
    for index in 0..<count {
      registers[start + index] = UInt8(truncatingIfNeeded: rest)
      rest >>= 8
    }
    clear(start + count)
  }

  private mutating func store(byte: UInt8, _ register: Register) {
    guard let start = register.byteOffset else { return }
    registers[start] = byte
    clear(start + 1)
  }

  /// Stores a name of an interface, which fills four registers (`IFNAMSIZ`, linux/if.h).
  private mutating func store(name: String, _ register: Register) {
    let bytes = name.utf8.prefix(15)
    store(bytes + Array(repeating: 0, count: 16 - bytes.count), register)
  }

  private mutating func clear(_ from: Int) {
    var index = from
    while index % 4 != 0 {
      registers[index] = 0
      index += 1
    }
  }

  /// The bitwise operation on one 32-bit register; `false` without such a register.
  mutating func combine(_ from: Register, into: Register, _ mask: UInt32, _ xor: UInt32) -> Bool {
    guard let start = from.byteOffset, let end = into.byteOffset, start + 4 <= 64, end + 4 <= 64 else {
      return false
    }
    var value: UInt32 = 0
    for index in start..<start + 4 { value = value << 8 | UInt32(registers[index]) }
    value = value & mask ^ xor
    for index in 0..<4 {
      registers[end + index] = UInt8(truncatingIfNeeded: value >> (24 - 8 * UInt32(index)))
    }
    return true
  }

  func bytes(_ register: Register, _ count: Int) -> [UInt8]? {
    guard let start = register.byteOffset, start + count <= 64 else { return nil }
    return (start..<start + count).map { registers[$0] }
  }

  /// Negative, zero or positive as the register is below, equal to or above a value; as memcmp(3).
  func order(_ register: Register, _ value: [UInt8]) -> Int? {
    guard let start = register.byteOffset, start + value.count <= 64 else { return nil }
    for index in value.indices where registers[start + index] != value[index] {
      return registers[start + index] < value[index] ? -1 : 1
    }
    return 0
  }

  /// ``order(_:_:)`` for a short value.
  func order(_ register: Register, _ value: InlineArray<16, UInt8>, _ count: Int) -> Int? {
    guard let start = register.byteOffset, start + count <= 64 else { return nil }
    for index in 0..<count where registers[start + index] != value[index] {
      return registers[start + index] < value[index] ? -1 : 1
    }
    return 0
  }

  /// Index of the element that holds the register's key, -1 for none, `nil` without such a register.
  func index(_ register: Register, in set: EvaluatedSet, _ bytes: Span<UInt8>) -> Int? {
    let length = set.keyLength
    guard let start = register.byteOffset, start + length <= 64, length > 0 else { return nil }
    func order(_ keys: Int, _ element: Int) -> Int {
      var at = keys + element * length
      for index in start..<start + length {
        if registers[index] != bytes[at] { return registers[index] < bytes[at] ? -1 : 1 }
        at += 1
      }
      return 0
    }
    var low = 0
    var high = set.count
    while low < high {
      let middle = (low + high) / 2
      if order(set.lastKeys, middle) > 0 { low = middle + 1 } else { high = middle }
    }
    return low < set.count && order(set.keys, low) >= 0 ? low : -1
  }

  mutating func loadMeta(_ key: MetaKey, into register: Register) -> Bool {
    switch key {
    case .nfProto:
      store(byte: packet.family == .ipv4 ? Family.ipv4.rawValue : Family.ipv6.rawValue, register)
    case .l4Proto: store(byte: packet.ipProtocol.rawValue, register)
    case .inputInterface: store(host: packet.inputInterface ?? 0, register)
    case .outputInterface: store(host: packet.outputInterface ?? 0, register)
    case .inputInterfaceName: store(name: packet.inputInterfaceName, register)
    case .outputInterfaceName: store(name: packet.outputInterfaceName, register)
    case .timeNanoseconds: store(host: packet.time, register)
    case .mark: store(host: packet.mark, register)
    default: return false
    }
    return true
  }

  /// `false` when the packet is too short, which ends the rule.
  mutating func loadPayload(_ base: PayloadBase, _ offset: Int, _ length: Int, into register: Register)
    -> Bool
  {
    let header = base == .network ? packet.network : packet.transport
    guard offset + length <= header.count, let start = register.byteOffset, start + length <= 64 else {
      return false
    }
    for index in 0..<length { registers[start + index] = header[offset + index] }
    clear(start + length)
    return true
  }

  mutating func loadConntrack(_ key: ConntrackKey, _ direction: ConntrackDirection?, into register: Register)
    -> Bool
  {
    switch (key, direction) {
    case (.state, nil): store(host: packet.state.rawValue, register)
    case (.status, nil): store(host: packet.status, register)
    case (.direction, nil): store(byte: packet.direction.rawValue, register)
    case (.destinationPort, .original):
      guard let port = packet.originalPort ?? packet.servicePort else { return false }
      store(networkBytes(port), register)
    default: return false
    }
    return true
  }
}

extension ComparisonOperator {
  fileprivate func holds(_ order: Int) -> Bool {
    switch self {
    case .equal: order == 0
    case .notEqual: order != 0
    case .less: order < 0
    case .lessOrEqual: order <= 0
    case .greater: order > 0
    case .greaterOrEqual: order >= 0
    }
  }
}

extension Packet {
  /// The port that the connection's first packet was for: an answer comes from it.
  fileprivate var servicePort: UInt16? {
    guard ipProtocol.hasPorts, transport.count >= 4 else { return nil }
    let place = direction == .original ? 2 : 0
    return UInt16(transport[place]) << 8 | UInt16(transport[place + 1])
  }

  fileprivate func address(source: Bool) -> Address? {
    let start = family == .ipv4 ? (source ? 12 : 16) : (source ? 8 : 24)
    guard network.count >= start + family.byteCount else { return nil }
    return Address(networkBytes: network[start..<start + family.byteCount])
  }
}
