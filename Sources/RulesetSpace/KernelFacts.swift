package import Addressing

/// What the kernel of a host does with packets beside what its tables say.
///
/// Where nothing is known, as of a file, it is taken for granted that packets are led on, and that there are no rules of
/// iptables-legacy.
package struct KernelFacts: Hashable, Sendable {
  /// What a setting is on the links that packets may come by.
  package enum Setting: Hashable, Sendable {
    case on
    case off
    /// On some of them, or not known.
    case either
  }

  /// Something beside the tables that stops packets, or may.
  package enum Obstacle: String, Hashable, Sendable, CaseIterable {
    /// Nothing is led on by what they come by.
    case forwarding
    /// They come by a link and are for the loopback.
    case loopback = "route_localnet"
    case legacy = "iptables-legacy"
    case arp
  }

  /// Whether packets that come by a link are led on.
  package var forwarding: [AddressFamily: Setting] = [:]
  /// Whether those that come by a link may be for 127.0.0.0/8.
  package var routesLoopback = Setting.either
  /// Tables of iptables-legacy that have rules.
  package var legacyTables: [AddressFamily: [String]] = [:]

  /// What the settings are called: that of each family that leads on, and that of the loopback's addresses.
  package var settings: [AddressFamily: String] = [:]
  package var loopbackSetting = "net.ipv4.conf.*.route_localnet"

  package init() {}

  func forwards(_ family: AddressFamily) -> Setting { forwarding[family] ?? .on }

  /// ::1 by a link is not modelled.
  func routesLoopback(_ family: AddressFamily) -> Setting { family == .ipv4 ? routesLoopback : .either }

  func hasLegacyRules(_ family: AddressFamily) -> Bool { legacyTables[family]?.isEmpty == false }

  /// Whether rules that are not read may make something else of packets than to stop them.
  func mayRewrite(_ family: AddressFamily) -> Bool {
    legacyTables[family]?.contains { $0 != "filter" && $0 != "security" } ?? false
  }
}
