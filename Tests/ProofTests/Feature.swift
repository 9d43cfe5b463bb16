import Addressing
import Glibc
import Policy

/// What has to occur in random policies for their proof to be one of the language.
enum Feature: CaseIterable {
  case gateway, forwardingDenied, observing, rejecting, ended, notEnded, multicast, protocolsWithoutPorts
  case portRanges, oneFamily, networkWithHosts, networkWithoutHosts, dhcp, severalParts

  func occurs(in policy: Policy) -> Bool {
    let now = Timestamp(seconds: Int64(time(nil)))
    let flows = policy.flows
    let services = flows.flatMap { $0.services.map { policy[$0] } }
    let matches = services.flatMap(\.terms)
    let ends = flows.flatMap(\.ends).map { policy[$0] }
    let managed = AddressSet(policy.hosts.flatMap(\.addresses))
    return switch self {
    case .gateway: policy.hosts.contains { if case .gateway = $0.forwarding { true } else { false } }
    case .forwardingDenied: policy.hosts.contains { $0.forwarding == .deny }
    case .observing: policy.hosts.contains { $0.modes != Modes(.enforce) }
    case .rejecting: policy.hosts.contains { $0.deny == .reject }
    case .ended: flows.contains { $0.until.map { $0 <= now } ?? false }
    case .notEnded: flows.contains { $0.until.map { $0 > now } ?? false }
    case .multicast: services.contains { !$0.multicast.isEmpty }
    case .protocolsWithoutPorts: matches.contains { $0.match == .any }
    case .portRanges:
      matches.contains { if case .ports(let ports) = $0.match { ports.ranges[0].count > 1 } else { false } }
    case .oneFamily: policy.hosts.contains { Set($0.addresses.map(\.family)).count == 1 }
    case .networkWithHosts: ends.contains { !$0.networks.intersection(managed).isEmpty }
    case .networkWithoutHosts:
      ends.contains { !$0.networks.isEmpty && $0.networks.intersection(managed).isEmpty }
    case .severalParts: flows.contains { $0.parts.count > 1 }
    case .dhcp: policy.hosts.contains(where: \.dhcp)
    }
  }
}
