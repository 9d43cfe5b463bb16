import Addressing
import Attempts
import Diagnostics
import Explanation
import Inventory
import Policy
import ProbePlan
import Testing

/// A network that does with packets what an evaluator says, which shares nothing with the compiler.
struct World {
  let policy: Policy
  let ends: [ProbeEnd]
  let now: Timestamp
  private let oracle: Oracle
  /// What one host does otherwise than the policy says.
  var fault: (host: HostID, direction: Direction)?

  init(_ policy: Policy, now: Timestamp) {
    self.policy = policy
    self.now = now
    oracle = Oracle(policy)
    ends = policy.hosts.indices.map {
      ProbeEnd(name: policy.hosts[$0].name, addresses: policy.hosts[$0].addresses, host: HostID($0))
    }
  }

  func passes(_ connection: Connection, _ host: HostID, _ direction: Direction) -> Bool {
    let says =
      policy[host].modes[direction] == .observe
      || oracle.judge(connection, at: host, direction, now: now) != .denied
    return (fault.map { $0 == (host, direction) } ?? false) ? !says : says
  }

  /// What agents would have seen of a packet, as far as it gets.
  func evidence(of probe: PlannedProbe, over gateways: [HostID]) -> ProbeEvidence {
    let (connection, from, to) = (probe.connection, HostID(probe.from), HostID(probe.to))
    var evidence = ProbeEvidence(connection.ipProtocol == .tcp ? .silent : .egressDenied)
    guard passes(connection, from, .egress) else { return evidence }
    evidence.outcome = .silent
    evidence.hasLeft = true
    if let gateway = gateways.first {
      evidence.came = [gateway]
      guard passes(connection, gateway, .forward) else { return evidence }
      evidence.went = [gateway]
    }
    evidence.hasArrived = true
    guard passes(connection, to, .ingress) else { return evidence }
    evidence.isDelivered = true
    evidence.outcome = .refused(by: nil)
    return evidence
  }

  /// Where packets of a connection are stopped first; `nil`: nowhere.
  func stop(of probe: PlannedProbe, over gateways: [HostID]) -> (HostID, Direction)? {
    let hops =
      [(HostID(probe.from), Direction.egress)] + gateways.prefix(1).map { ($0, .forward) }
      + [(HostID(probe.to), .ingress)]
    return hops.first { !passes(probe.connection, $0.0, $0.1) }
  }
}

/// The policy of an inventory that is one text.
func loaded(_ inventory: String) throws -> Policy {
  let result = Inventory.load([SourceFile(path: "inventory.yaml", bytes: Array(inventory.utf8))])
  return try #require(result.policy, "\(result.report.text(result.sources))")
}

let moment = Timestamp(seconds: 1_800_000_000)

/// Hosts on two sides of a gateway, of both families, and services with ranges.
let sides = """
  version: 1
  services: {web: tcp/80, range: tcp/9000-9010, ask: [udp/53, tcp/53], ping: icmp/echo-request, tunnel: esp}
  hosts:
    a: {addresses: [10.1.0.1, "2001:db8:1::1"], groups: [near]}
    b: {addresses: [10.1.0.2, 10.1.0.22], groups: [near], deny: reject}
    c: {addresses: [10.2.0.1, "2001:db8:2::1"], groups: [far], mode: {ingress: observe}}
    d: {addresses: [10.2.0.2, "2001:db8:2::2"], groups: [far]}
    gate:
      addresses: [10.1.0.254, 10.2.0.254, "2001:db8:1::fe", "2001:db8:2::fe"]
      forwarding: gateway
      routes: [{between: [near, far]}]
  flows:
    one: {from: near, to: d, service: [web, range], why: test}
    two: {from: d, to: a, service: ask, why: test}
    three: {from: far, to: far, service: ping, why: test}
    four: {from: a, to: b, service: [web, tunnel], why: test}
  """
