import Addressing
import AgentProtocol
import Explanation
import Policy
import PolicyFixtures
import Records
import RulesetShape
import Testing

/// Causes over random policies, held against what packets through the compiled rules say.
@Suite struct RandomCauseTests {
  private static let now = Timestamp(seconds: 1_800_000_000)

  /// A host's question about one port of a peer.
  private struct Question: CustomStringConvertible {
    let peer: Address
    let host: HostID
    let direction: Direction
    let port: UInt16
    let ipProtocol: IPProtocol

    var record: Recorded.Record {
      Recorded.Record(peer: peer, destination: nil, ipProtocol: ipProtocol, port: port)
    }

    var description: String { "\(direction) of \(host.index): \(peer) \(ipProtocol)/\(port)" }
  }

  private static func questions(_ policy: Policy) -> [Question] {
    let strangers: [Address] = [Address(.ipv4, 0x0808_0808), Address(.ipv6, 0x2a00 << 112 | 8)]
    let peers =
      Set(policy.hosts.flatMap(\.addresses) + strangers)
      .union(
        policy.networks.flatMap { network in
          network.addresses.ranges(.ipv4).map { Address(.ipv4, $0.lowerBound) }
        })
    return policy.hosts.indices.flatMap { host in
      peers.sorted().filter { !policy.hosts[host].addresses.contains($0) }.flatMap { peer in
        [Direction.ingress, .egress].flatMap { direction in
          RandomPolicy.ports.flatMap { port in
            [IPProtocol.tcp, .udp].map {
              Question(
                peer: peer, host: HostID(host), direction: direction, port: port, ipProtocol: $0)
            }
          }
        }
      }
    }
  }

  @Test(arguments: 0..<30)
  func `what has no cause but that no flow is about it is allowed by no rule, either way, in any family`(
    seed: Int
  ) throws {
    let policy = RandomPolicy(seed: UInt64(seed)).policy
    let explainer = DenialExplainer(policy, now: Self.now)
    var paths = PathExplainer(policy, HostPolicies(policy))
    /// The hops by which flows allow something between the host's address of a family and an address of the peer.
    func allowing(_ question: Question, _ direction: Direction, _ peer: Address) -> [Hop] {
      guard let here = policy[question.host].addresses.first(where: { $0.family == peer.family }) else {
        return []
      }
      let (from, to) = direction == .ingress ? (peer, here) : (here, peer)
      let connection = Connection(
        from: from, to: to, question.ipProtocol, .ports(source: 49_152, destination: question.port))
      return paths.explain(connection, now: Self.now).hops.filter(\.isAllowed)
    }
    var counts = (allowed: 0, none: 0, otherwise: 0, partly: 0)
    for question in Self.questions(policy) {
      let cause = explainer.cause(of: question.record, at: question.host, question.direction)
      let hops = allowing(question, question.direction, question.peer)
      let own = hops.first { $0.host == question.host && $0.direction == question.direction }
      switch cause {
      case .allowed(let flow):
        counts.allowed += 1
        #expect(own.map { hop in hop.flow.map { policy[$0].name } == flow } == true, "\(question)")
      case .noFlow, .unknown:
        counts.none += 1
        #expect(!hops.contains { $0.flow != nil }, "\(question)")
        if case .unknown = cause { continue }
        let reverse: Direction = question.direction == .ingress ? .egress : .ingress
        let back = allowing(question, reverse, question.peer)
        #expect(!back.contains { $0.host == question.host && $0.flow != nil }, "\(question)")
        guard let other = paths.owner(of: question.peer) else { continue }
        for address in policy[other].addresses where address.family != question.peer.family {
          let elsewhere = allowing(question, question.direction, address)
          #expect(!elsewhere.contains { $0.host == question.host && $0.flow != nil }, "\(question)")
        }
      default:
        counts.otherwise += 1
        #expect(own == nil, "\(question): \(cause.words)")
        guard let other = paths.owner(of: question.peer) else { continue }
        // What a flow of both hosts is about has another cause: another flow of them is what is missing.
        let (source, destination) =
          question.direction == .ingress ? (other, question.host) : (question.host, other)
        let isJoined = policy.flows.contains { flow in
          flow.parts.contains {
            policy[$0.from].hosts.contains(source) && policy[$0.to].hosts.contains(destination)
          }
            && flow.services.contains {
              policy[$0].terms.contains { $0.isAbout(question.ipProtocol, question.port) }
            }
        }
        switch cause {
        case .onlyElsewhere, .otherFamily:
          counts.partly += 1
          #expect(!isJoined, "\(question): \(cause.words)")
        default: break
        }
      }
    }
    #expect(counts.none > 0)
  }
}

extension ServiceTerm {
  fileprivate func isAbout(_ ipProtocol: IPProtocol, _ port: UInt16) -> Bool {
    if case .ports(let ports) = match, self.ipProtocol == ipProtocol { ports.contains(port) } else { false }
  }
}
