internal import Addressing
package import AgentProtocol
internal import Diagnostics
internal import Inventory
internal import InventoryText
internal import Policy

/// A flow outside the inventory, for a time: which hosts open what for it.
///
/// It is read as a file beside the inventory, so that its ends are what an inventory's are, its guards judge it, and each
/// host gets its share of it, gateways on the way among them.
package struct TimedFlow {
  package let flow: OpenedFlow
  /// What each host opens, by its name, in order.
  package let hosts: [(name: String, doors: [Door])]
  /// The inventory with the flow in it.
  package let loaded: LoadedPolicy

  /// Ports that a service may have at most: each is opened on its own.
  package static let mostPorts = 64

  /// - Throws: ``InventoryMistakes``, ``GuardsBroken``, ``Misuse`` for what cannot be opened so.
  package init(
    from: String, to: String, service: String, inventory: String, requiresGuards: Bool = true
  ) throws {
    flow = OpenedFlow(from: from, to: to, service: service)
    let present = try LoadedPolicy(inventory)
    let text = try Self.text(from: from, to: to, service: service, beside: present.policy)
    loaded = try LoadedPolicy(inventory, adding: SourceFile(path: Self.path, bytes: Array(text.text.utf8)))
    if requiresGuards { try loaded.requireGuards() }
    let policy = loaded.policy
    guard let index = policy.flows.firstIndex(where: { $0.name == text.flow }) else {
      throw Misuse("nothing is to be opened")
    }
    let ports = try Self.ports(of: policy.flows[index].services.map { policy[$0] }, service)
    let policies = HostPolicies(policy)
    var hosts: [(name: String, doors: [Door])] = []
    for (id, host) in policy.hosts.enumerated() {
      let shares = policies[HostID(id)].allowances.filter { $0.flow.index == index }
      if let virtual = shares.lazy.compactMap(\.virtual).first {
        throw Self.refusal(of: policies.peers[virtual.index].name)
      }
      // What is left alone is open, and has no rules that ask.
      let openings = try shares.filter { host.modes[$0.direction] != .leave }.map {
        try Opening($0, policies.peers)
      }
      // They are counted before they are made: two ends of a thousand addresses have a million pairs.
      let count = openings.reduce(0) { $0 + $1.pairs } * ports.count
      if count > OpenDoors.most {
        throw Misuse("\(host.name) would have to open \(count) doors; \(OpenDoors.most) are the most")
      }
      if count > 0 { hosts.append((host.name, openings.flatMap { $0.doors(ports) })) }
    }
    guard !hosts.isEmpty else {
      throw Misuse(
        "no managed host is an end of it that has rules there, or its ends are one host: nothing is to be opened"
      )
    }
    self.hosts = hosts
  }

  /// The same by the names of the hosts.
  package var doors: [String: [Door]] {
    Dictionary(hosts.map { ($0.name, $0.doors) }, uniquingKeysWith: { first, _ in first })
  }

  /// What a place in the added file is called.
  private static let path = "the command line"
}

extension TimedFlow {
  /// The file with the flow, and what the flow is called in it.
  private static func text(
    from: String, to: String, service: String, beside policy: Policy
  ) throws -> (text: String, flow: String) {
    let names = Set(
      policy.flows.map(\.name) + policy.services.map(\.name) + policy.networks.map(\.name)
        + policy.hosts.map(\.name) + policy.groups.map(\.name) + policy.hostGroups.map(\.name)
        + policy.zones.map(\.name) + policy.virtuals.map(\.name))
    func unused(_ wish: String) -> String { InventoryName.free(wish, besides: names) }
    let flow = unused("opened")
    var networks: [String] = []
    func end(_ word: String, _ wish: String) throws -> String {
      guard let address = try? Address(parsing: word) else { return try quoted(word) }
      if let host = policy.hosts.first(where: { $0.addresses.contains(address) }) {
        throw Misuse("\(word) is an address of \(host.name): name the host")
      }
      if let virtual = policy.virtual(of: address) { throw Self.refusal(of: policy[virtual].name) }
      let name = unused(wish)
      networks.append("  \(name): {prefixes: [\"\(address)/\(address.family.bitWidth)\"]}")
      return name
    }
    let ends = (from: try end(from, "opened-from"), to: try end(to, "opened-to"))
    var lines = ["version: 1"]
    if !networks.isEmpty { lines += ["networks:"] + networks }
    var asked = service
    if service.contains("/") {
      asked = unused("opened-service")
      lines += ["services:", "  \(asked): \(try quoted(service))"]
    } else {
      asked = try quoted(service)
    }
    lines += [
      "flows:", "  \(flow): {from: \(ends.from), to: \(ends.to), service: \(asked), why: opened for a time}",
    ]
    return (lines.joined(separator: "\n") + "\n", flow)
  }

