import Addressing
import AgentProtocol
import ConnectionSpace
import Lab
import LabHarness
import Nftables
import Policy
import RulesetSpace
import Synchronization
import Testing

/// A gate between a client and a host behind it: what the space of its ruleset says, held against packets.
struct GateProof {
  static let inventory = """
    version: 1
    services: {web: tcp/80}
    hosts:
      client: {addresses: [10.0.0.1, "2001:db8::1"]}
      inner: {addresses: [10.0.9.1, "2001:db8:9::1"]}
      gate: {addresses: [10.0.0.254, "2001:db8::fe"], forwarding: gateway, routes: [{between: [client, inner]}]}
    flows:
      client-to-inner: {from: client, to: inner, service: web, why: a test}
    """
  static let own = ["10.0.0.254", "2001:db8::fe"]
  static let others = ["10.0.9.1", "2001:db8:9::1"]
  static let ports: [UInt16] = [80, 81, 443, 8080, 8443]

  /// What the client asks for.
  static let attempts = (own + others).flatMap { end in ports.map { (end: end, port: $0) } }

  let tables: [Table]
  let circumstances: Circumstances
  let universe = Universe()

  /// - Parameters:
  ///   - rules: of the gate, as nft(8) loads them.
  ///   - input: the link that packets are said to come by; `nil`: any.
  init(_ rules: String, input: String? = nil, in proof: ProofLab) async throws {
    try await proof.lab.load("gate", rules + "\n")
    tables = try await proof.ask("gate") { agent in try await agent.ask(Read()).tables }
    var circumstances = Circumstances(ownAddresses: AddressSet(try Self.own.map { try Address(parsing: $0) }))
    circumstances.input = input.map { Circumstances.Link(name: $0) }
    self.circumstances = circumstances
  }

  /// Sends the first packets of all that the client asks for, over TCP.
  ///
  /// - Parameters:
  ///   - name: what is tried, for whoever sees it fail.
  ///   - isCertain: whether nothing of it is perhaps.
  /// - Returns: of how many of them it is certain what they do.
  func hold(_ name: String, isCertain: Bool, in proof: ProofLab) async throws -> Int {
    let ingress = try RulesetSpace(tables, .ingress, circumstances, in: universe)
    let forward = try RulesetSpace(tables, .forward, circumstances, in: universe)
    let listening = ["tcp=" + Self.ports.map(String.init).joined(separator: ",")]
    let answers = Mutex<[String]>([])
    _ = try await proof.lab.whileListening(["gate", "inner"], listening) {
      let told = try await proof.lab.probe("client", Self.attempts.map { "tcp - \($0.end) \($0.port)" })
      answers.withLock { $0 = told }
    }
    let outcomes = answers.withLock { $0 }
    try #require(outcomes.count == Self.attempts.count)
    var certain = 0
    for ((end, port), outcome) in zip(Self.attempts, outcomes) {
      let isHere = Self.own.contains(end)
      let destination = try Address(parsing: end)
      let source = try Address(parsing: destination.family == .ipv4 ? "10.0.0.1" : "2001:db8::1")
      let point = Point(isHere ? .ingress : .forward, from: source, to: destination, .tcp, kind: port)
      let space = isHere ? ingress : forward
      let (surely, perhaps) = (space.lower.contains(point), space.upper.contains(point))
      let label = "\(name), \(end) \(port): \(outcome), surely \(surely), perhaps \(perhaps)"
      #expect(outcome == "open" ? perhaps : !surely, "\(label)")
      if surely == perhaps { certain += 1 }
      if isCertain { #expect(surely == perhaps, "\(label)") }
    }
    // Some of both, or nothing has been tried.
    #expect(outcomes.contains("open") && outcomes.contains { $0 != "open" }, "\(name)")
    return certain
  }
}
