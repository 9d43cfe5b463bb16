package import Nftables

/// What a rule that belongs to no flow says of itself, as its comment.
package enum RuleNote: String, Hashable, Sendable, CaseIterable {
  case disguisedSource = "IPv4 in IPv6 source"
  case ownAddress = "own address from outside"
  case notBeginning = "new connections begin with SYN"
  case translated = "by the port before any NAT"
  case redirect = "ICMP redirect"
  case neighbourDiscovery = "neighbour discovery"
  case listenerDiscovery = "multicast listener discovery"
  case dhcpClient = "DHCP client"
  case dhcpv6Client = "DHCPv6 client"
  /// Between containers, and where their ways out are left alone, whatever they send.
  case fromContainers = "from containers"
  /// What the host itself sends to containers.
  case toContainers = "to containers"
  /// What containers ask a resolver on the host's side of their bridge.
  case namesForContainers = "names for containers"
  /// Of a table that only tracks, ahead of a first apply.
  case learning = "connections are learnt"
  /// Leads new connections to the rules on trial while their time lasts.
  case trial = "on trial"
  /// Denied as well; of the peer as much is recorded as one may have.
  case overShare = "not recorded: more than a peer's share"
  case overPace = "not recorded: too much at once"
  case recordsFull = "not recorded: records are full"
  /// Somebody has opened it for a time.
  case opened = "opened for a time"
  /// One end is an address that the host has cut off.
  case quarantined = "quarantined"
  /// Denied as well; whoever it is from has tripped a tripwire.
  case tripped = "tripped a tripwire"
  /// One end is an address that a tripwire has cut off.
  case cut = "cut off by a tripwire"
  case denied = "denied"
  case observed = "observed: would be denied"

  /// What a rule of a table that Sekisho compiled says of itself; `nil` of a flow's.
  package init?(_ rule: Rule) {
    guard let note = rule.comment.flatMap(Self.init(rawValue:)) else { return nil }
    // A flow may be called `denied`; its rules accept.
    if note == .denied, rule.acceptedFlow != nil { return nil }
    self = note
  }

  /// Whether the note says no more than that nothing has allowed a packet.
  package var isOfEverything: Bool { self == .denied || self == .observed }
}
