package import Nftables
package import Policy
internal import RulesetShape

/// Bridges of containers, of which something else is to be said than of all other links.
package struct BridgesApart: Hashable, Sendable {
  /// As the inventory calls them: `docker0`, `br-*`.
  package let names: [String]
  /// Whether packets that come by them are apart, and those that go by them.
  package let isOfInput: Bool
  package let isOfOutput: Bool

  /// - Returns: `nil` where a host has none, or every link that a packet of the direction meets was named.
  package init?(_ tables: [Table], _ direction: Direction, _ links: AllowedConnections.Links) {
    names = tables.flatMap(\.bridges)
    isOfInput = direction != .egress && links.input == nil
    isOfOutput = direction != .ingress && links.output == nil
    if names.isEmpty || !isOfInput && !isOfOutput { return nil }
  }
}
