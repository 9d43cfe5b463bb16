internal import Addressing

/// Says what conditions ask in the kernel's own steps, so that whoever evaluates rules needs no second
/// way to do it.
struct MatchSteps {
  let family: Family

  /// Ways to match, of which one has to be gone to its end.
  struct Meaning {
    var ways: [[Expression]]
    /// Whether going one of them is enough.
    var isExact = true

    static let always = Self(ways: [[]])
    static let never = Self(ways: [])
    static let unknown = Self(ways: [[]], isExact: false)

    init(ways: [[Expression]], isExact: Bool = true) {
      self.ways = ways
      self.isExact = isExact
    }

    init(_ steps: [Expression]) { self.init(ways: [steps]) }

    func and(_ other: Self) -> Self {
      Self(ways: ways.flatMap { way in other.ways.map { way + $0 } }, isExact: isExact && other.isExact)
    }
  }

  func meaning(of conditions: [MatchCondition]) -> Meaning {
    let all = all(conditions)
    guard conditions.contains(where: \.needsConnection) else { return all }
    // A packet without a connection has a state and nothing else that could be compared (`conntrack_mt`).
    let missing = anyBit(state, ConntrackState([.invalid, .untracked]).rawValue, isInverted: false)
    let present = Meaning(
      anyBit(state, ConntrackState([.invalid, .untracked]).rawValue, isInverted: true)
    ).and(all)
    let states = conditions.filter { if case .connectionState = $0.option { true } else { false } }
    if states.isEmpty { return present }
    let without = Meaning(missing).and(self.all(states))
    return Meaning(ways: present.ways + without.ways, isExact: present.isExact)
  }

  private func all(_ conditions: [MatchCondition]) -> Meaning {
    conditions.reduce(.always) { $0.and(meaning(of: $1.option, isInverted: $1.isInverted)) }
  }

  private func meaning(of option: MatchOption, isInverted: Bool) -> Meaning {
    switch option {
    case .connectionState(let states, let translated):
      // Inverted, both have to fail; else one is enough.
      let parts = [(state, states.rawValue), (status, translated)].filter { $0.1 != 0 }
        .map { anyBit($0.0, $0.1, isInverted: isInverted) }
      return isInverted ? Meaning(parts.flatMap(\.self)) : Meaning(ways: parts)
    case .connectionStatus(let bits): return Meaning(anyBit(status, bits, isInverted: isInverted))
    case .connectionProtocol(let number):
      return Meaning(
        [.conntrack(.transportProtocol, direction: .original, into: register)]
          + compared([number.rawValue], isInverted))
    case .connectionDirection(let direction):
      return Meaning(
        [.conntrack(.direction, direction: nil, into: register)] + compared([direction.rawValue], isInverted))
    case .connectionAddress(let direction, let end, let address, let mask):
      return Meaning(
        [
          .conntrack(end == .source ? .source : .destination, direction: direction, into: register),
          .bitwise(
            from: register, into: register, mask: mask, xor: [UInt8](repeating: 0, count: mask.count)),
        ] + compared(zip(address, mask).map { $0 & $1 }, isInverted))
    case .connectionPort(let direction, let end, let range):
      return Meaning(
        [.conntrack(end == .source ? .sourcePort : .destinationPort, direction: direction, into: register)]
          + within(range, isInverted))
    case .ports(let end, let ranges): return ports(end, ranges, isInverted)
    case .tcpFlags(let flags, let mask):
      return Meaning(
        [
          .payload(base: .transport, offset: 13, length: 1, into: register),
          .bitwise(from: register, into: register, mask: [mask.rawValue], xor: [0]),
        ] + compared([flags.rawValue], isInverted))
    case .icmpType(let type, let codes): return icmp(type, codes, isInverted)
    case .addressType(let end, let types, let flags): return addressType(end, types, flags, isInverted)
    case .addresses(let end, let range):
      return Meaning(
        [load(end)]
          + within(range.lowerBound.networkBytes, range.upperBound.networkBytes, isInverted))
    case .mark(let value, let mask, let ofConnection):
      let load: Expression =
        ofConnection
        ? .conntrack(.mark, direction: nil, into: register) : .meta(.mark, into: register)
      return Meaning(
        [load, .bitwise(from: register, into: register, mask: host(mask), xor: host(0))]
          + compared(host(value), isInverted))
    case .length(let range):
      // IPv6 does not count its own header.
      guard family == .ipv4 else { return .unknown }
      return Meaning(
        [.payload(base: .network, offset: 2, length: 2, into: register)] + within(range, isInverted))
    case .hopLimit(let sign, let limit):
      return Meaning([
        .payload(base: .network, offset: family == .ipv4 ? 8 : 7, length: 1, into: register),
        .compare(sign, register, [limit]),
      ])
    case .dscp(let value):
      // The first six bits behind the version, which IPv6 begins in the middle of a byte.
      return Meaning(
        [
          .payload(
            base: .network, offset: family == .ipv4 ? 1 : 0, length: family == .ipv4 ? 1 : 2, into: register),
          .bitwise(
            from: register, into: register, mask: family == .ipv4 ? [0xfc] : [0x0f, 0xc0],
            xor: family == .ipv4 ? [0] : [0, 0]),
        ] + compared(family == .ipv4 ? [value << 2] : [value >> 2, value << 6], isInverted))
    case .comment: return .always
    // What a packet does not show, or where its options have to be searched.
    case .tcpOption, .connectionExpiry, .packetType, .owner: return .unknown
    }
  }

