package import Addressing
package import Nftables
package import Policy
internal import RulesetShape

/// The rulesets of one host on both sides of a change.
package struct HostRulesets: Hashable, Sendable {
  package let name: String
  package let addresses: [Address]
  /// The virtual addresses that it may carry.
  package let carried: [Address]
  /// What the machine carries beside, which the inventory gives to nobody: what is open to the host is open there, and peers deny
  /// what comes from there.
  package let stray: [Address]
  /// The tables that change, as they are before; empty: nothing is filtered; `nil`: there is no such host.
  package private(set) var old: [Table]?
  /// The same, afterwards.
  package private(set) var new: [Table]?
  /// The host's other tables, which stay as they are: what they drop is dropped, whatever the others accept.
  package let staying: [Table]
  /// The host's tables on the other side of the change, where it has other addresses there and is two hosts.
  package let elsewhere: [Table]
  /// Areas between which the host is a gateway; `nil`: not known.
  package let routes: [AreaPair]?

  /// The flows whose rules, peers or ports differ between the two sides: lines are named after them.
  package let flows: Set<FlowRules>

  package init(
    name: String, addresses: [Address], carried: [Address] = [], stray: [Address] = [], old: [Table]?,
    new: [Table]?,
    staying: [Table] = [],
    elsewhere: [Table] = [], routes: [AreaPair]? = nil, flows: Set<FlowRules>
  ) {
    self.name = name
    self.addresses = addresses
    self.carried = carried
    self.stray = stray
    self.old = old
    self.new = new
    self.staying = staying
    self.elsewhere = elsewhere
    self.routes = routes
    self.flows = flows
  }

  /// The same while the host has nobody in quarantine and nothing open for a time: what ends by itself is no part of a change,
  /// and nothing that rests on it is certain.
  package var withNothingKept: Self {
    var other = self
    other.old = old?.map { $0.keeping([]) }
    other.new = new?.map { $0.keeping([]) }
    return other
  }
}
