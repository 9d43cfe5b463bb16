internal import ConnectionSpace
internal import Nftables
internal import RulesetSpace

/// What one rule is about, whatever stands ahead of it and behind it.
struct RuleShare {
  let rule: RulePlace
  let verdict: Verdict
  /// Surely; none where the rule is only come to by others that depend on more than the connection.
  let sure: ConnectionSpace
  let possible: ConnectionSpace

  /// Of more rules nobody is told one by one.
  private static let most = 4096

  /// Of all rules that decide at the hooks of a passage, in the order of tables, chains and rules.
  ///
  /// - Throws: ``ConnectionSpace/NotProven`` when the universe's budget is spent.
  static func all(
    _ tables: [Table], _ passage: Passage, _ circumstances: Circumstances, in universe: Universe
  ) throws(NotProven) -> [RuleShare] {
    var shares: [RuleShare] = []
    for table in tables {
      let filtered = FilteredChains(table, passage)
      var found: [ChainName: [RuleShare]] = [:]
      for chain in filtered.chains {
        for (index, rule) in chain.rules.enumerated() {
          guard let (verdict, alone) = judged(rule) else { continue }
          if shares.count >= most { return shares }
          // The same matches as the only rule of a chain that stops what they do not take.
          let only = Chain(
            name: chain.name, base: BaseChain(hook: filtered.hook, policy: .drop), rules: [alone])
          let one = Table(
            family: table.family, name: table.name, chains: [only],
            sets: table.sets.filter { alone.asks($0.name) })
          let space = try RulesetSpace([one], passage, circumstances, in: universe, givesUp: true)
          let place = RulePlace(table: table.title, chain: chain.name, index: index)
          found[chain.name, default: []].append(
            RuleShare(rule: place, verdict: verdict, sure: space.lower, possible: space.upper))
        }
      }
      let doubtful = filtered.doubtful(found)
      for chain in filtered.chains {
        for share in found[chain.name] ?? [] {
          shares.append(
            doubtful.contains(chain.name)
              ? RuleShare(
                rule: share.rule, verdict: share.verdict, sure: universe.empty, possible: share.possible)
              : share)
        }
      }
    }
    return shares
  }

  /// A rule that accepts what a rule with a verdict decides about; `nil`: it has none of its own, as where a map has them.
  private static func judged(_ rule: Rule) -> (Verdict, Rule)? {
    for (index, expression) in rule.expressions.enumerated() {
      if case .lookup(_, _, _, into: .verdict?) = expression { return nil }
      if case .verdict(let verdict) = expression {
        if verdict == .continue { return nil }
        return (verdict, Rule(rule.expressions.prefix(index) + [.verdict(.accept)]))
      }
      if case .reject = expression {
        return (.drop, Rule(rule.expressions.prefix(index) + [.verdict(.accept)]))
      }
    }
    return nil
  }
}

/// The chains of a table that may decide about a passage: base chains that filter at its hooks, and those that they lead to.
private struct FilteredChains {
  let hook: Hook
  let chains: [Chain]
  private let sets: [SetName: NamedSet]

  init(_ table: Table, _ passage: Passage) {
    let hooks = RulesetImport.hooks(of: passage)
    hook = passage == .ingress ? .input : passage == .egress ? .output : .forward
    sets = Dictionary(table.sets.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var reached = Set(
      table.chains.filter { chain in
        chain.base.map { $0.type == "filter" && hooks.contains($0.hook) } ?? false
      }.map(\.name))
    var waiting = Array(reached)
    while let next = waiting.popLast() {
      for rule in table.chain(next)?.rules ?? [] {
        for target in rule.mapped(sets) + rule.jumps where reached.insert(target).inserted {
          waiting.append(target)
        }
      }
    }
    chains = table.chains.filter { reached.contains($0.name) }
  }

  /// Chains to which only rules lead that depend on more than the connection, or are in such a chain.
  func doubtful(_ shares: [ChainName: [RuleShare]]) -> Set<ChainName> {
    var sure = Set(chains.filter { $0.base != nil }.map(\.name))
    var waiting = Array(sure)
    let byName = Dictionary(chains.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    while let next = waiting.popLast() {
      let jumps = (shares[next] ?? []).filter { $0.sure == $0.possible }.compactMap(\.verdict.chain)
      // A map asks about the connection alone, as far as is known here.
      let mapped = (byName[next]?.rules ?? []).flatMap { $0.mapped(sets) }
      for target in jumps + mapped where sure.insert(target).inserted { waiting.append(target) }
    }
    return Set(byName.keys).subtracting(sure)
  }
}

extension Rule {
  fileprivate func asks(_ set: SetName) -> Bool {
    expressions.contains { if case .lookup(.named(set), _, _, _) = $0 { true } else { false } }
  }

  /// Chains to which a verdict of its own leads.
  fileprivate var jumps: [ChainName] {
    expressions.compactMap { if case .verdict(let verdict) = $0 { verdict.chain } else { nil } }
  }

  /// Chains to which a map leads that it asks.
  fileprivate func mapped(_ sets: [SetName: NamedSet]) -> [ChainName] {
    expressions.flatMap { expression -> [ChainName] in
      guard case .lookup(let reference, _, _, into: .verdict?) = expression else { return [] }
      let elements: SetElements? =
        switch reference {
        case .named(let name): sets[name]?.elements
        case .inline(let set): set.elements
        }
      guard case .verdicts(let verdicts)? = elements?.payload else { return [] }
      return verdicts.compactMap(\.chain)
    }
  }
}
