import Addressing
import Diagnostics
import Policy
import PolicyFixtures

/// A policy that somebody changes at random.
struct PolicyEdit {
  private var random: SeededGenerator
  private var hosts: [Host]
  private var peers: [Peers]
  private var services: [Service]
  private var flows: [Flow]
  private let virtuals: [Virtual]
  private let tripwires: [Tripwire]
  private let here = SourceLocation(file: "random.yaml", line: 1, column: 1)

  /// - Parameter count: how many things are changed.
  static func edited(_ policy: Policy, seed: UInt64, count: Int) -> Policy {
    if policy.peers.isEmpty { return policy }
    var edit = PolicyEdit(policy, seed: seed)
    for _ in 0..<count { edit.change() }
    return Policy(
      hosts: edit.hosts, peers: edit.peers, services: edit.services,
      flows: edit.flows.sorted { $0.name < $1.name }, guards: [], zones: [], tripwires: edit.tripwires,
      virtuals: edit.virtuals)
  }

  private init(_ policy: Policy, seed: UInt64) {
    random = SeededGenerator(seed: seed &+ 9_000_000)
    (hosts, peers, services, flows) = (policy.hosts, policy.peers, policy.services, policy.flows)
    (virtuals, tripwires) = (policy.virtuals, policy.tripwires)
  }

  private mutating func change() {
    switch Int.random(in: 0..<15, using: &random) {
    case 0: if !flows.isEmpty { flows.remove(at: Int.random(in: flows.indices, using: &random)) }
    case 1, 2: addFlow()
    case 3, 4: changeFlow { $0.part = FlowPart(from: $1.end(), to: $1.end()) }
    case 5: changeFlow { $0.part = FlowPart(from: $0.part.from, to: $1.end()) }
    case 6: changeFlow { $0.services = [ServiceID(Int.random(in: $1.services.indices, using: &$1.random))] }
    case 7:
      changeFlow {
        $0.until =
          [nil, Timestamp(seconds: 1000), Timestamp(seconds: 9000)].randomElement(using: &$1.random) ?? nil
      }
    case 8: changeFlow { flow, _ in flow.name += "x" }
    case 9, 10: changeMembers()
    case 11: changeService()
    case 12: changeHost { $0.modes = Modes($1.random.oneIn(2) ? .enforce : .observe) }
    case 13: changeHost { $0.forwarding = $1.forwarding() }
    default:
      if random.oneIn(3) {
        addHost()
      } else if random.oneIn(2) {
        readdress()
      } else {
        changeHost { host, _ in host.dhcp.toggle() }
      }
    }
  }

  private mutating func end() -> PeersID { PeersID(Int.random(in: peers.indices, using: &random)) }

  // MARK: - Flows

  private struct FlowParts {
    var name: String
    var part: FlowPart
    var services: [ServiceID]
    var until: Timestamp?
  }

  private mutating func addFlow() {
    flows.append(
      flow(
        FlowParts(
          name: "g\(flows.count)", part: FlowPart(from: end(), to: end()),
          services: [ServiceID(Int.random(in: services.indices, using: &random))], until: nil)))
  }

  private mutating func changeFlow(_ body: (inout FlowParts, inout Self) -> Void) {
    if flows.isEmpty { return }
    let place = Int.random(in: flows.indices, using: &random)
    let old = flows[place]
    var parts = FlowParts(name: old.name, part: old.parts[0], services: old.services, until: old.until)
    body(&parts, &self)
    flows[place] = flow(parts)
  }

  private func flow(_ parts: FlowParts) -> Flow {
    // No virtual address takes part in groups.
    let isToGroup = parts.services.contains { !services[$0.index].multicast.isEmpty }
    func own(_ id: PeersID) -> PeersID {
      if !isToGroup || peers[id.index].virtuals.isEmpty { return id }
      return PeersID(peers.firstIndex { $0.virtuals.isEmpty } ?? 0)
    }
    return Flow(
      name: parts.name, from: own(parts.part.from), to: own(parts.part.to), services: parts.services,
      why: "random", owner: nil, ticket: nil, until: parts.until, location: here)
  }

  // MARK: - What names mean

  private mutating func changeMembers() {
    let place = Int.random(in: peers.indices, using: &random)
    let old = peers[place]
    if old.hosts.isEmpty { return }
    let other = HostID(Int.random(in: hosts.indices, using: &random))
    var members = Set(old.hosts)
    if members.remove(other) == nil || members.isEmpty { members.insert(other) }
    peers[place] = renewed(old, members.sorted())
  }

  private func renewed(_ old: Peers, _ members: [HostID]) -> Peers {
    let own = AddressSet(
      members.flatMap { hosts[$0.index].addresses } + old.virtuals.flatMap { virtuals[$0.index].addresses })
    return Peers(
      name: old.name, hosts: members, networks: old.networks, addresses: own.union(old.networks),
      virtuals: old.virtuals)
  }

  private mutating func changeService() {
    let place = Int.random(in: services.indices, using: &random)
    let (old, other) = (services[place], services[Int.random(in: services.indices, using: &random)])
    if old.multicast != other.multicast { return }
    services[place] = Service(
      name: old.name, terms: other.terms, multicast: old.multicast, replies: old.replies, location: here)
  }

  // MARK: - Hosts

  private struct HostParts {
    var addresses: [Address]
    var modes: Modes
    var forwarding: Forwarding
    var dhcp: Bool
  }

  private mutating func changeHost(_ body: (inout HostParts, inout Self) -> Void) {
    let place = Int.random(in: hosts.indices, using: &random)
    let old = hosts[place]
    var parts = HostParts(
      addresses: old.addresses, modes: old.modes, forwarding: old.forwarding, dhcp: old.dhcp)
    body(&parts, &self)
    hosts[place] = host(old.name, parts, old.deny)
  }

  private func host(_ name: String, _ parts: HostParts, _ deny: DenyAction) -> Host {
    Host(
      name: name, addresses: parts.addresses.sorted(), zone: nil, groups: [], modes: parts.modes, deny: deny,
      forwarding: parts.forwarding, dhcp: parts.dhcp, crown: false, ssh: nil, location: here)
  }

  private mutating func forwarding() -> Forwarding {
    switch Int.random(in: 0..<5, using: &random) {
    case 0: .leave
    case 1: .deny
    // No carrier of a virtual address forwards to containers.
    case 2 where virtuals.isEmpty:
      .containers(Containers(bridges: ["br-*", "docker0"], judgesEgress: random.oneIn(2)))
    default: .gateway([Route(end(), end())])
    }
  }

  private mutating func readdress() {
    let fresh = Address(.ipv4, 0x0a00_0000 | UInt128(Int.random(in: 40...60, using: &random)))
    if hosts.contains(where: { $0.addresses.contains(fresh) }) { return }
    changeHost { parts, _ in parts.addresses[0] = fresh }
    peers = peers.map { renewed($0, $0.hosts) }
  }

  private mutating func addHost() {
    if hosts.count > 9 { return }
    let number = hosts.count
    let parts = HostParts(
      addresses: [Address(.ipv4, 0x0a00_0000 | UInt128(number + 1))], modes: Modes(.enforce),
      forwarding: .leave, dhcp: false)
    if hosts.contains(where: { $0.addresses.contains(parts.addresses[0]) }) { return }
    hosts.append(host("h\(number)", parts, .drop))
    let place = Int.random(in: peers.indices, using: &random)
    peers[place] = renewed(peers[place], peers[place].hosts + [HostID(number)])
  }
}
