package import Addressing
internal import Diagnostics
package import Policy

extension RandomPolicy {
  /// One of the first virtual addresses is in the networks that hold hosts, the second in none.
  package static let virtualAddresses = [
    [ipv4(150), ipv6(0x150)], [Address(.ipv4, 0xac10_0001), Address(.ipv6, 0x2001_0db9 << 96 | 1)],
  ]

  /// The same policy with virtual addresses that random hosts carry and random flows name, alone or beside others.
  package func withVirtuals(seed: UInt64) -> Policy {
    var random = SeededGenerator(seed: seed &+ 5_000_000)
    let here = SourceLocation(file: "random.yaml", line: 1, column: 1)
    var peers = policy.peers
    let able = policy.hosts.indices.filter { policy.hosts[$0].forwarding.containers == nil }
    if able.isEmpty { return policy }
    let virtuals = Self.virtualAddresses.enumerated().map { number, addresses in
      var carriers = able.filter { _ in random.oneIn(2) }
      if carriers.isEmpty { carriers = [able[0]] }
      peers.append(
        Peers(
          name: "v\(number)", hosts: [], networks: AddressSet(), addresses: AddressSet(addresses),
          virtuals: [VirtualID(number)]))
      return Virtual(
        name: "v\(number)", addresses: addresses, carriers: carriers.map { HostID($0) },
        peers: PeersID(peers.count - 1), location: here)
    }
    func end(_ id: PeersID) -> PeersID {
      let number = Int.random(in: 0..<6, using: &random)
      if number > 3 { return id }
      let virtual = VirtualID(number % 2)
      if number < 2 { return virtuals[number].peers }
      let old = peers[id.index]
      peers.append(
        Peers(
          name: "e\(peers.count)", hosts: old.hosts, networks: old.networks,
          addresses: old.addresses.union(AddressSet(virtuals[virtual.index].addresses)),
          virtuals: [virtual]))
      return PeersID(peers.count - 1)
    }
    let flows = policy.flows.map { flow in
      // No virtual address takes part in groups.
      if flow.services.contains(where: { !policy[$0].multicast.isEmpty }) { return flow }
      let parts = flow.parts.map { FlowPart(from: end($0.from), to: end($0.to)) }
      return Flow(
        name: flow.name, parts: parts, written: parts.count == 1 ? parts[0] : flow.written, per: flow.per,
        services: flow.services, why: flow.why, owner: nil, ticket: nil, until: flow.until, location: here)
    }
    return Policy(
      hosts: policy.hosts, peers: peers, services: policy.services, flows: flows, guards: policy.guards,
      zones: policy.zones, virtuals: virtuals)
  }
}

extension Policy {
  /// Whether a connection goes from one side of a route to the other. A virtual address is wherever a carrier of it is named.
  package func crosses(_ route: Route, _ source: Address, _ destination: Address) -> Bool {
    func isBeside(_ address: Address, _ side: PeersID) -> Bool {
      self[side].addresses.contains(address)
        || virtuals.contains { virtual in
          virtual.addresses.contains(address) && self[side].hosts.contains(where: virtual.carriers.contains)
        }
    }
    return isBeside(source, route.one) && isBeside(destination, route.other)
      || isBeside(source, route.other) && isBeside(destination, route.one)
  }
}
