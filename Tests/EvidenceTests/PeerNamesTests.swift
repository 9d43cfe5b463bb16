import Evidence
import Policy
import PolicyFixtures
import Testing

/// What hosts are called is a selector of just these hosts.
@Suite struct PeerNamesTests {
  /// The hosts of a list of terms, as the language has it; `nil`: some are only counted.
  private static func hosts(_ text: String, _ policy: Policy) throws -> Set<HostID>? {
    if text.contains("more hosts") { return nil }
    var result: Set<HostID> = []
    for term in text.split(separator: ",") {
      var some: Set<HostID>?
      for word in term.split(separator: "&").map({ $0.filter { $0 != " " } }) {
        let name = word.hasPrefix("!") ? String(word.dropFirst()) : word
        let named = try #require(members(name, policy), "\(name) is no name")
        some = word.hasPrefix("!") ? some?.subtracting(named) : some?.intersection(named) ?? named
      }
      result.formUnion(some ?? [])
    }
    return result
  }

  private static func members(_ name: String, _ policy: Policy) -> Set<HostID>? {
    let all = policy.hosts.indices.map { HostID($0) }
    if name == "all" { return Set(all) }
    if let host = policy.host(named: name) { return [host] }
    if let group = (policy.groups + policy.hostGroups).first(where: { $0.name == name }) {
      return Set(group.hosts)
    }
    let zone = all.filter { policy[$0].zone == name }
    return zone.isEmpty ? nil : Set(zone)
  }

  @Test func `a name selects the hosts that it stands for`() throws {
    let policy = try EvidenceFixture.reference()
    let names = PeerNames(policy)
    let all = policy.hosts.indices.map { HostID($0) }
    var random = SeededGenerator(seed: 7)
    var exact = 0
    func judge(_ some: [HostID]) throws {
      guard let found = try Self.hosts(names.name(some), policy) else { return }
      exact += 1
      #expect(found == Set(some), "\(names.name(some))")
    }
    let groups = policy.groups + policy.hostGroups
    for _ in 0..<400 {
      // Few of a group, all but a few, and several groups at once.
      let group = Set(groups[Int.random(in: 0..<groups.count, using: &random)].hosts)
      let other = Set(groups[Int.random(in: 0..<groups.count, using: &random)].hosts)
      let few = Set((0..<3).map { _ in all[Int.random(in: 0..<all.count, using: &random)] })
      for some in [
        group.union(few), group.union(other), Set(all).subtracting(few), Set(all).subtracting(other),
      ] {
        try judge(some.sorted())
      }
      try judge(Set(all).subtracting(group).subtracting(other).sorted())
    }
    #expect(exact > 1000)
  }
}
