internal import Addressing
internal import Nftables
internal import RulesetShape

/// Where connections end that an address has a part in which the host has cut off.
///
///     set quarantine/v4 { type ipv4_addr; flags timeout; size 1024; }
///     chain quarantine { ip saddr @quarantine/v4 counter drop; ip daddr @quarantine/v4 counter drop; … }
///
/// One chain serves all sides, and both ends are asked for: a gateway forwards what comes from such an address and what goes
/// there. It drops whatever the mode is, because somebody has asked for it. The sets are empty in every ruleset: hosts fill
/// them by themselves.
enum QuarantineChain {
  static let chain = Chain(
    name: ChainMeaning.quarantine.name,
    rules: AddressFamily.allCases.flatMap { family in
      let ends: [Operand] = family == .ipv4 ? [.ipSaddr, .ipDaddr] : [.ip6Saddr, .ip6Daddr]
      return ends.map { end in
        Rule(
          [.match(end, .named(SetMeaning.quarantine(family).name)), .counter, .drop], note: .quarantined)
      }
    })

  static let sets = AddressFamily.allCases.map { family in
    let key: [DataType] = [family == .ipv4 ? .ipv4Address : .ipv6Address]
    return NamedSet(
      name: SetMeaning.quarantine(family).name, key: key, flags: .timeout, size: 1024,
      elements: .none(keyLength: DataType.paddedLength(of: key)))
  }

  /// Stands behind what is established: what is new pays for it, and sessions that live are ended otherwise.
  static let jump = Rule([.jump(chain.name)])
}
