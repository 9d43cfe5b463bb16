public import Addressing
public import Nftables
public import Policy

/// The rulesets of one host on both sides of a change.
public struct HostRulesets: Hashable, Sendable {
  public let name: String
  public let addresses: [Address]
  /// The tables that change, as they are before; empty: nothing is filtered; `nil`: there is no such host.
  public let old: [Table]?
  /// The same, afterwards.
  public let new: [Table]?
  /// The host's other tables, which stay as they are: what they drop is dropped, whatever the others accept.
  public let staying: [Table]
  /// Areas between which the host is a gateway; `nil`: not known.
  public let routes: [AreaPair]?

  /// The flows whose rules, peers or ports differ between the two sides: lines are named after them.
  public let flows: Set<FlowRules>

  public init(
    name: String, addresses: [Address], old: [Table]?, new: [Table]?, staying: [Table] = [],
    routes: [AreaPair]? = nil, flows: Set<FlowRules>
  ) {
    self.name = name
    self.addresses = addresses
    self.old = old
    self.new = new
    self.staying = staying
    self.routes = routes
    self.flows = flows
  }
}
