extension Table {
  /// The same table with those rules as a listing of nft(8) gives them that nft lists in the same words.
  ///
  /// A listing leaves out what a later field implies: behind `meta nfproto ipv4 meta l4proto tcp ip saddr …` stands
  /// no `meta nfproto` any more, and whoever reads it cannot say where it was. So a rule that has been read from
  /// one is compared by what nft says of it. What it has no words for stays as it is.
  ///
  /// - Parameter listing: read from the JSON of nft, never from a kernel, which says everything.
  package func told(as listing: Table) -> Table {
    let known = Dictionary(listing.chains.map { ($0.name, $0.rules) }, uniquingKeysWith: { one, _ in one })
    let ours = NamedSet.intervals(sets)
    let theirs = NamedSet.intervals(listing.sets)
    let chains = chains.map { chain -> Chain in
      guard let listed = known[chain.name], listed != chain.rules else { return chain }
      let present = Set(chain.rules)
      var others: [[UInt8]: [Rule]] = [:]
      for rule in listed.reversed() where !present.contains(rule) {
        if let words = rule.listedJSON(in: listing.family, sets: theirs) {
          others[words, default: []].append(rule)
        }
      }
      if others.isEmpty { return chain }
      let same = Set(listed)
      let rules = chain.rules.map { rule -> Rule in
        guard !same.contains(rule), let words = rule.listedJSON(in: family, sets: ours) else { return rule }
        return others[words]?.popLast() ?? rule
      }
      return Chain(name: chain.name, base: chain.base, comment: chain.comment, rules: rules)
    }
    return Table(
      family: family, name: name, flags: flags, comment: comment, chains: chains, sets: sets, others: others)
  }
}

extension Rule {
  /// What nft(8) lists of the rule; `nil` where it has no exact words.
  fileprivate func listedJSON(in family: Family, sets: [SetName: NamedSet]) -> [UInt8]? {
    var writer = JSONWriter()
    let families = RejectContext(table: family, packet: rejectFamily(in: family, sets: sets))
    do throws(TextError) {
      try writer.append(self, listedStatements(in: family, sets: sets), in: families)
    } catch {
      return nil
    }
    return writer.out
  }
}
