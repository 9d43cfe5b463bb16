import Addressing
import Lint
import Policy
import PolicyFixtures
import Testing

/// Covered flows against the naive evaluator.
@Suite struct CoveredProofTests {
  @Test(arguments: 0..<150)
  func `without the flows that are covered every verdict is the same`(seed: Int) throws {
    let random = RandomPolicy(seed: UInt64(seed))
    let policy = random.policy
    let moment = Timestamp(seconds: Int64(seed % 4) * 1000)
    let names = Set(covered(policy, moment))
    if names.isEmpty { return }
    let less = Self.policy(policy, policy.flows.filter { !names.contains($0.name) })
    let (all, rest) = (Oracle(policy), Oracle(less))
    var generator = SeededGenerator(seed: UInt64(seed) &+ 7)
    let groups = [Address(.ipv4, 0xe000_0012), Address(.ipv6, 0xff02 << 112 | 0x12)]
    for _ in 0..<1000 {
      guard let connection = draw(random.addresses, groups, &generator) else { continue }
      let host = HostID(Int.random(in: policy.hosts.indices, using: &generator))
      for direction in Direction.allCases {
        for later in [moment, Timestamp(seconds: moment.seconds + 1000), Timestamp(seconds: 9000)] {
          #expect(
            (all.judge(connection, at: host, direction, now: later) == .denied)
              == (rest.judge(connection, at: host, direction, now: later) == .denied),
            "\(connection) \(direction) at \(policy[host].name), covered \(names)")
        }
      }
    }
  }

  @Test(arguments: 0..<150)
  func `a flow that is plainly within another is found`(seed: Int) throws {
    let policy = RandomPolicy(seed: UInt64(seed)).policy
    let moment = Timestamp(seconds: Int64(seed % 4) * 1000)
    let found = Set(covered(policy, moment))
    for (index, flow) in policy.flows.enumerated() where flow.until.map({ $0 > moment }) ?? true {
      let isToItself = flow.parts.allSatisfy { part in
        part.from == part.to && policy[part.from].hosts.count == 1 && policy[part.from].networks.isEmpty
      }
      if isToItself { continue }
      let isInAnother = policy.flows.enumerated().contains { number, other in
        guard number != index, isWithin(flow, other, policy) else { return false }
        return number < index || !isWithin(other, flow, policy)
      }
      if isInAnother { #expect(found.contains(flow.name), "seed \(seed): \(flow.name)") }
    }
  }

  @Test func `some random policies have covered flows`() {
    let count = (0..<150).count {
      !covered(RandomPolicy(seed: UInt64($0)).policy, Timestamp(seconds: 0)).isEmpty
    }
    #expect(count > 20)
  }

  private func covered(_ policy: Policy, _ moment: Timestamp) -> [String] {
    Lint.findings(in: policy, at: moment).filter { $0.kind == .covered }.map(\.subject)
  }

  /// As sets, service by service.
  private func isWithin(_ narrow: Flow, _ wide: Flow, _ policy: Policy) -> Bool {
    func isWithin(_ a: PeersID, _ b: PeersID) -> Bool {
      Set(policy[a].hosts).isSubset(of: policy[b].hosts)
        && policy[a].addresses.subtracting(policy[b].addresses).isEmpty
    }
    let isLonger = wide.until.map { end in narrow.until.map { $0 <= end } ?? false } ?? true
    return isLonger
      && narrow.parts.allSatisfy { part in
        wide.parts.contains { isWithin(part.from, $0.from) && isWithin(part.to, $0.to) }
      }
      && Set(narrow.services).isSubset(of: wide.services)
  }

  private func draw(
    _ addresses: [Address], _ groups: [Address], _ generator: inout SeededGenerator
  ) -> Connection? {
    guard let source = addresses.randomElement(using: &generator),
      let destination = (generator.oneIn(6) ? groups : addresses).filter({ $0.family == source.family })
        .randomElement(using: &generator)
    else { return nil }
    let ipProtocol = [IPProtocol.tcp, .udp, .sctp, .icmp, .icmpv6, .esp, .gre, .vrrp].randomElement(
      using: &generator)
    guard let ipProtocol else { return nil }
    if ipProtocol.hasPorts {
      let ports = (0..<2).map { _ in RandomPolicy.ports.randomElement(using: &generator) ?? 80 }
      return Connection(
        from: source, to: destination, ipProtocol, .ports(source: ports[0], destination: ports[1]))
    }
    switch (ipProtocol, source.family) {
    case (.icmp, .ipv4): return Connection(from: source, to: destination, .icmp, .type(8))
    case (.icmpv6, .ipv6): return Connection(from: source, to: destination, .icmpv6, .type(128))
    case (.icmp, _), (.icmpv6, _): return nil
    default: return Connection(from: source, to: destination, ipProtocol, .plain)
    }
  }

  private static func policy(_ policy: Policy, _ flows: [Flow]) -> Policy {
    Policy(
      hosts: policy.hosts, peers: policy.peers, services: policy.services, flows: flows, guards: [], zones: []
    )
  }
}
