public import Addressing

/// What the policy says of a connection at one host, and by which flow.
public enum Judgement: Hashable, Sendable {
  case allowed(FlowID)
  /// Open on every host: the reason, in the words of the security page.
  case alwaysOpen(String)
  case denied
}

/// How a packet passes through a host of containers.
public enum ContainerWay: Hashable, Sendable, CaseIterable {
  /// From outside, where translation led it.
  case published
  /// From outside, straight to a container.
  case direct
  /// From a container to the outside.
  case out
  /// From one container to another.
  case between
  /// By none of the bridges, and not translated.
  case past
}

/// The naive evaluator: reads the policy flow by flow, exactly as it is written.
///
/// It is what the compiler is checked against, so it shares nothing with it, keeps no index, and
/// prefers being obvious to being fast.
public struct Oracle: Sendable {
  private let policy: Policy

  public init(_ policy: Policy) { self.policy = policy }

  /// Judges a new connection as a host sees it.
  ///
  /// - Parameters:
  ///   - connection: as its first packet shows it.
  ///   - id: the host.
  ///   - direction: which way the packet passes the host.
  ///   - now: the moment at which flows with an end are judged.
  ///   - carrying: the virtual addresses that the host has then.
  public func judge(
    _ connection: Connection, at id: HostID, _ direction: Direction, now: Timestamp,
    carrying: [Address] = []
  ) -> Judgement {
    let host = policy[id]
    if host.modes[direction] == .leave { return .alwaysOpen("left alone") }
    let own = { (address: Address) in host.addresses.contains(address) || carrying.contains(address) }

    if direction != .forward {
      if own(connection.source) && own(connection.destination) { return .alwaysOpen("loopback") }
      if connection.ipProtocol == .icmpv6, case .type(let type) = connection.kind {
        if (133...136).contains(type) { return .alwaysOpen("neighbour discovery") }
        if [130, 131, 132, 143].contains(type) { return .alwaysOpen("multicast listener discovery") }
      }
    }
    if direction != .egress, isDisguisedOrOwn(connection, own) { return .denied }
    if host.dhcp, isDHCP(connection, direction) { return .alwaysOpen("DHCP client") }
    return judgeFlows(connection, at: id, direction, now: now)
  }

  /// Whether the source is one that no host believes from outside.
  private func isDisguisedOrOwn(_ connection: Connection, _ own: (Address) -> Bool) -> Bool {
    own(connection.source)
      || connection.family == .ipv6 && [0, 0xffff].contains(connection.source.bits >> 32)
  }

  /// - Parameter answers: whether answers to multicast requests are among what flows allow.
  private func judgeFlows(
    _ connection: Connection, at id: HostID, _ direction: Direction, now: Timestamp, answers: Bool = true
  ) -> Judgement {
    for (index, flow) in policy.flows.enumerated() {
      if let until = flow.until, now >= until { continue }
      for service in flow.services.map({ policy[$0] }) {
        if allows(flow, service, connection, at: id, direction, answers) { return .allowed(FlowID(index)) }
      }
    }
    return .denied
  }

  /// Judges what passes through a host of containers.
  ///
  /// - Parameters:
  ///   - connection: as the client asks for it.
  ///   - id: the host.
  ///   - way: by which links, and whether it was led there by a translation of its destination.
  ///   - now: the moment at which flows with an end are judged.
  public func judge(_ connection: Connection, past id: HostID, _ way: ContainerWay, now: Timestamp)
    -> Judgement
  {
    guard case .containers(let containers) = policy[id].forwarding else { return .denied }
    switch way {
    case .between: return .alwaysOpen("between containers")
    case .past: return .alwaysOpen("not about containers")
    case .direct: return .denied
    case .out where !containers.judgesEgress: return .alwaysOpen("containers' own ways out")
    case .out: return judgeFlows(connection, at: id, .egress, now: now, answers: false)
    case .published:
      // What is translated without a port is no published port.
      guard case .ports = connection.kind else { return .denied }
      if isDisguisedOrOwn(connection, policy[id].addresses.contains) { return .denied }
      return judgeFlows(connection, at: id, .ingress, now: now, answers: false)
    }
  }

  private func allows(
    _ flow: Flow, _ service: Service, _ connection: Connection, at host: HostID, _ direction: Direction,
    _ answers: Bool
  ) -> Bool {
    // With `per` the flow stands once for each: no part of it allows what another one's ends would.
    flow.parts.contains { allows($0, service, connection, at: host, direction, answers) }
  }

