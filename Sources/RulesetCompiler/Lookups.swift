internal import Addressing
internal import Nftables
internal import Policy
internal import RulesetShape

/// The maps that a side may have, by their names, and the rules that ask them, which depend on no host.
struct Lookups: Sendable {
  struct Lookup: Sendable {
    let map: SetName
    let rule: Rule
  }

  let icmp: Lookup
  let icmpv6: Lookup
  let protocols: Lookup
  /// Single ports of every protocol.
  let ports: Lookup
  /// Port ranges, by protocol.
  let ranges: [IPProtocol: Lookup]
  /// Ports before any NAT, by protocol.
  let translated: [IPProtocol: Lookup]

  init(_ policy: SidePolicy) {
    let side = policy.side
    func lookup(_ meaning: SetMeaning, _ key: Operand, after statements: [Statement] = []) -> Lookup {
      let map = meaning.name
      return Lookup(map: map, rule: Rule(statements + [.vmap(key, map)]))
    }
    icmp = lookup(.types(side, .icmp), .icmpType)
    icmpv6 = lookup(.types(side, .icmpv6), .icmpv6Type)
    protocols = lookup(.protocols(side), .l4Proto)
    ports = lookup(.ports(side), .concatenation([.l4Proto, .thDport]))
    ranges = Dictionary(
      uniqueKeysWithValues: IPProtocol.withPorts.map {
        ($0, lookup(.ranges(side, $0), destinationPort($0)))
      })
    translated = Dictionary(
      uniqueKeysWithValues: IPProtocol.withPorts.map {
        ($0, lookup(.translated(side, $0), .ctOriginalDport, after: [.match(.l4Proto, .ipProtocol($0))]))
      })
  }

  var rules: [Rule] {
    ([icmp, icmpv6, protocols, ports] + ranges.values + translated.values).map(\.rule)
  }
}
