internal import Addressing
internal import Nftables
internal import Policy
internal import RulesetShape

/// How long the kernel remembers what was denied, and how much of its share a peer has taken: a day, in milliseconds.
private let memory: UInt64 = 86_400_000

/// How much of what is denied may be recorded of one peer: 500 keys at once, 980 in a day, so that 66 peers who try
/// every port, however slowly, do not fill the set. What is recorded already takes nothing of it: a peer that asks for the same
/// all day keeps its share for what it asks for once.
private let share = Limit(rate: 20, unit: 3600, burst: 500, over: true)

/// Keys in a second, of each family and kind: a short flood of forged sources, of which each has its own share, does not
/// fill the records of a day.
private let pace = Limit(rate: 500, burst: 1000, over: true)

/// How many packets a group gets of each side: whoever reads them costs a denied packet more than all else does.
private let copies = Limit(rate: 10, burst: 50)

/// Bytes of a packet that a group gets: its headers.
private let copied: UInt32 = 128

/// The chain that records who wanted what of all that is denied, and counts what it does not record.
///
///     ip saddr . meta l4proto . th dport != @in/denied.v4 update @in/asking.v4 { ip saddr limit rate over … } counter return
///     ip saddr . meta l4proto . th dport != @in/denied.v4 limit rate over … counter return
///     update @in/denied.v4 { ip saddr . meta l4proto . th dport counter } return
///     …
///     counter
///
/// It decides nothing: whatever happens here the rule behind the jump denies. An update of a full set ends the rule that it
/// stands in. So a set of peers that is full holds nobody back, and what finds no room in the records gets to the last
/// rule. That a key is *not* in a set is asked for because the counter of a key counts when it is found (`nft_lookup_eval`).
struct RecordChain: Sendable {
  let chain: Chain
  /// The sets it records in, and those of the peers that it records.
  let sets: [NamedSet]

  init(_ side: SidePolicy) {
    var rules: [Rule] = []
    var sets: [NamedSet] = []
    for family in AddressFamily.allCases {
      let addresses = recordedAddresses(side, family)
      let address: DataType = family == .ipv4 ? .ipv4Address : .ipv6Address
      let peers = dynamicSet(.asking(side.side, family), [address], size: 16_384)
      sets.append(peers)
      for kind in RecordKind.allCases {
        let (match, fields) = kind.recorded(family)
        let types = addresses.map { _ in address } + fields.map(\.type)
        let set = dynamicSet(
          .records(side.side, kind, family), types, size: kind == .ports ? 65_536 : 4096)
        sets.append(set)
        let key = Operand.concatenation(addresses + fields.map(\.operand))
        let kept = [.match(.nfProto, .family(family)), match]
        let unknown = kept + [.match(key, .notEqual, .named(set.name))]
        rules += [
          Rule(
            unknown + [.update(peers.name, addresses[0], [.limit(share)]), .counter, .return],
            note: .overShare),
          Rule(unknown + [.limit(pace), .counter, .return], note: .overPace),
          Rule(kept + [.update(set.name, key, [.counter]), .return]),
        ]
      }
    }
    rules.append(Rule([.counter], note: .recordsFull))
    chain = Chain(name: ChainMeaning.recording(side.side).name, rules: rules)
    self.sets = sets
  }

  /// The chain of one host: where its packets are logged, `limit rate … log prefix "sekisho HOST in denied " group …` stands ahead
  /// of all. Whatever else is in it is shared by a fleet.
  func chain(of side: SidePolicy, log: PacketLog?) -> Chain {
    guard let log else { return chain }
    let copy = Log(
      prefix: side.denial.logPrefix(side.side, host: log.host), group: log.group, snapLength: copied)
    return Chain(name: chain.name, rules: [Rule([.limit(copies), .log(copy)] as [Statement])] + chain.rules)
  }
}

/// The addresses that tell who was denied: the other end's, or both of what is forwarded, its source first.
func recordedAddresses(_ side: SidePolicy, _ family: AddressFamily) -> [Operand] {
  let source: Operand = family == .ipv4 ? .ipSaddr : .ip6Saddr
  let destination: Operand = family == .ipv4 ? .ipDaddr : .ip6Daddr
  return switch side.direction {
  case .ingress: [source]
  case .egress: [destination]
  case .forward: [source, destination]
  }
}

private func dynamicSet(_ meaning: SetMeaning, _ key: [DataType], size: UInt32) -> NamedSet {
  NamedSet(
    name: meaning.name, key: key, flags: [.dynamic, .timeout], size: size, timeout: memory,
    elements: .none(keyLength: DataType.paddedLength(of: key)))
}

extension RecordKind {
  /// Which packets are of the kind, and what of them stands in a key behind the addresses.
  fileprivate func recorded(
    _ family: AddressFamily
  ) -> (match: Statement, fields: [(operand: Operand, type: DataType)]) {
    let messages: IPProtocol = family == .ipv4 ? .icmp : .icmpv6
    return switch self {
    case .ports:
      (
        .match(.l4Proto, .protocols(IPProtocol.withPorts)),
        [(.l4Proto, .inetProto), (.thDport, .inetService)]
      )
    case .messages:
      (
        .match(.l4Proto, .ipProtocol(messages)),
        [family == .ipv4 ? (.icmpType, .icmpType) : (.icmpv6Type, .icmpv6Type)]
      )
    case .others:
      (
        .match(.l4Proto, .notEqual, .protocols(IPProtocol.withPorts + [messages])),
        [(.l4Proto, .inetProto)]
      )
    }
  }
}
