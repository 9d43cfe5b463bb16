internal import Addressing

/// Where a packet's way through a table ended.
public struct Evaluation: Hashable, Sendable {
  public let verdict: ChainPolicy
  /// The rule that decided, as chain and index; `nil`: the base chain's policy did.
  public let decidedBy: Place?
  /// Whether an expression on the way is not modelled or depends on more than the packet (a rate
  /// limit), so that the kernel may decide otherwise.
  public let isCertain: Bool

  /// A rule within a table.
  public struct Place: Hashable, Sendable {
    public let chain: ChainName
    public let index: Int
  }
}

/// Evaluates the rules of a table as the kernel does (`nft_do_chain`, net/netfilter/nf_tables_core.c).
public struct Evaluator: Sendable {
  private let table: Table
  private let chains: [ChainName: Chain]
  private let sets: [SetName: NamedSet]

  public init(_ table: Table) {
    self.table = table
    chains = Dictionary(table.chains.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    sets = Dictionary(table.sets.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Sends a packet through the table's base chains of one hook, in order of priority.
  ///
  /// A table without a base chain there lets everything pass.
  public func evaluate(_ packet: Packet, at hook: Hook) -> Evaluation {
    var last = Evaluation(verdict: .accept, decidedBy: nil, isCertain: true)
    let bases = table.chains.filter { $0.base?.hook == hook }
      .sorted { ($0.base?.priority ?? .filter) < ($1.base?.priority ?? .filter) }
    for chain in bases {
      var walk = Walk(packet: packet)
      last =
        run(chain, &walk)
        ?? Evaluation(
          verdict: chain.base?.policy ?? .accept, decidedBy: nil, isCertain: walk.isCertain)
      if last.verdict == .drop { return last }
    }
    return last
  }

  fileprivate struct Walk {
    let packet: Packet
    var registers = [UInt8](repeating: 0, count: 64)
    var isCertain = true
  }

  /// Runs a chain to a final verdict; `nil` when it ends or returns without one.
  private func run(_ chain: Chain, _ walk: inout Walk) -> Evaluation? {
    // Chains cannot form a loop: the kernel refuses such a table when it is loaded.
    for (index, rule) in chain.rules.enumerated() {
      guard let verdict = apply(rule, &walk) else { continue }
      switch verdict {
      case .continue: continue
      case .return: return nil
      case .accept, .drop, .queue:
        return Evaluation(
          verdict: verdict == .accept ? .accept : .drop,
          decidedBy: .init(chain: chain.name, index: index), isCertain: walk.isCertain)
      case .jump(let name):
        if let target = chains[name], let result = run(target, &walk) { return result }
      case .goto(let name):
        return chains[name].flatMap { run($0, &walk) }
      }
    }
    return nil
  }

  /// The verdict of a rule; `nil` when it does not match or decides nothing.
  private func apply(_ rule: Rule, _ walk: inout Walk) -> Verdict? {
    var verdict: Verdict?
    for expression in rule.expressions {
      switch step(expression, &walk) {
      case .goesOn: continue
      case .ends: return nil
      case .decides(let decision): verdict = decision
      }
      if let verdict, verdict != .continue { return verdict }
    }
    return verdict
  }

  fileprivate enum Step {
    case goesOn
    case ends
    case decides(Verdict)
  }

  private func step(_ expression: Expression, _ walk: inout Walk) -> Step {
    switch expression {
    case .meta(let key, let register):
      guard let value = meta(key, walk.packet) else { return unknown(&walk) }
      walk.store(value, register)
    case .payload(let base, let offset, let length, let register):
      guard let header = walk.packet.header(base) else { return unknown(&walk) }
      guard Int(offset) + Int(length) <= header.count else { return .ends }
      walk.store(header[Int(offset)..<Int(offset) + Int(length)], register)
    case .compare(let sign, let register, let value):
      guard let held = walk.load(register, value.count) else { return unknown(&walk) }
      if !sign.holds(held, value[...]) { return .ends }
    case .range(let negated, let register, let from, let to):
      guard let held = walk.load(register, from.count) else { return unknown(&walk) }
      let inside = !held.lexicographicallyPrecedes(from) && !to.lexicographicallyPrecedes(held)
      if inside == negated { return .ends }
    case .bitwise(let from, let into, let mask, let xor):
      guard let held = walk.load(from, mask.count) else { return unknown(&walk) }
      walk.store(zip(zip(held, mask), xor).map { ($0.0 & $0.1) ^ $1 }, into)
    case .byteorder(let from, let into, _, let length, let size):
      guard let held = walk.load(from, Int(length)), size > 0 else { return unknown(&walk) }
      walk.store(swapped(Array(held), size: Int(size)), into)
    case .lookup(let reference, let register, let negated, let into):
      return lookup(reference, register, negated, into, &walk)
    case .immediate(let register, let value):
      walk.store(value, register)
    case .verdict(let verdict):
      return .decides(verdict)
    case .conntrack(let key, let direction, let register):
      guard let value = conntrack(key, direction, walk.packet) else { return unknown(&walk) }
      walk.store(value, register)
    case .fib(.addressType, let flags, let register) where flags == .source || flags == .destination:
      let address = walk.packet.address(source: flags == .source)
      let isLocal = address.map { walk.packet.localAddresses.contains($0) } ?? false
      walk.store(hostOrder(isLocal ? 2 : 1), register)
    case .counter, .log, .dynamicSet, .setMeta, .setConntrack:
      break
    case .reject:
      return .decides(.drop)
    case .limit:
      walk.isCertain = false
    case .fib, .shift, .opaque:
      return unknown(&walk)
    }
    return .goesOn
  }

  private func unknown(_ walk: inout Walk) -> Step {
    walk.isCertain = false
    return .ends
  }

  private func lookup(
    _ reference: SetReference, _ register: Register, _ negated: Bool, _ into: Register?, _ walk: inout Walk
  ) -> Step {
    let elements: SetElements
    switch reference {
    case .named(let name):
      guard let set = sets[name], !set.flags.contains(.dynamic) else { return unknown(&walk) }
      elements = set.elements
    case .inline(let set): elements = set.elements
    }
    guard let key = walk.load(register, elements.keyLength) else { return unknown(&walk) }
    let found = elements.index(of: key)
    if (found == nil) != negated { return .ends }
    guard let found, let into else { return .goesOn }
    switch elements.payload {
    case .none: return .goesOn
    case .verdicts(let verdicts): return .decides(verdicts[found])
    case .values(let bytes, let length):
      walk.store(bytes[found * length..<(found + 1) * length], into)
      return .goesOn
    }
  }

  private func meta(_ key: MetaKey, _ packet: Packet) -> [UInt8]? {
    switch key {
    case .nfProto: [packet.family == .ipv4 ? Family.ipv4.rawValue : Family.ipv6.rawValue]
    case .l4Proto: [packet.ipProtocol.rawValue]
    case .inputInterface: hostOrder(packet.inputInterface ?? 0)
    case .outputInterface: hostOrder(packet.outputInterface ?? 0)
    case .timeNanoseconds: (0..<8).map { UInt8(truncatingIfNeeded: packet.time >> UInt64($0 * 8)) }
    default: nil
    }
  }

  private func conntrack(_ key: ConntrackKey, _ direction: ConntrackDirection?, _ packet: Packet) -> [UInt8]?
  {
    switch (key, direction) {
    case (.state, nil): hostOrder(packet.state.rawValue)
    case (.status, nil): hostOrder(packet.status)
    case (.direction, nil): [packet.direction.rawValue]
    case (.destinationPort, .original):
      (packet.originalPort ?? packet.port(offset: 2)).map { [UInt8($0 >> 8), UInt8($0 & 0xff)] }
    default: nil
    }
  }
}

/// The bytes of a number as a little-endian host keeps it in a register.
private func hostOrder(_ value: UInt32) -> [UInt8] {
  (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32($0 * 8)) }
}

private func swapped(_ bytes: [UInt8], size: Int) -> [UInt8] {
  stride(from: 0, to: bytes.count, by: size).flatMap { bytes[$0..<min($0 + size, bytes.count)].reversed() }
}

extension Evaluator.Walk {
  fileprivate mutating func store(_ value: some Collection<UInt8>, _ register: Register) {
    guard let start = register.byteOffset, start + value.count <= registers.count else { return }
    var index = start
    for byte in value {
      registers[index] = byte
      index += 1
    }
    // The kernel clears the rest of the last 32-bit register.
    while index % 4 != 0 {
      registers[index] = 0
      index += 1
    }
  }

  fileprivate func load(_ register: Register, _ count: Int) -> ArraySlice<UInt8>? {
    guard let start = register.byteOffset, start + count <= registers.count else { return nil }
    return registers[start..<start + count]
  }
}

extension ComparisonOperator {
  fileprivate func holds(_ held: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) -> Bool {
    switch self {
    case .equal: held == value
    case .notEqual: held != value
    case .less: held.lexicographicallyPrecedes(value)
    case .lessOrEqual: !value.lexicographicallyPrecedes(held)
    case .greater: value.lexicographicallyPrecedes(held)
    case .greaterOrEqual: !held.lexicographicallyPrecedes(value)
    }
  }
}

extension Packet {
  fileprivate func header(_ base: PayloadBase) -> [UInt8]? {
    switch base {
    case .network: network
    case .transport: transport
    case .link, .inner: nil
    }
  }

  fileprivate func port(offset: Int) -> UInt16? {
    guard ipProtocol.hasPorts, transport.count >= offset + 2 else { return nil }
    return UInt16(transport[offset]) << 8 | UInt16(transport[offset + 1])
  }

  fileprivate func address(source: Bool) -> Address? {
    let start = family == .ipv4 ? (source ? 12 : 16) : (source ? 8 : 24)
    guard network.count >= start + family.byteCount else { return nil }
    return Address(networkBytes: network[start..<start + family.byteCount])
  }
}
