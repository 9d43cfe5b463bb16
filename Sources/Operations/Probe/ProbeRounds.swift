internal import Addressing
internal import Explanation
internal import Policy
internal import ProbePlan

/// What is tried at the same time: some of a plan, and the ends that take part.
struct ProbeRound: Sendable {
  /// Ends that send, receive, or stand on the way.
  private(set) var stations: Set<Int> = []
  /// Indices of the plan's probes.
  private(set) var probes: [Int] = []
  /// By sender and protocol.
  private var counts: [[Int]: Int] = [:]

  /// Agents that are asked at the same time; each is a process on this machine.
  static let width = 96
  /// Rounds that are looked through for room.
  private static let open = 16

  /// Divides a plan so that no round has too many agents, and no sender more attempts than source ports.
  static func dividing(
    _ plan: ProbePlan, _ explanations: [PathExplanation], width: Int, endOf: (HostID) -> Int?
  ) -> [ProbeRound] {
    var rounds: [ProbeRound] = []
    for index in plan.probes.indices {
      let probe = plan.probes[index]
      var members: Set<Int> = [probe.from, probe.to]
      members.formUnion(explanations[index].gateways.compactMap { endOf($0.host) })
      let kind = [probe.from, Int(probe.connection.ipProtocol.rawValue)]
      let candidates = rounds.indices.suffix(open)
      if let place = candidates.first(where: { rounds[$0].hasRoom(for: members, kind, width) }) {
        rounds[place].add(index, members, kind)
      } else {
        var round = ProbeRound()
        round.add(index, members, kind)
        rounds.append(round)
      }
    }
    return rounds
  }

  private func hasRoom(for members: Set<Int>, _ kind: [Int], _ width: Int) -> Bool {
    // Some ports are left for what is tried again.
    counts[kind, default: 0] < ProbePorts.count / 2
      && (members.isSubset(of: stations) || stations.union(members).count <= width)
  }

  private mutating func add(_ index: Int, _ members: Set<Int>, _ kind: [Int]) {
    stations.formUnion(members)
    probes.append(index)
    counts[kind, default: 0] += 1
  }
}
