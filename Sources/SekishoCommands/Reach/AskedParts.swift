internal import Diagnostics
internal import Policy
internal import Reachability

/// What is said of addresses that were asked for: who has one of them, and what of them is treated otherwise.
extension ReachReport {
  /// Who has one of the addresses that were asked for.
  func addressed(_ asked: Whereabouts, _ held: [HostID]) -> [Chapter] {
    let own = held.filter { !asked.hosts.contains($0) }.map { policy[$0].name }
    if own.isEmpty || asked.networks.isEmpty { return [] }
    let names = listed(own, limit: tellsAll ? own.count : 8, and: ", and ")
    return [
      .sentence(
        "\(counted(own.count, "host")) with an address there \(own.count == 1 ? "is" : "are") part of it: \(names)."
      )
    ]
  }

  /// How far an intruder gets from each part of the addresses that the policy treats otherwise; none where it treats all alike.
  struct Part: Encodable {
    let name: String
    let hosts: Int

    var words: String { "Of that, from \(name), he" }
  }

  func parts(_ start: Whereabouts, _ area: Area, _ hops: Int) -> [Part] {
    if start.networks.isEmpty { return [] }
    let parts = graph.unlikeParts(of: area, asStart: true)
    return zip(names(parts), graph.reach(fromEach: parts.map(\.area))).map { name, reach in
      Part(name: name, hosts: reach.hosts.prefix(hops).reduce(0) { $0 + $1.count })
    }
  }

  /// What parts are called, with the family or an address where the name alone does not tell them apart.
  private func names(_ parts: [AskedPart]) -> [String] {
    let names = parts.map { policy.text($0.position) }
    return zip(names, parts).map { name, part in
      guard names.count(where: { $0 == name }) > 1, case .outside(let address, _) = part.position else {
        return name
      }
      return "\(name) (such as \(address))"
    }
  }

  /// That not every address which was asked for is treated alike, so that an answer holds for one or another of them.
  func unlike(_ asked: Whereabouts, asStart: Bool) -> [Chapter] {
    if asked.networks.isEmpty { return [] }
    let parts = graph.unlikeParts(of: asked.area(graph), asStart: asStart)
    if parts.isEmpty { return [] }
    return [
      .sentence(
        "Not all of \(asked.text) is treated alike: \(listed(names(parts), limit: tellsAll ? parts.count : 8, and: ", and ")). What is told holds for one or another of these; ask for each."
      )
    ]
  }
}