  private func allows(
    _ part: FlowPart, _ service: Service, _ connection: Connection, at host: HostID, _ direction: Direction,
    _ answers: Bool
  ) -> Bool {
    let from = policy[part.from]
    let to = policy[part.to]
    let request = service.terms.contains { covers($0, connection) }
    let reply = answers && isReply(connection, service)
    // A flow whose other end is the host alone stays on its loopback: it opens nothing.
    let hasOther = { (peers: Peers) in
      peers.hosts != [host] || !peers.networks.isEmpty || !peers.virtuals.isEmpty
    }
    // On the link of a group members are known by any of their addresses there.
    let isOf = { (address: Address, peers: Peers) in
      peers.addresses.contains(address)
        || service.isOfLink && isLinkLocal(address) && !peers.addresses.isEmpty(.ipv6)
    }
    switch direction {
    case .ingress:
      let source = connection.source
      return request && to.hosts.contains(host) && hasOther(from) && isOf(source, from)
        || reply && from.hosts.contains(host) && hasOther(to) && isOf(source, to)
        || request && carries(host, connection.destination, of: to) && hasOther(from)
          && from.addresses.contains(source)
    case .egress:
      let destination = connection.destination
      return request && from.hosts.contains(host) && hasOther(to)
        && (to.addresses.contains(destination) || service.multicast.contains(destination)
          || service.speaksToNeighbours && isOf(destination, to))
        || reply && to.hosts.contains(host) && hasOther(from) && isOf(destination, from)
        || request && carries(host, connection.source, of: from) && hasOther(to)
          && to.addresses.contains(destination)
    case .forward:
      guard case .gateway(let routes) = policy[host].forwarding else { return false }
      return request && from.addresses.contains(connection.source)
        && to.addresses.contains(connection.destination)
        && routes.contains { crosses($0, connection) }
    }
  }

  /// Whether the host may carry an address that peers name as a virtual one. Hosts carry it for requests alone.
  private func carries(_ host: HostID, _ address: Address, of peers: Peers) -> Bool {
    peers.virtuals.contains { policy[$0].addresses.contains(address) && policy[$0].carriers.contains(host) }
  }

  private func crosses(_ route: Route, _ connection: Connection) -> Bool {
    isBeside(connection.source, route.one) && isBeside(connection.destination, route.other)
      || isBeside(connection.source, route.other) && isBeside(connection.destination, route.one)
  }

  /// Whether an address is on a side of a route; a virtual one is wherever one of its carriers is named.
  private func isBeside(_ address: Address, _ side: PeersID) -> Bool {
    policy[side].addresses.contains(address)
      || policy.virtuals.contains {
        $0.addresses.contains(address) && $0.carriers.contains(where: policy[side].hosts.contains)
      }
  }

  private func covers(_ term: ServiceTerm, _ connection: Connection) -> Bool {
    guard term.ipProtocol == connection.ipProtocol else { return false }
    return switch (term.match, connection.kind) {
    case (.any, _): true
    case (.ports(let ports), .ports(_, let destination)): ports.contains(destination)
    case (.types(let types), .type(let type)): types.contains(type)
    default: false
    }
  }

  /// An answer to a multicast request, which comes from a member's own address.
  private func isReply(_ connection: Connection, _ service: Service) -> Bool {
    guard let replies = service.replies, case .ports(let source, let destination) = connection.kind else {
      return false
    }
    return replies.contains(destination)
      && service.terms.contains { term in
        guard case .ports(let ports) = term.match else { return false }
        return term.ipProtocol == connection.ipProtocol && ports.contains(source)
      }
  }

  private func isLinkLocal(_ address: Address) -> Bool {
    address.family == .ipv6 && address.bits >> 118 == 0xfe80 >> 6
  }

  private func isDHCP(_ connection: Connection, _ direction: Direction) -> Bool {
    guard connection.ipProtocol == .udp, case .ports(let source, let destination) = connection.kind else {
      return false
    }
    let (client, server): (UInt16, UInt16) = connection.family == .ipv4 ? (68, 67) : (546, 547)
    switch (direction, connection.family) {
    case (.egress, .ipv4):
      return source == client && destination == server
    case (.ingress, .ipv4):
      return source == server && destination == client
    case (.egress, .ipv6):
      return source == client && destination == server && isLinkLocal(connection.source)
    case (.ingress, .ipv6):
      return source == server && destination == client && isLinkLocal(connection.source)
    case (.forward, _):
      return false
    }
  }
}