  /// A door is open at every address of a host: one to a virtual address would open the others as well.
  private static func refusal(of virtual: String) -> Misuse {
    Misuse(
      "\(virtual) is a virtual address, and what a host opens for a time it opens at all of its addresses; a flow of the "
        + "inventory opens it")
  }

  /// A word of the command line as YAML. Nothing that could end it is in a name, a selector or a service.
  private static func quoted(_ word: String) throws -> String {
    guard !word.isEmpty, word.unicodeScalars.allSatisfy({ (0x20...0x7e).contains($0.value) && $0 != "'" })
    else {
      throw Misuse("neither a name nor an address: give a host, a group, a network, or an address")
    }
    return "'\(word)'"
  }

  fileprivate typealias Port = (ipProtocol: IPProtocol, port: UInt16)

  private static func ports(of services: [Service], _ asked: String) throws -> [Port] {
    var result: [Port] = []
    for service in services {
      if !service.multicast.isEmpty || service.replies != nil || service.isOfLink {
        throw Misuse("\(asked) speaks to many at once: a flow of the inventory opens it")
      }
      for term in service.terms {
        guard case .ports(let ports) = term.match else {
          throw Misuse(
            "only ports of tcp, udp and sctp can be opened for a time, and \(asked) has \(term.ipProtocol); a flow of the inventory opens it"
          )
        }
        for range in ports.ranges {
          if result.count + range.count > mostPorts {
            throw Misuse(
              "\(asked) has more than \(mostPorts) ports, each of which is opened on its own; a flow of the inventory opens ranges"
            )
          }
          result += range.map { (term.ipProtocol, $0) }
        }
      }
    }
    return result
  }
}

/// What a host has to open for its share of a flow.
private struct Opening {
  private let way: Door.Way
  /// The addresses of the other end, or of both where it passes through, the source first; by family.
  private let ends: [[[Address]]]

  init(_ share: Allowance, _ peers: [Peers]) throws {
    way =
      switch share {
      case .ingress: .in
      case .egress: .out
      case .forward: .through
      }
    let all = try share.peers.map { try Self.addresses(of: peers[$0.index]) }
    ends = AddressFamily.allCases.map { family in all.map { $0.filter { $0.family == family } } }
  }

  /// How many addresses, or pairs of them, ask for each port; an end has few enough for their product.
  var pairs: Int { ends.reduce(0) { $0 + $1.reduce(1) { $0 * $1.count } } }

  func doors(_ ports: [TimedFlow.Port]) -> [Door] {
    ends.flatMap { ends in
      let pairs = ends.dropFirst().reduce(ends[0].map { [$0] }) { sources, destinations in
        sources.flatMap { source in destinations.map { source + [$0] } }
      }
      return pairs.flatMap { pair in ports.map { Door(way, pair, $0.ipProtocol, $0.port) } }
    }
  }

  private static func addresses(of peers: Peers) throws -> [Address] {
    var result: [Address] = []
    for family in AddressFamily.allCases {
      for range in peers.addresses.ranges(family) {
        guard range.upperBound - range.lowerBound < UInt128(OpenDoors.most - result.count) else {
          throw Misuse(
            "\(peers.name) has more than \(OpenDoors.most) addresses: open it to hosts or single addresses")
        }
        result += (range.lowerBound...range.upperBound).map { Address(family, $0) }
      }
    }
    return result
  }
}
