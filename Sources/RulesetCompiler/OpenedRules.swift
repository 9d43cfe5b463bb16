internal import Addressing
internal import Nftables
internal import RulesetShape

/// What lets begin whatever the host has opened for a time, on one side.
///
///     set in/opened.v4 { type ipv4_addr . inet_proto . inet_service; flags timeout; size 1024; }
///     ip saddr . meta l4proto . th dport @in/opened.v4 counter accept comment "opened for a time"
///
/// It stands behind all that flows allow, so that only what would be denied asks it. The sets are empty in every ruleset: hosts
/// fill them by themselves, and the kernel takes out what is over.
struct OpenedRules: Sendable {
  let rules: [Rule]
  let sets: [NamedSet]

  init(_ side: SidePolicy) {
    var rules: [Rule] = []
    var sets: [NamedSet] = []
    for family in AddressFamily.allCases {
      let addresses = recordedAddresses(side, family)
      let key =
        addresses.map { _ in family == .ipv4 ? DataType.ipv4Address : .ipv6Address }
        + [.inetProto, .inetService]
      let set = NamedSet(
        name: SetMeaning.opened(side.side, family).name, key: key, flags: .timeout, size: 1024,
        elements: .none(keyLength: DataType.paddedLength(of: key)))
      sets.append(set)
      rules.append(
        Rule(
          [
            .match(.concatenation(addresses + [.l4Proto, .thDport]), .named(set.name)), .counter, .accept,
          ], note: .opened))
    }
    self.rules = rules
    self.sets = sets
  }
}
