import Addressing
import Glibc
import Lab
import LabHarness
import Nftables
import Policy
import RulesetShape
import Testing

/// Compares what the policy says, what a model of the kernel's ruleset says, and what packets do.
struct ThreeWayProof {
  /// How many comparisons there were.
  struct Tally: CustomStringConvertible {
    var modelAllowed = 0
    var modelDenied = 0
    var packetsAllowed = 0
    var packetsDenied = 0
    var witnessedAllowed = 0
    var witnessedDenied = 0

    static func += (a: inout Self, b: Self) {
      a.modelAllowed += b.modelAllowed
      a.modelDenied += b.modelDenied
      a.packetsAllowed += b.packetsAllowed
      a.packetsDenied += b.packetsDenied
      a.witnessedAllowed += b.witnessedAllowed
      a.witnessedDenied += b.witnessedDenied
    }

    var description: String {
      "policy and kernel's ruleset at one host: \(modelAllowed) allowed, \(modelDenied) denied; "
        + "end to end by what the sender saw: \(packetsAllowed) allowed, \(packetsDenied) denied; "
        + "by what arrived: \(witnessedAllowed) allowed, \(witnessedDenied) denied"
    }
  }

  let proof: ProofLab
  /// What a failure is told apart by.
  let label: String
  private let expectation: Expectation
  private(set) var tally = Tally()

  init(_ proof: ProofLab, label: String) {
    self.proof = proof
    self.label = label
    expectation = Expectation(
      proof.policy, proof.lab.plan, now: Timestamp(seconds: Int64(Glibc.time(nil))))
  }

  mutating func run(_ probes: [ProofProbe]) async throws {
    try await compareModel(probes)
    try await comparePackets(probes)
  }

  // MARK: The ruleset

  private mutating func compareModel(_ probes: [ProofProbe]) async throws {
    var evaluators: [HostID: Evaluator] = [:]
    for index in proof.policy.hosts.indices {
      evaluators[HostID(index)] = Evaluator(
        try await proof.installed(proof.policy.hosts[index].name).withNobodyCut)
    }
    for probe in probes {
      for destination in destinations(of: probe) {
        let stages = expectation.stages(of: probe.connection, from: probe.source, to: destination)
        for stage in stages {
          guard let evaluator = evaluators[stage.host] else { continue }
          let passes = expectation.passes(probe.connection, stage)
          let host = proof.policy[stage.host]
          let model = evaluator.evaluate(
            probe.connection.packet(at: host, stage.direction, now: expectation.now), at: stage.direction.hook
          )
          #expect(model.isCertain)
          #expect(
            (model.verdict == .accept) == passes,
            "\(label): \(host.name) \(stage.direction) \(probe.attempt): policy \(passes), ruleset \(model)")
          if passes { tally.modelAllowed += 1 } else { tally.modelDenied += 1 }
        }
      }
    }
  }

  private func destinations(of probe: ProofProbe) -> [String] {
    probe.destination != "*"
      ? [probe.destination] : proof.lab.plan.nodes.map(\.name).filter { $0 != probe.source }
  }

  // MARK: Packets

  private mutating func comparePackets(_ probes: [ProofProbe]) async throws {
    let seen = Seen()
    let expectation = expectation
    let lab = proof.lab
    let heard = try await lab.whileListening(lab.plan.nodes.map(\.name), listening(for: probes)) {
      // A packet that must pass and did not is tried again with more patience: the machine may be busy.
      var left = probes
      for patience in [700, 2000, 5000] where !left.isEmpty {
        let outcomes = try await Self.send(left, lab, patience)
        await seen.add(zip(left, outcomes).map { ($0, $1) })
        left = zip(left, outcomes).filter { probe, outcome in
          probe.isAnswered && outcome == "silent" && !expectation.outcomes(of: probe).contains(outcome)
        }.map(\.0)
      }
    }
    for (probe, outcome) in await seen.outcomes where probe.isAnswered {
      let expected = expectation.outcomes(of: probe)
      #expect(
        expected.contains(outcome),
        "\(label): \(probe.source) to \(probe.destination), \(probe.attempt): policy \(expected), packet \(outcome)"
      )
      if expected == ["open"] { tally.packetsAllowed += 1 } else { tally.packetsDenied += 1 }
    }
    compareArrivals(probes, heard)
  }

  /// What came past the input hook of each node against what had to, by protocol, port and source.
  private mutating func compareArrivals(_ probes: [ProofProbe], _ heard: [String: [String]]) {
    var expected: [String: [String: Bool]] = [:]
    for probe in probes {
      for destination in destinations(of: probe) {
        let passes =
          expectation.denier(of: probe.connection, from: probe.source, to: destination) == nil
        expected[destination, default: [:]][probe.trace, default: false] =
          passes || expected[destination]?[probe.trace] == true
      }
    }
    for (node, traces) in expected {
      let arrived = Set(
        (heard[node] ?? []).map { $0.split(separator: " ").dropLast().joined(separator: " ") })
      #expect(!(heard[node] ?? []).contains { $0.hasPrefix("unheard") }, "\(node): \(heard[node] ?? [])")
      for (trace, passes) in traces {
        #expect(
          arrived.contains(trace) == passes,
          "\(label): \(trace) at \(node): policy \(passes), arrived \(!passes)")
        if passes { tally.witnessedAllowed += 1 } else { tally.witnessedDenied += 1 }
      }
    }
  }

  private func listening(for probes: [ProofProbe]) -> [String] {
    func ports(_ ipProtocol: IPProtocol) -> String {
      let numbers = probes.compactMap { probe -> UInt16? in
        guard probe.connection.ipProtocol == ipProtocol, case .ports(_, let port) = probe.connection.kind
        else {
          return nil
        }
        return port
      }
      return Set(numbers).sorted().map(String.init).joined(separator: ",")
    }
    let others = Set(probes.map(\.connection.ipProtocol)).subtracting([.tcp, .udp]).sorted()
    let groups = Set(probes.map(\.connection.destination).filter(\.isGroup)).sorted()
    let all = [
      ("tcp", ports(.tcp)), ("udp", ports(.udp)), ("raw", others.map { "\($0)" }.joined(separator: ",")),
      ("group", groups.map(\.description).joined(separator: ",")),
    ]
    return all.filter { !$0.1.isEmpty }.map { "\($0.0)=\($0.1)" }
  }

  /// Sends each from its node, all nodes at once.
  private static func send(_ probes: [ProofProbe], _ lab: Lab, _ patience: Int) async throws -> [String] {
    let groups = Dictionary(grouping: probes.indices) { probes[$0].source }
    var outcomes = [String](repeating: "", count: probes.count)
    try await withThrowingTaskGroup(of: ([Int], [String]).self) { tasks in
      for (source, indices) in groups {
        tasks.addTask {
          let input = indices.map { "\(probes[$0].attempt)\n" }.joined()
          let finished = try await lab.run(source, [supportProgram(), "probe", "\(patience)"], input: input)
          return (indices, finished.lines)
        }
      }
      for try await (indices, lines) in tasks {
        try #require(indices.count == lines.count, "\(lines)")
        for (index, line) in zip(indices, lines) { outcomes[index] = line }
      }
    }
    return outcomes
  }
}

/// The last outcome of each probe.
private actor Seen {
  private(set) var outcomes: [ProofProbe: String] = [:]

  func add(_ new: [(ProofProbe, String)]) {
    for (probe, outcome) in new { outcomes[probe] = outcome }
  }
}
