public import Addressing
public import Diagnostics

/// What a host does with what the policy does not allow.
public enum Mode: String, Hashable, Sendable, CaseIterable {
  /// Deny it.
  case enforce
  /// Record it and let it pass.
  case observe
  /// Have no rules at all for the direction: everything passes, and nothing is recorded. Only ingress and egress can be left.
  case leave
}

/// The three ways a packet can meet a host; each has its own default deny.
public enum Direction: String, Hashable, Comparable, Sendable, CaseIterable {
  /// To the host: nftables hook `input`.
  case ingress
  /// From the host: nftables hook `output`.
  case egress
  /// Through the host: nftables hook `forward`; gateways only.
  case forward

  public static func < (a: Self, b: Self) -> Bool { a.order < b.order }

  private var order: Int {
    switch self {
    case .ingress: 0
    case .egress: 1
    case .forward: 2
    }
  }
}

/// The mode of each direction of a host.
public struct Modes: Hashable, Sendable {
  public var ingress: Mode
  public var egress: Mode
  public var forward: Mode

  public init(ingress: Mode, egress: Mode, forward: Mode) {
    self.ingress = ingress
    self.egress = egress
    self.forward = forward
  }

  /// One mode for every direction.
  public init(_ mode: Mode) { self.init(ingress: mode, egress: mode, forward: mode) }

  public subscript(direction: Direction) -> Mode {
    switch direction {
    case .ingress: ingress
    case .egress: egress
    case .forward: forward
    }
  }
}

/// How a denied packet is answered.
public enum DenyAction: String, Hashable, Sendable, CaseIterable {
  /// Silently dropped.
  case drop
  /// Answered with ICMP "administratively prohibited", so that clients fail at once.
  case reject
}

/// What Sekisho does with packets that pass through a host.
public enum Forwarding: Hashable, Sendable {
  /// Forwarding belongs to someone else (containers, hypervisors): no `forward` chain.
  case leave
  /// Nothing passes through.
  case deny
  /// Declared flows between the two sides of a route pass through, nothing else.
  case gateway([Route])
  /// What containers publish is judged as what asks for the host; nobody else gets to them, and the rest passes.
  case containers(Containers)
}

extension Forwarding {
  /// Whether what comes by one link and goes by another passes by a flow or not at all. A host of containers judges what is
  /// for them and from them: all else passes there, as it does where forwarding is left alone.
  package var filtersPassage: Bool {
    switch self {
    case .leave, .containers: false
    case .deny, .gateway: true
    }
  }

  /// `nil`: containers are not judged apart.
  package var containers: Containers? {
    if case .containers(let containers) = self { containers } else { nil }
  }
}

/// Two sides between which a gateway forwards declared flows, in both directions.
public struct Route: Hashable, Sendable {
  public let one: PeersID
  public let other: PeersID

  public init(_ one: PeersID, _ other: PeersID) {
    self.one = one
    self.other = other
  }
}

/// Index of a host in ``Policy/hosts``; hosts are sorted by name.
public struct HostID: Hashable, Comparable, Sendable {
  public let index: Int

  public init(_ index: Int) { self.index = index }

  public static func < (a: Self, b: Self) -> Bool { a.index < b.index }
}

/// A managed server.
public struct Host: Hashable, Sendable {
  public let name: String
  /// Not empty, ascending; no two hosts share an address.
  public let addresses: [Address]
  public let zone: String?
  /// Ascending.
  public let groups: [String]
  public private(set) var modes: Modes
  public let deny: DenyAction
  public let forwarding: Forwarding
  /// Whether the host is a DHCP client (DHCPv4 and DHCPv6).
  public let dhcp: Bool
  /// Whether an intruder must never get here: a crown jewel.
  public let crown: Bool
  /// What `ssh` is told to connect to; `nil`: the host's name.
  public let ssh: String?
  /// The command that its agent is started behind: a program and arguments, which no shell reads; `nil`: ssh.
  public let transport: [String]?
  public let location: SourceLocation

  public init(
    name: String, addresses: [Address], zone: String?, groups: [String], modes: Modes, deny: DenyAction,
    forwarding: Forwarding, dhcp: Bool, crown: Bool, ssh: String?,
    transport: [String]? = nil, location: SourceLocation
  ) {
    self.name = name
    self.addresses = addresses
    self.zone = zone
    self.groups = groups
    self.modes = modes
    self.deny = deny
    self.forwarding = forwarding
    self.dhcp = dhcp
    self.crown = crown
    self.ssh = ssh
    self.transport = transport
    self.location = location
  }
}

extension Host {
  /// The same host in other modes.
  package func with(modes: Modes) -> Self {
    var other = self
    other.modes = modes
    return other
  }
}