  // MARK: Steps

  private let register = Register.r1
  private let state = Expression.conntrack(.state, direction: nil, into: .r1)
  private let status = Expression.conntrack(.status, direction: nil, into: .r1)

  init(family: Family) { self.family = family }

  /// A number in the order of the host.
  private func host(_ number: UInt32) -> [UInt8] {
    hostIsLittle ? networkBytes(number).reversed() : networkBytes(number)
  }

  private func compared(_ value: [UInt8], _ isInverted: Bool) -> [Expression] {
    [.compare(isInverted ? .notEqual : .equal, register, value)]
  }

  private func within(_ first: [UInt8], _ last: [UInt8], _ isInverted: Bool) -> [Expression] {
    [.range(negated: isInverted, register, from: first, to: last)]
  }

  private func within(_ ports: ClosedRange<UInt16>, _ isInverted: Bool) -> [Expression] {
    within(networkBytes(ports.lowerBound), networkBytes(ports.upperBound), isInverted)
  }

  private func anyBit(_ load: Expression, _ bits: UInt32, isInverted: Bool) -> [Expression] {
    [
      load, .bitwise(from: register, into: register, mask: host(bits), xor: host(0)),
      .compare(isInverted ? .equal : .notEqual, register, host(0)),
    ]
  }

  private func isAmong(_ keys: [[UInt8]], _ lastKeys: [[UInt8]]?, _ type: DataType, _ isInverted: Bool)
    -> [Expression]
  {
    let elements = SetElements(
      keyLength: keys.first?.count ?? 1, keys: keys.flatMap(\.self),
      lastKeys: lastKeys.map { $0.flatMap(\.self) })
    let set = InlineSet(key: [type], flags: lastKeys == nil ? [] : .interval, elements: elements)
    return [.lookup(.inline(set), register, negated: isInverted, into: nil)]
  }

  // MARK: Options of several steps

  private func ports(_ end: MatchEnd, _ ranges: [ClosedRange<UInt16>], _ isInverted: Bool) -> Meaning {
    let merged = PortSet(ranges).ranges
    func steps(_ offset: UInt32) -> [Expression] {
      let load = Expression.payload(base: .transport, offset: offset, length: 2, into: register)
      if merged.count == 1, let only = merged.first { return [load] + within(only, isInverted) }
      return [load]
        + isAmong(
          merged.map { networkBytes($0.lowerBound) }, merged.map { networkBytes($0.upperBound) },
          .inetService, isInverted)
    }
    if merged.isEmpty { return isInverted ? .always : .never }
    switch end {
    case .source: return Meaning(steps(0))
    case .destination: return Meaning(steps(2))
    case .either: return isInverted ? Meaning(steps(0) + steps(2)) : Meaning(ways: [steps(0), steps(2)])
    }
  }

  private func icmp(_ type: UInt8?, _ codes: ClosedRange<UInt8>, _ isInverted: Bool) -> Meaning {
    guard let type else { return isInverted ? .never : .always }
    let typed =
      [
        Expression.payload(base: .transport, offset: 0, length: 1, into: register)
      ] + compared([type], isInverted)
    if codes == 0...UInt8.max { return Meaning(typed) }
    let coded =
      [
        Expression.payload(base: .transport, offset: 1, length: 1, into: register)
      ] + within([codes.lowerBound], [codes.upperBound], isInverted)
    return isInverted ? Meaning(ways: [typed, coded]) : Meaning(typed + coded)
  }

  private func addressType(_ end: MatchEnd, _ types: [UInt32], _ flags: FibFlags, _ isInverted: Bool)
    -> Meaning
  {
    // For IPv6 the match asks its own questions of an address; of the host's own it asks the routing table, too.
    guard family == .ipv4 || types == [2] else { return .unknown }
    let flags = flags.union(end == .source ? .source : .destination)
    let load = Expression.fib(result: .addressType, flags: flags, into: register)
    if types.count == 1, let type = types.first { return Meaning([load] + compared(host(type), isInverted)) }
    return Meaning([load] + isAmong(types.map { host($0) }, nil, .fibAddressType, isInverted))
  }

  /// Loads an address of the packet.
  private func load(_ end: MatchEnd) -> Expression {
    let width: UInt32 = family == .ipv4 ? 4 : 16
    let first: UInt32 = family == .ipv4 ? 12 : 8
    return .payload(
      base: .network, offset: end == .source ? first : first + width, length: width, into: register)
  }
}

extension MatchCondition {
  /// Whether it asks for more of a connection than its state.
  fileprivate var needsConnection: Bool {
    switch option {
    case .connectionStatus, .connectionProtocol, .connectionDirection, .connectionAddress, .connectionPort,
      .connectionExpiry:
      true
    default: false
    }
  }
}
