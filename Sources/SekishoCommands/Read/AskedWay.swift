internal import Addressing
internal import ConnectionDiff
internal import ConnectionSpace
internal import RulesetSpace

/// Which way a connection that is asked about takes at the host.
enum AskedWay: String {
  case ingress = "in"
  case egress = "out"
  case forward = "through"
  /// Out, over the loopback, and in again.
  case toItself = "to itself"

  static let loopback = AddressSet([.ipv4Loopback, .ipv6Loopback])

  /// Several hosts may have these, and whoever gets them takes them.
  private static let groups = AddressSet.all.subtracting(RulesetSpace.unicast)

  /// - Parameter own: the host's addresses; `nil`: not known.
  init(from source: Address, to destination: Address, own: AddressSet?, _ links: AllowedConnections.Links) {
    func isOwn(_ address: Address) -> Bool {
      Self.loopback.contains(address) || own?.contains(address) ?? false
    }
    let isForGroups = Self.groups.contains(destination) || links.kept.broadcasts.contains(destination)
    let mayLoop = [nil, "lo"].contains(links.input) && (own != nil || [nil, "lo"].contains(links.output))
    if mayLoop, isOwn(source) && isOwn(destination) || source == destination && own == nil {
      self = .toItself
    } else if own != nil {
      let isIn = isOwn(destination) || isForGroups && !isOwn(source)
      self = isIn ? .ingress : isOwn(source) ? .egress : .forward
    } else if links.output != nil {
      // The links that are named tell; without any it is asked of whom the file is.
      self = links.input == nil ? .egress : .forward
    } else {
      self = .ingress
    }
  }

  var passage: Passage {
    switch self {
    case .ingress: .ingress
    case .egress, .toItself: .egress
    case .forward: .forward
    }
  }
}
