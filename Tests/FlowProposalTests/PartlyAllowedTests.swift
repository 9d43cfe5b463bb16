import Addressing
import AgentProtocol
import Explanation
import FlowProposal
import InventoryText
import Policy
import Records
import Testing

/// Proposals of what flows allow in part, or seem to.
@Suite struct PartlyAllowedTests {
  private static let now = Timestamp(seconds: 1_900_000_000)

  /// Both networks have hosts in them, which are not excepted.
  private static let inventory = """
    version: 1
    networks:
      internet: {prefixes: [0.0.0.0/0, "::/0"]}
      four: {prefixes: [10.0.0.0/8]}
    services: {https: tcp/443, dns: [udp/53, tcp/53], ping4: icmpv4/echo-request, ping: icmp/echo-request, tunnel: esp}
    hosts:
      a: {addresses: [10.0.0.1, "2001:db8::1"], groups: [both]}
      b: {addresses: [10.0.0.2, "2001:db8::2"], groups: [both]}
      c: {addresses: [10.0.0.3, "2001:db8::3"]}
      d: {addresses: [10.1.0.4]}
      gw: {addresses: [10.0.0.9, 10.1.0.9], forwarding: gateway, routes: [{between: [[a, b, c], d]}]}
    flows:
      out: {from: both, to: internet, service: https, why: a test}
      in: {from: internet, to: c, service: dns, why: a test}
      pings: {from: a, to: b, service: ping4, why: a test}
      some: {from: four, to: b, service: tunnel, why: a test}
      names: {from: a, to: four, service: dns, why: a test}
      whole: {from: b, to: a, service: [dns, ping], why: a test}
      near: {from: c, to: d, service: https, why: a test}

    """

  private static let asked: [(IPProtocol, UInt16?)] = [
    (.tcp, 443), (.udp, 53), (.tcp, 53), (.tcp, 22), (.esp, nil), (.icmp, nil),
  ]

  /// Everything that one host asks of another and that some rule on the way does not allow, as that hop records it.
  private static func recorded(_ policy: Policy) throws -> [RecordedConnection] {
    let reader = RecordReader(names: policy.owners.mapValues { policy[$0].name }, policy: policy, now: now)
    var paths = PathExplainer(policy, HostPolicies(policy))
    var found: [RecordedConnection] = []
    for source in policy.hosts {
      for destination in policy.hosts where destination.name != source.name {
        for family in AddressFamily.allCases {
          guard let from = source.addresses.first(where: { $0.family == family }),
            let to = destination.addresses.first(where: { $0.family == family })
          else { continue }
          for (asked, port) in asked {
            let ipProtocol = asked == .icmp && family == .ipv6 ? .icmpv6 : asked
            let type: UInt8? = ipProtocol == .icmp ? 8 : ipProtocol == .icmpv6 ? 128 : nil
            let kind: Connection.Kind =
              port.map { .ports(source: 49_152, destination: $0) } ?? type.map { .type($0) } ?? .plain
            let path = paths.explain(Connection(from: from, to: to, ipProtocol, kind), now: now)
            for hop in path.hops where !hop.isAllowed {
              let isForward = hop.direction == .forward
              let record = Recorded.Record(
                peer: hop.direction == .egress ? to : from, destination: isForward ? to : nil,
                ipProtocol: ipProtocol, port: port, type: type)
              let hook: DirectionStatus.Direction =
                switch hop.direction {
                case .ingress: .input
                case .egress: .output
                case .forward: .forward
                }
              found += reader.connections(
                RecordList.Direction(
                  hook: hook, mode: .observe, memory: 86_400, isFull: false,
                  entries: [RecordList.Entry(record, packets: 3, bytes: 180, age: 60)], untold: 0),
                at: policy[hop.host].name)
            }
          }
        }
      }
    }
    return found
  }

  @Test
  func `whatever one host asks another is proposed unless no flow would let it, and is allowed with it`()
    throws
  {
    let fleet = try ProposalCase(Self.inventory)
    let recorded = try Self.recorded(fleet.policy)
    let codes = Set(recorded.compactMap { $0.cause?.code })
    #expect(codes.isSuperset(of: ["no-flow", "only-elsewhere", "other-family", "other-way"]), "\(codes)")
    let proposal = FlowProposal(over: recorded, in: fleet.policy)
    #expect(proposal.left.isEmpty, "\(proposal.left)")
    #expect(proposal.covered == recorded.count && proposal.records == recorded.count)
    let text = proposal.file(header: [], now: Self.now).text.replacing("why: \"\"", with: "why: a test")
    let after = try fleet.policy(with: text)
    let explainer = DenialExplainer(after, now: Self.now)
    for one in recorded {
      let host = try #require(after.host(named: one.host))
      guard case .allowed = explainer.cause(of: one.record, at: host, one.direction) else {
        Issue.record("\(one.source.text) → \(one.destination.text) \(one.service) at \(one.host)\n\(text)")
        continue
      }
    }
    // Nothing is proposed again once it is there.
    #expect(FlowProposal(over: try Self.recorded(after), in: after).records == 0)
  }

