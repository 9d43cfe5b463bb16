internal import Addressing
internal import Nftables
internal import Policy
internal import RulesetShape

/// One hole in one direction of a host: a flow's request, or the answers to its multicast requests.
///
/// A class, because thousands of hosts share each: what the rules of an opening are depends on no host.
final class Opening: Sendable {
  enum Kind: Hashable, Sendable {
    case request
    /// Answers come from the service's ports to these.
    case reply(to: PortSet)
  }

  /// Who is at the other end, or at both ends of what a gateway forwards or a virtual address is an end of.
  enum Ends: Hashable, Sendable {
    case source(PeersID)
    case destination(PeersID)
    /// Multicast groups, in egress.
    case groups(AddressSet)
    case both(from: PeersID, to: PeersID)
  }

  let direction: Direction
  let flow: Flow
  let service: Service
  let kind: Kind
  let ends: Ends
  /// Link-local addresses from which, or at which, the other end's members take part in what goes to a group of one
  /// link; empty where they do not.
  let linkLocal: AddressSet
  /// Whether IPv4 written as IPv6 is among the sources that are let in.
  let letsInDisguised: Bool
  /// One rule for each family, with its own counter and the flow's name; none for a family that an end
  /// has no address of.
  let rules: [Rule]
  /// The sets the rules refer to.
  let sets: [NamedSet]

  init(
    _ direction: Direction, _ flow: Flow, _ service: Service, _ kind: Kind, _ ends: Ends, _ peers: PeerSets
  ) {
    self.direction = direction
    self.flow = flow
    self.service = service
    self.kind = kind
    self.ends = ends
    letsInDisguised =
      switch ends {
      case .source(let from), .both(let from, to: _): peers.mayBeDisguised(from)
      case .destination, .groups: false
      }
    let isAnswered = if case .reply = kind { true } else { false }
    let members: PeersID? =
      switch ends {
      case .source(let from): from
      case .destination(let to): isAnswered || service.speaksToNeighbours ? to : nil
      case .groups, .both: nil
      }
    linkLocal = service.isOfLink ? members.map(peers.linkLocal(beside:)) ?? AddressSet() : AddressSet()
    var rules: [Rule] = []
    var sets: [NamedSet] = []
    for family in AddressFamily.allCases
    where service.terms.contains(where: { $0.families.contains(family) }) {
      guard let match = peers.statements(for: ends, family) else { continue }
      let time = flow.until.map { [FlowEnd.until($0.seconds)] } ?? []
      rules.append(Rule(time + match.statements + [.counter, .accept], comment: flow.name))
      sets += match.sets
      guard let range = linkLocal.ranges(family).first, let near = Prefix(family: family, exactly: range)
      else {
        continue
      }
      let operand: Operand = if case .source = ends { .ip6Saddr } else { .ip6Daddr }
      rules.append(
        Rule(time + [.match(operand, .prefix(near)), .counter, .accept], comment: flow.name))
    }
    self.rules = rules
    self.sets = sets
  }

  /// What a host's share of a flow opens, by service.
  static func all(of allowance: Allowance, in policy: Policy, _ peers: PeerSets) -> [Opening] {
    let flow = policy[allowance.flow]
    return flow.services.map { policy[$0] }.flatMap { service in
      func open(_ direction: Direction, _ kind: Kind, _ ends: Ends) -> Opening {
        Opening(direction, flow, service, kind, ends, peers)
      }
      switch allowance {
      // A host has a virtual address for requests alone: what is answered, and what goes to groups, has its own.
      case .ingress(_, let from, let own?):
        return [open(.ingress, .request, .both(from: from, to: own))]
      case .egress(_, let to, let own?):
        return [open(.egress, .request, .both(from: own, to: to))]
      case .ingress(_, let from, nil):
        let replies = service.replies.map { open(.egress, .reply(to: $0), .destination(from)) }
        return [open(.ingress, .request, .source(from))] + (replies.map { [$0] } ?? [])
      case .egress(_, let to, nil):
        let groups = service.multicast
        let replies = service.replies.map { open(.ingress, .reply(to: $0), .source(to)) }
        return [open(.egress, .request, .destination(to))]
          + (groups.isEmpty ? [] : [open(.egress, .request, .groups(groups))]) + (replies.map { [$0] } ?? [])
      case .forward(_, let from, let to):
        return [open(.forward, .request, .both(from: from, to: to))]
      }
    }
  }
}
