internal import Addressing
package import AgentProtocol
package import ConnectionSpace
internal import Explanation
internal import Fleet
package import Nftables
internal import Policy
internal import ProbePlan
internal import RulesetShape
package import RulesetSpace

/// Why a host does what it does to a connection, by the rulesets that it runs.
package struct ProbeCause: Sendable {
  /// As the host meets it.
  package let point: Point
  package let trace: ConnectionTrace
  /// All tables of the host.
  package let tables: [Table]
  /// Those of the connection's ends whom a tripwire of the host has cut off, by its source first.
  package let cut: [TripStatus]

  /// Whom a rule refuses because a tripwire has cut him off.
  package func cut(by place: RulePlace) -> [TripStatus] {
    guard let table = tables.first(where: { $0.title == place.table }), table.isSekishos,
      let rules = table.chain(place.chain)?.rules, rules.indices.contains(place.index),
      RuleNote(rules[place.index]) == .cut
    else { return [] }
    return cut
  }
}

extension ProbeRun {
  /// Where a cause belongs: one of the deviations of a probe.
  package struct Place: Hashable, Sendable {
    package let probe: Int
    package let deviation: Int

    package init(probe: Int, deviation: Int) {
      self.probe = probe
      self.deviation = deviation
    }
  }

  /// Hosts whose rulesets are read, and deviations that are traced through them: where more deviates, what is the
  /// matter is plain from these.
  private static let mostHosts = 64
  private static let mostTraces = 500

  /// Reads the rulesets of hosts that deviate and follows the connections through them.
  ///
  /// - Returns: of each deviation that could be traced, what decides. What is too intricate, or whose host no longer
  ///   answers, is missing.
  package func causes(through stations: ProbeStations, watch: (any HostWatch)? = nil) async -> [Place:
    ProbeCause]
  {
    var places: [HostID: [Place]] = [:]
    for index in judgements.indices {
      for (number, deviation) in judgements[index].deviations.enumerated() {
        guard let host = deviation.host, places[host] != nil || places.count < Self.mostHosts else {
          continue
        }
        places[host, default: []].append(Place(probe: index, deviation: number))
      }
    }
    let ends = places.keys.sorted().compactMap { host in stations.index(of: host).map { (host, $0) } }
    await watch?.begins(ends.map { stations.ends[$0.1].name })
    let read = await reading(ends, through: stations, watch)
    await watch?.ends()
    var causes: [Place: ProbeCause] = [:]
    let now = Timestamp.current()
    for ((host, end), found) in zip(ends, read) {
      guard let found else { continue }
      let tables = found.tables.map { $0.cutting(Set(found.cut.map(\.address))) }
      for place in (places[host] ?? []).prefix(Self.mostTraces) {
        let deviation = judgements[place.probe].deviations[place.deviation]
        let question = question(plan.probes[place.probe].connection, deviation)
        var circumstances = Circumstances(
          ownAddresses: AddressSet(stations.ends[end].addresses), atSecond: now.seconds)
        if question.isAnswer { circumstances.state = .established }
        if let trace = try? ConnectionTrace(of: question.point, tables, circumstances) {
          let cut = [question.point.source, question.point.destination].compactMap { address in
            found.cut.first { $0.address == address }
          }
          causes[place] = ProbeCause(point: question.point, trace: trace, tables: tables, cut: cut)
        }
      }
    }
    return causes
  }

  private func reading(
    _ ends: [(HostID, Int)], through stations: ProbeStations, _ watch: (any HostWatch)?
  ) async -> [(tables: [Table], cut: [TripStatus])?] {
    await concurrently(ends.map(\.1)) { end in
      defer { watch?.has(stations.ends[end].name) }
      return try await stations.ask(end, [Read.self, Status.self]) { agent in
        // What rules put into sets is read with no table.
        let status = try await agent.ask(Status())
        if let reason = status.trippedUnknown { throw AgentFailure(.failed, reason) }
        return (tables: try await agent.ask(Read()).tables, cut: (status.tripped ?? []).filter(\.isCut))
      }
    }.map { try? $0.get() }
  }

  private func question(
    _ connection: Connection, _ deviation: ProbeDeviation
  ) -> (point: Point, isAnswer: Bool) {
    let passage: Passage =
      switch deviation.direction {
      case .egress: .egress
      case .forward: .forward
      case .ingress, nil: .ingress
      }
    let isAnswer = deviation.kind == .holdsAnswer
    let kind: UInt16 =
      switch connection.kind {
      case .ports(let source, let destination): isAnswer ? source : destination
      case .type(let type): UInt16(isAnswer ? ICMPAnswer.type(to: type) ?? type : type)
      case .plain: 0
      }
    let (from, to) =
      isAnswer
      ? (connection.destination, connection.source) : (connection.source, connection.destination)
    return (Point(passage, from: from, to: to, connection.ipProtocol, kind: kind), isAnswer)
  }
}
