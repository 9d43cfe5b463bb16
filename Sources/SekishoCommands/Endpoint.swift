internal import Addressing
internal import ArgumentParser
internal import Policy

/// One end of a question: a host, a network or an address, as the user names it.
struct Endpoint {
  let name: String
  /// The addresses to try, at most one a family for a network.
  let addresses: [Address]

  /// - Throws: ``ValidationError`` with the nearest names when nothing is called so.
  init(_ text: String, in policy: Policy) throws {
    name = text
    if let host = policy.hosts.first(where: { $0.name == text }) {
      addresses = host.addresses
    } else if let peers = policy.peers.first(where: { $0.name == text && !$0.networks.isEmpty }) {
      addresses = peers.networks.families.compactMap { family in
        peers.networks.ranges(family).first.map { Address(family, min($0.lowerBound + 1, $0.upperBound)) }
      }
    } else if let address = try? Address(parsing: text) {
      addresses = [address]
    } else if policy.hosts.contains(where: { $0.groups.contains(text) || $0.zone == text }) {
      let member = policy.hosts.first { $0.groups.contains(text) || $0.zone == text }
      throw ValidationError(
        "'\(text)' is a group or zone; ask for one of its hosts, such as \(member?.name ?? "one")")
    } else {
      throw ValidationError("'\(text)' is no host and no network of a flow, and not an address")
    }
  }
}

/// What is asked for: a service of the inventory, or a protocol with a port or type.
struct AskedService {
  let name: String
  let terms: [ServiceTerm]

  /// - Throws: ``ValidationError``.
  init(_ text: String, in policy: Policy) throws {
    name = text
    if let service = policy.services.first(where: { $0.name == text }) {
      terms = service.terms
      return
    }
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    if let term = Self.terms(String(parts[0]), parts.count == 2 ? String(parts[1]) : nil) {
      terms = term
      return
    }
    throw ValidationError(
      "'\(text)' is no service of the inventory; ask for one, or for tcp/443, udp/53, icmp/echo-request, esp")
  }

  /// The terms of a protocol with a port or type; `nil` when that is none.
  static func terms(_ protocolName: String, _ what: String?) -> [ServiceTerm]? {
    let isEitherICMP = protocolName == "icmp"
    let ipProtocol: IPProtocol
    if let known = IPProtocol(name: protocolName == "icmpv4" ? "icmp" : protocolName) {
      ipProtocol = known
    } else if let number = UInt8(protocolName) {
      ipProtocol = IPProtocol(rawValue: number)
    } else {
      return nil
    }
    switch ipProtocol {
    case .icmp, .icmpv6:
      let types: [ServiceTerm] = AddressFamily.allCases.compactMap { family in
        let own: IPProtocol = family == .ipv4 ? .icmp : .icmpv6
        guard own == ipProtocol || isEitherICMP && what.map({ UInt8($0) == nil }) ?? true else { return nil }
        let type =
          ICMPType.names(family).first { $0.name == what ?? "echo-request" }?.value
          ?? what.flatMap { UInt8($0) }
        return type.map { ServiceTerm(own, .types(IntervalSet([$0...$0]))) }
      }
      return types.isEmpty ? nil : types
    case let ported where ported.hasPorts:
      guard let what, let port = UInt16(what), port > 0 else { return nil }
      return [ServiceTerm(ported, .ports(PortSet([port...port])))]
    default:
      return what == nil ? [ServiceTerm(ipProtocol, .any)] : nil
    }
  }
}

extension ServiceTerm {
  /// The first packets to try: the first and last of each range, from a port that no service has.
  func connections(from source: Address, to destination: Address) -> [Connection] {
    guard source.family == destination.family, families.contains(source.family) else { return [] }
    switch match {
    case .any:
      return [Connection(from: source, to: destination, ipProtocol, .plain)]
    case .ports(let ports):
      return ports.ranges.flatMap { range in
        Set([range.lowerBound, range.upperBound]).sorted().map {
          Connection(from: source, to: destination, ipProtocol, .ports(source: 49_152, destination: $0))
        }
      }
    case .types(let types):
      return types.ranges.joined().map { Connection(from: source, to: destination, ipProtocol, .type($0)) }
    }
  }
}
