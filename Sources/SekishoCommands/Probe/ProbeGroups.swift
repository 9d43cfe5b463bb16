internal import Operations
internal import ProbePlan

/// What deviates, and what is not proven, put together by what is said of it.
struct ProbeGroups {
  let deviating: [Chapter]
  let unproven: [Chapter]

  /// Connections that are listed of a group.
  private static let shown = 8

  init(_ run: ProbeRun, _ words: ProbeWords) {
    var deviations: [(key: [String], probes: [Int])] = []
    var obstacles: [(key: [String], probes: [Int])] = []
    var places: [[String]: Int] = [:]
    func add(_ probe: Int, _ key: [String], to groups: inout [(key: [String], probes: [Int])]) {
      if let place = places[key] {
        groups[place].probes.append(probe)
      } else {
        places[key] = groups.count
        groups.append((key, [probe]))
      }
    }
    for (index, judgement) in run.judgements.enumerated() {
      for number in judgement.deviations.indices {
        let place = ProbeRun.Place(probe: index, deviation: number)
        add(
          index, ["deviates", words.sentence(place), words.cause(place)?.sentence ?? ""], to: &deviations)
      }
      if judgement.deviations.isEmpty, let obstacle = judgement.obstacle {
        add(index, ["not proven", obstacle], to: &obstacles)
      }
    }
    func entries(_ probes: [Int], _ mark: Mark) -> [Entry] {
      let some = probes.prefix(Self.shown).map { Entry(mark, Words(words.describe($0))) }
      let rest = probes.count - some.count
      return rest == 0 ? some : some + ["and \(counted(rest, "more connection"))"]
    }
    deviating = deviations.map { group in
      let cause: [Entry] = group.key[2].isEmpty ? [] : [Entry(nil, Words(group.key[2], .faint))]
      return Chapter(.connections, Words(group.key[1], .closes), cause + entries(group.probes, .risk))
    }
    unproven = obstacles.map {
      Chapter(.connections, Words("not proven: \($0.key[1])", .changes), entries($0.probes, .changes))
    }
  }
}
