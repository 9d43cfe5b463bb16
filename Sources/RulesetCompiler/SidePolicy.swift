internal import Addressing
internal import Nftables
internal import Policy
internal import RulesetShape

/// One direction of a host, with what differs between the three in nftables' terms.
struct SidePolicy: Hashable {
  let direction: Direction
  let mode: Mode
  let deny: DenyAction
  /// What its chains and sets are called after.
  let side: Side
  /// Whether the host has containers behind it.
  let hasContainers: Bool
  /// Whether knocks on its closed doors are counted.
  let hasTripwires: Bool
  /// The families of those whom tripwires may cut off.
  let cutFamilies: [AddressFamily]

  init(
    _ direction: Direction, mode: Mode, deny: DenyAction, hasContainers: Bool = false,
    cutFamilies: [AddressFamily]? = nil
  ) {
    hasTripwires = cutFamilies != nil && direction != .egress
    self.cutFamilies = mode == .enforce ? cutFamilies ?? [] : []
    self.hasContainers = hasContainers
    self.direction = direction
    self.mode = mode
    self.deny = deny
    side = Side(direction)
  }

  /// What becomes of what is not allowed.
  var denial: Denial {
    switch (mode, deny) {
    // A direction that is left alone has no side.
    case (.observe, _), (.leave, _): .observe
    case (.enforce, .drop): .drop
    case (.enforce, .reject): .reject
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

  /// Chain in which whatever is not allowed ends.
  var denyChain: ChainName { ChainMeaning.denial(side).name }

  /// Chain of errors, of what cannot be a connection and of what is not tracked.
  var notNewChain: ChainName { ChainMeaning.notNew(side).name }

  /// Chain of connections whose destination somebody's NAT has changed.
  var translatedChain: ChainName { ChainMeaning.translated(side).name }
}