  static let cases: [(asked: (String, String, String), remark: String?)] = [
    (("a", "b", "tcp/443"), "another host of the way has it by flow out"),
    (("a", "c", "udp/53"), "another host of the way has it by flow in"), (("a", "b", "tcp/22"), nil),
  ]

  @Test(arguments: cases) func `a flow says which has a part of it already`(
    _ example: (asked: (String, String, String), remark: String?)
  ) throws {
    // Whoever answers is not allowed to ask.
    let fleet = try ProposalCase(
      Self.inventory.replacing("from: a, to: four, service: dns", with: "from: a, to: four, service: ping"))
    let asked = Asked(source: example.asked.0, destination: example.asked.1, service: example.asked.2)
    let flow = try #require(try fleet.proposal([asked]).flows.first)
    #expect(flow.remarks.filter { $0.contains("has it by") } == [example.remark].compactMap(\.self))
  }

  @Test(arguments: [true, false]) func `what a flow has in part is proposed where both ends are hosts alone`(
    areHosts: Bool
  ) throws {
    let fleet = try ProposalCase(Self.inventory)
    let names = fleet.policy.owners.mapValues { fleet.policy[$0].name }
    let record = Recorded.Record(
      peer: try Address(parsing: "10.0.0.1"), destination: nil, ipProtocol: .tcp, port: 443)
    let reader = RecordReader(names: areHosts ? names : [:], policy: fleet.policy, now: Self.now)
    let connections = reader.connections(
      RecordList.Direction(
        hook: .input, mode: .observe, memory: 86_400, isFull: false,
        entries: [RecordList.Entry(record, packets: 3, bytes: 180, age: 60)], untold: 0), at: "d")
    #expect(connections.map { $0.cause?.code } == ["only-elsewhere"])
    // A network stands for an address of it, if that is asked for.
    let proposal = FlowProposal(over: connections, in: fleet.policy, isWide: !areHosts)
    #expect(proposal.flows.map { $0.from + $0.to } == (areHosts ? [["a", "d"]] : []))
    #expect(
      proposal.left.map(\.reason)
        == (areHosts ? [] : [.cause(.onlyElsewhere(host: "a", flow: "out"))]))
  }

  @Test(arguments: [IPProtocol.icmp, .icmpv6])
  func `of messages those are proposed that an inventory takes for a service, and no others`(
    _ ipProtocol: IPProtocol
  ) throws {
    let hosts =
      "version: 1\nhosts: {a: {addresses: [10.0.0.1, \"2001:db8::1\"]}, b: {addresses: [10.0.0.2, \"2001:db8::2\"]}}\n"
    let fleet = try ProposalCase(hosts)
    let reader = RecordReader(
      names: fleet.policy.owners.mapValues { fleet.policy[$0].name }, policy: fleet.policy, now: Self.now)
    let peer = try Address(parsing: ipProtocol == .icmp ? "10.0.0.1" : "2001:db8::1")
    for type in UInt8.min...UInt8.max {
      let word = "\(ipProtocol == .icmp ? "icmpv4" : "icmpv6")/\(type)"
      let isService = ProposalCase.loads(hosts + "services: {s: \(word)}\n")
      let record = Recorded.Record(
        peer: peer, destination: nil, ipProtocol: ipProtocol, port: nil, type: type)
      let connections = reader.connections(
        RecordList.Direction(
          hook: .input, mode: .observe, memory: 86_400, isFull: false,
          entries: [RecordList.Entry(record, packets: 3, bytes: 180, age: 60)], untold: 0), at: "b")
      let proposal = FlowProposal(over: connections, in: fleet.policy)
      #expect(proposal.flows.count == (isService ? 1 : 0), "\(word)")
      guard isService else { continue }
      let text = proposal.file(header: [], now: Self.now).text.replacing("why: \"\"", with: "why: a test")
      let after = try fleet.policy(with: text)
      let cause = DenialExplainer(after, now: Self.now).cause(of: record, at: HostID(1), .ingress)
      #expect(cause == .allowed(flow: "a-to-b"), "\(word)")
    }
  }

  @Test
  func `a port that clients ask from is proposed where both ends say that nobody answered, with a remark`()
    throws
  {
    let fleet = try ProposalCase(
      """
      version: 1
      services: {ssh: tcp/22}
      hosts: {ci: {addresses: [10.0.0.1]}, agent: {addresses: [10.0.0.2]}}
      flows: {s: {from: ci, to: agent, service: ssh, why: a test}}

      """)
    let asked = Asked(source: "agent", destination: "ci", service: "tcp/50000")
    let both = try fleet.connections([asked])
    let proposal = FlowProposal(over: both, in: fleet.policy)
    #expect(try fleet.opened(by: proposal) == [asked] && proposal.covered == 2)
    let remarks = try #require(proposal.flows.first).remarks
    #expect(remarks.contains { $0.contains("late answer of flow s") }, "\(remarks)")
    for one in both {
      let alone = FlowProposal(over: [one], in: fleet.policy)
      #expect(alone.flows.isEmpty && alone.left.map(\.service) == ["tcp/50000"], "\(one.host)")
      #expect(alone.left.allSatisfy { $0.reason == .cause(.answers(flow: "s")) })
    }
  }
}
