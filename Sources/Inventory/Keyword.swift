/// The words of the language.
///
/// They are the first symbols of every inventory, so that a key is recognised by its number.
enum Keyword: String, CaseIterable {
  case version, settings, zones, networks, services, hosts, groups, virtual, flows, guards, tripwires
  case mode, deny, management, log, group
  case description, crown
  case prefixes, except
  case carriers
  case `protocol`, ports, types, multicast, replies
  case addresses, zone, forwarding, routes, containers, bridges, dhcp, ssh, transport, between
  case ingress, egress, forward
  case from, to, service, per, why, owner, ticket, until
  case never, only, expect, isolated, through, within, verdict, via
  case on, after, touch, cut, spare
  case all, managed, `private`

  private static let byNumber = allCases

  init?(_ symbol: Symbol) {
    guard symbol.index < Self.byNumber.count else { return nil }
    self = Self.byNumber[symbol.index]
  }

  /// Makes the keywords the first symbols; the table must be empty.
  static func internAll(_ symbols: inout Symbols) {
    for keyword in byNumber { _ = symbols.intern(keyword.rawValue) }
  }
}
