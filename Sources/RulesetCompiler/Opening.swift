internal import Addressing
internal import Policy

/// One hole in one direction of a host: a flow's request, or the answers to its multicast requests.
struct Opening {
  enum Kind: Hashable {
    case request
    /// Answers come from the service's ports to these.
    case reply(to: PortSet)
  }

  /// Who is at the other end, or at both ends of what a gateway forwards.
  enum Ends: Hashable {
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

  /// The openings of a host policy, by flow and then service.
  static func all(of host: HostPolicy, in policy: Policy) -> [Opening] {
    var openings: [Opening] = []
    for allowance in host.allowances {
      let flow = policy[allowance.flow]
      for service in flow.services.map({ policy[$0] }) {
        func open(_ direction: Direction, _ kind: Kind, _ ends: Ends) {
          openings.append(
            Opening(direction: direction, flow: flow, service: service, kind: kind, ends: ends))
        }
        switch allowance {
        case .ingress(_, let from):
          open(.ingress, .request, .source(from))
          if let replies = service.replies { open(.egress, .reply(to: replies), .destination(from)) }
        case .egress(_, let to):
          open(.egress, .request, .destination(to))
          if !service.multicast.isEmpty { open(.egress, .request, .groups(service.multicast)) }
          if let replies = service.replies { open(.ingress, .reply(to: replies), .source(to)) }
        case .forward(_, let from, let to):
          open(.forward, .request, .both(from: from, to: to))
        }
      }
    }
    return openings
  }
}
