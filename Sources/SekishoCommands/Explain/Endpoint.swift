internal import Addressing
internal import ArgumentParser
internal import Operations
internal import Policy

/// One end of a question: a host, a network, a virtual address or an address, as the user names it.
struct Endpoint {
  let name: String
  /// What to try. A host's addresses are one part; of a network there is one part for each kind of
  /// address that rulesets tell apart.
  let parts: [[Address]]
  let isNetwork: Bool
  /// The host whose name it is; `nil`: it is none.
  let host: HostID?
  /// The virtual addresses that the host may carry, from which it may ask as well.
  let carried: [Address]

  /// - Parameter divided: divides a network into its parts.
  /// - Throws: ``ValidationError`` with the nearest names when nothing is called so.
  init(_ text: String, in policy: Policy, divided: (AddressSet) -> [[Address]]) throws {
    name = text
    host = policy.host(named: text)
    carried = host.map { policy.carried(by: $0) } ?? []
    if let host {
      (parts, isNetwork) = ([policy[host].addresses], false)
    } else if let virtual = policy.virtuals.first(where: { $0.name == text }) {
      (parts, isNetwork) = ([virtual.addresses], false)
    } else if let peers = policy.peers.first(where: { $0.name == text && !$0.networks.isEmpty }) {
      (parts, isNetwork) = (divided(peers.networks), true)
    } else if let network = policy.networks.first(where: { $0.name == text }) {
      (parts, isNetwork) = (divided(network.addresses), true)
    } else if let address = try? Address(parsing: text) {
      (parts, isNetwork) = ([[address]], false)
    } else if let member = Self.member(of: text, policy) {
      throw ValidationError("'\(text)' is a group or zone; ask for one of its hosts, such as \(member)")
    } else {
      let names = policy.hosts.map(\.name) + policy.virtuals.map(\.name) + policy.networks.map(\.name)
      throw ValidationError(
        "'\(text)' is no host and no network, and not an address\(HostSelector.meant(by: text, among: names))"
      )
    }
  }

  /// An address that no name stands for.
  init(_ address: Address, _ text: String) {
    (name, parts, isNetwork, host, carried) = (text, [[address]], false, nil, [])
  }

  private init(carriedBy end: Self) {
    (name, parts, isNetwork, host, carried) = (end.name, [end.carried], false, end.host, [])
  }

  /// The virtual addresses that the host may carry, as an end of their own; `nil`: it carries none.
  var carrying: Self? { carried.isEmpty ? nil : Self(carriedBy: self) }

  private static func member(of name: String, _ policy: Policy) -> String? {
    policy.groups.first { $0.name == name }?.hosts.first.map { policy[$0].name }
      ?? policy.hosts.first { $0.groups.contains(name) || $0.zone == name }?.name
  }

  /// The pairs of addresses to try, by pairs of parts; a host's way to itself is no part of the question
  /// unless it is all of it.
  static func pairs(
    _ from: Self, _ to: Self, owner: (Address) -> HostID?
  ) throws -> [[(from: Address, to: Address)]] {
    guard from.parts.count * to.parts.count <= mostPairs else {
      throw ValidationError(
        "\(from.name) and \(to.name) have too many kinds of addresses to try all; ask for hosts or addresses")
    }
    guard from.isNetwork || to.isNetwork else {
      return [from.parts[0].flatMap { source in to.parts[0].map { (source, $0) } }]
    }
    return from.parts.flatMap { sources in
      to.parts.map { destinations in
        // One address of a network's part stands for the others.
        var seen: Set<[Address]> = []
        return sources.flatMap { source in destinations.map { (from: source, to: $0) } }.filter { pair in
          guard pair.from.family == pair.to.family else { return false }
          if let one = owner(pair.from), one == owner(pair.to) { return false }
          return seen.insert((from.isNetwork ? [] : [pair.from]) + (to.isNetwork ? [] : [pair.to])).inserted
        }
      }
    }
  }

  private static let mostPairs = 100_000
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
