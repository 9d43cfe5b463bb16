internal import Addressing
internal import Nftables
internal import Policy
internal import RulesetShape

/// How long the kernel remembers a denied peer and port: a day, in milliseconds.
private let memory: UInt64 = 86_400_000

/// How many of them it remembers: about 8 MB when full.
private let capacity: UInt32 = 65_536

/// New records in a second, of each family and kind: the match of the family stands ahead of the limit, or a flood of
/// one would use up what the other may record. A flood then costs little more than a plain drop.
private let recordRate = Limit(rate: 500, burst: 1000)

/// The chain in which everything ends that is not allowed: it records who wanted what, then denies or,
/// in observe mode, lets pass.
///
/// The verdict is a rule of its own: an update of a full set ends the rule it stands in, and a chain's
/// policy alone does not hold while a table is replaced.
struct DenyChain: Sendable {
  let chain: Chain
  /// The sets it records in.
  let sets: [NamedSet]

  init(_ side: SidePolicy) {
    var rules: [Rule] = []
    var sets: [NamedSet] = []
    for family in AddressFamily.allCases {
      let addresses = recordedAddresses(side, family)
      let type: DataType = family == .ipv4 ? .ipv4Address : .ipv6Address
      let types = addresses.map { _ in type }
      let withPort = dynamicSet(
        SetMeaning.records(side.side, hasPorts: true, family).name, types + [.inetProto, .inetService])
      let other = dynamicSet(
        SetMeaning.records(side.side, hasPorts: false, family).name, types + [.inetProto])
      sets += [withPort, other]
      rules.append(
        Rule([
          .match(.nfProto, .family(family)), .match(.l4Proto, .protocols(IPProtocol.withPorts)),
          .limit(recordRate),
          .update(withPort.name, .concatenation(addresses + [.l4Proto, .thDport]), [.counter]),
        ]))
      rules.append(
        Rule([
          .match(.nfProto, .family(family)), .match(.l4Proto, .notEqual, .protocols(IPProtocol.withPorts)),
          .limit(recordRate),
          .update(other.name, .concatenation(addresses + [.l4Proto]), [.counter]),
        ]))
    }
    let denial: Denial =
      switch (side.mode, side.deny) {
      case (.observe, _): .observe
      case (.enforce, .drop): .drop
      case (.enforce, .reject): .reject
      }
    rules.append(Rule(denial.statements, note: denial.note))
    chain = Chain(name: side.denyChain, rules: rules)
    self.sets = sets
  }
}

/// The addresses that tell who was denied: the other end's, or both of what is forwarded.
private func recordedAddresses(_ side: SidePolicy, _ family: AddressFamily) -> [Operand] {
  let source: Operand = family == .ipv4 ? .ipSaddr : .ip6Saddr
  let destination: Operand = family == .ipv4 ? .ipDaddr : .ip6Daddr
  return switch side.direction {
  case .ingress: [source]
  case .egress: [destination]
  case .forward: [source, destination]
  }
}

private func dynamicSet(_ name: SetName, _ key: [DataType]) -> NamedSet {
  NamedSet(
    name: name, key: key, flags: [.dynamic, .timeout], size: capacity, timeout: memory,
    elements: .none(keyLength: DataType.paddedLength(of: key)))
}
