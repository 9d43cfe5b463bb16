internal import Nftables
internal import Policy

/// One direction of a host, with what differs between the three in nftables' terms.
struct Side: Hashable {
  let direction: Direction
  let mode: Mode
  let deny: DenyAction

  init(_ direction: Direction, mode: Mode, deny: DenyAction) {
    self.direction = direction
    self.mode = mode
    self.deny = deny
  }

  var baseChain: ChainName {
    switch direction {
    case .ingress: "input"
    case .egress: "output"
    case .forward: "forward"
    }
  }

  var hook: Hook {
    switch direction {
    case .ingress: .input
    case .egress: .output
    case .forward: .forward
    }
  }

  /// The interface by which packets come or go that the host itself receives or sends; `nil` where it does neither.
  var interface: Operand? {
    switch direction {
    case .ingress: .iif
    case .egress: .oif
    case .forward: nil
    }
  }

  /// First word of the names of everything that belongs to the side. `/` follows it in names of
  /// Sekisho's own, `.` in those of services, so that no service can take a name of ours.
  var prefix: String {
    switch direction {
    case .ingress: "in"
    case .egress: "out"
    case .forward: "forward"
    }
  }

  /// Chain in which whatever is not allowed ends.
  var denyChain: ChainName { ChainName(checked: "\(prefix)/deny") }

  /// Chain of errors, of what cannot be a connection and of what is not tracked.
  var notNewChain: ChainName { ChainName(checked: "\(prefix)/not-new") }

  /// Chain of connections whose destination somebody's NAT has changed.
  var translatedChain: ChainName { ChainName(checked: "\(prefix)/dnat") }

  func ownChain(_ name: String) -> ChainName { ChainName(checked: "\(prefix)/\(name)") }
  func serviceChain(_ service: String) -> ChainName { ChainName(checked: "\(prefix).\(service)") }
  func ownSet(_ name: String) -> SetName { SetName(checked: "\(prefix)/\(name)") }
}
