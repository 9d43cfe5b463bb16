import Addressing
import Attempts
import Lab
import LabFixtures
import LabHarness
import Operations
import Policy
import Testing

/// What packets in a lab say of a connection.
@Suite struct LabTrialTests {
  struct Seen: CustomTestStringConvertible, Sendable {
    let ipProtocol: IPProtocol
    let outcome: AttemptOutcome
    var hasArrived = false
    var isHeard = true
    /// `nil`: it is no denial, and not known to pass.
    let isOpen: Bool?

    var testDescription: String { "\(ipProtocol) \(outcome), arrived \(hasArrived), heard \(isHeard)" }
  }

  static let seen = [
    Seen(ipProtocol: .tcp, outcome: .open, isOpen: true),
    Seen(ipProtocol: .udp, outcome: .open, isOpen: true),
    Seen(ipProtocol: .tcp, outcome: .silent, isOpen: false),
    Seen(ipProtocol: .udp, outcome: .rejected(by: Address(.ipv4, 2)), isOpen: false),
    Seen(ipProtocol: .udp, outcome: .egressDenied, isOpen: false),
    // Its answer is denied, which the policy has to allow too.
    Seen(ipProtocol: .udp, outcome: .silent, hasArrived: true, isOpen: false),
    Seen(ipProtocol: .esp, outcome: .silent, hasArrived: true, isOpen: true),
    Seen(ipProtocol: .esp, outcome: .silent, isOpen: false),
    Seen(ipProtocol: .tcp, outcome: .silent, isHeard: false, isOpen: nil),
    Seen(ipProtocol: .esp, outcome: .silent, isHeard: false, isOpen: nil),
    Seen(ipProtocol: .tcp, outcome: .refused(by: nil), isOpen: nil),
    Seen(ipProtocol: .udp, outcome: .unreachable(by: nil), isOpen: nil),
    Seen(ipProtocol: .esp, outcome: .unsupported("no sockets"), isOpen: nil),
    Seen(ipProtocol: .tcp, outcome: .failed("no descriptors"), isOpen: nil),
  ]

  @Test(arguments: seen) func `only what somebody could hear is a denial`(seen: Seen) {
    let source = Address(.ipv4, 1)
    let connection = Connection(
      from: source, to: Address(.ipv4, 2), seen.ipProtocol,
      seen.ipProtocol.hasPorts ? .ports(source: 1024, destination: 443) : .plain)
    let arrival = Arrival(
      seen.ipProtocol, seen.ipProtocol.hasPorts ? .port(443) : .plain, from: source, count: 1)
    let unheard = [
      Unheard(seen.ipProtocol, .ipv6, port: nil, reason: "another family"),
      Unheard(
        seen.ipProtocol, .ipv4, port: seen.ipProtocol.hasPorts ? (seen.isHeard ? 80 : 443) : nil,
        reason: "in use"),
    ].prefix(seen.isHeard && !seen.ipProtocol.hasPorts ? 1 : 2)
    let outcome = TrialOutcome(
      connection, seen.outcome, seen.hasArrived ? [arrival] : [], at: "b", Array(unheard))
    switch seen.isOpen {
    case true?: #expect(outcome == .open)
    case false?: #expect(outcome == .closed)
    case nil: #expect(![.open, .closed].contains(outcome))
    }
  }

  @Test(.needsNamespaces, .timeLimit(.minutes(60)))
  func `packets of a lab pass and are denied as the kernel has it`() async throws {
    var fleet = LabFixtures.Fleet()
    try fleet.host("a", ["10.0.0.1"])
    try fleet.host("b", ["10.0.0.2"])
    let (a, b) = (try Address(parsing: "10.0.0.1"), try Address(parsing: "10.0.0.2"))
    let program = try supportProgram().replacing("/lab-support", with: "/sekisho")
    try await withLab(fleet.policy, Rights.available[0]) { lab in
      try await lab.load(
        "b", "table inet t { chain c { type filter hook input priority 0; th dport { 81, 54 } drop; }; }")
      func connection(_ ipProtocol: IPProtocol, _ port: UInt16) -> Connection {
        Connection(from: a, to: b, ipProtocol, .ports(source: 1024, destination: port))
      }
      let outcomes = try await LabTrial(lab: lab, from: "a", to: "b", program: program).reach([
        connection(.tcp, 80), connection(.tcp, 81), connection(.udp, 53), connection(.udp, 54),
        Connection(from: a, to: b, .icmp, .type(8)),
      ])
      #expect(outcomes == [.open, .closed, .open, .closed, .open])
    }
  }
}
