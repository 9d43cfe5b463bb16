package import Addressing
public import Diagnostics

/// A statement that whoever knocks on closed doors of some hosts is refused by them for a time, whatever flows say.
public struct Tripwire: Hashable, Sendable {
  /// What trips it. A door is a port of TCP or UDP that no flow opens to whoever knocks: of a host, whichever of its
  /// addresses; behind a gateway, of each destination.
  public enum Trigger: Hashable, Sendable {
    /// So many different doors within a time, in seconds.
    case doors(Int, within: Int)
    /// One door, where a service would listen. Not empty, ascending.
    case service([ServiceID])
    /// One door, whichever it is.
    case anyDoor
  }

  public let name: String
  /// The hosts that count knocks; no networks.
  public let on: PeersID
  /// Whose knocks count; `nil`: those of all managed hosts.
  public let from: PeersID?
  /// Who is never refused; `nil`: those who may log in to manage hosts, and gateways.
  public let spare: PeersID?
  public let trigger: Trigger
  /// For how long he is refused, in seconds.
  public let cut: Int
  public let why: String
  public let location: SourceLocation

  public init(
    name: String, on: PeersID, from: PeersID?, spare: PeersID?, trigger: Trigger, cut: Int, why: String,
    location: SourceLocation
  ) {
    self.name = name
    self.on = on
    self.from = from
    self.spare = spare
    self.trigger = trigger
    self.cut = cut
    self.why = why
    self.location = location
  }
}

/// Index of a tripwire in ``Policy/tripwires``; tripwires are sorted by name.
public struct TripwireID: Hashable, Comparable, Sendable {
  public let index: Int

  public init(_ index: Int) { self.index = index }

  public static func < (a: Self, b: Self) -> Bool { a.index < b.index }
}

extension Policy {
  /// The addresses whose knocks trip a tripwire. Those who are spared are not among them, nor what no single host has: nothing
  /// that a rule does can refuse them.
  package func counted(by tripwire: Tripwire) -> AddressSet {
    let from = tripwire.from.map { self[$0].addresses } ?? AddressSet(hosts.flatMap(\.addresses))
    return from.subtracting(spared(by: tripwire)).subtracting(Self.nobodys)
  }

  /// Whether whoever trips it is a managed host in any case.
  package func countsHosts(_ tripwire: Tripwire) -> Bool {
    tripwire.from.map { self[$0].networks.isEmpty } ?? true
  }

  /// The addresses that a tripwire never refuses. What is spared does not depend on the day: flows that have an end are managed by
  /// until they are taken out of the inventory.
  private func spared(by tripwire: Tripwire) -> AddressSet {
    if let spare = tripwire.spare { return self[spare].addresses }
    let gateways = hosts.indices.filter { if case .gateway = hosts[$0].forwarding { true } else { false } }
    let carried = carried
    return managementFlows(at: Timestamp(seconds: .min)).flatMap(\.parts).reduce(
      AddressSet(gateways.flatMap { hosts[$0].addresses + carried[$0] })
    ) { $0.union(self[$1.from].addresses) }
  }

  /// What no packet has that one host sent to another: to refuse it would be to refuse a link, or oneself.
  private static let nobodys = AddressSet(
    Prefix.ipv4InIPv6 + Prefix.multicast + [
      .ipv4ThisNetwork, .ipv4Loopback, .ipv4Broadcast, .ipv6Unspecified, .ipv6Loopback, .ipv6LinkLocal,
    ])
}
