package import Nftables

extension TableName {
  /// The name of the only table that Sekisho touches, in the family `inet`.
  package static let sekisho: Self = "sekisho"
}

/// Whether a side of a table denies what nothing has allowed.
package enum SideMode: Hashable, Sendable {
  case enforce
  case observe
}

extension Table {
  /// Whether the table is the one that Sekisho compiles to.
  package var isSekishos: Bool { family == .inet && name == .sekisho }

  /// The base chain of a side.
  package func base(_ side: Side) -> Chain? { chains.first { $0.base?.hook == side.hook } }

  /// Where a base chain of a compiled table leads what nothing has allowed: the chain that its last rule goes
  /// to. `nil`: its rules are not what was compiled.
  package func ending(of base: Chain) -> Chain? {
    guard let last = base.rules.last, last.expressions.count == 1,
      case .verdict(.goto(let name)) = last.expressions[0]
    else { return nil }
    return chain(name)
  }

  /// What becomes of what nothing has allowed behind a base chain; `nil`: its rules are not what was compiled.
  package func mode(of base: Chain) -> SideMode? {
    switch (base.base?.policy, ending(of: base)?.rules.last.flatMap(Denial.init)) {
    case (.drop, .drop), (.drop, .reject): .enforce
    case (.accept, .observe): .observe
    default: nil
    }
  }

  /// Sekisho's table as it would be if it denied what it only observes; any other as it is.
  package var enforcing: Table {
    if !isSekishos { return self }
    var observing: Set<ChainName> = []
    var bases: Set<ChainName> = []
    for chain in chains {
      guard chain.base?.policy == .accept, let end = ending(of: chain),
        end.rules.last?.expressions == [.counter, .verdict(.accept)]
      else { continue }
      bases.insert(chain.name)
      observing.insert(end.name)
    }
    if bases.isEmpty { return self }
    let enforced = chains.map { chain -> Chain in
      if bases.contains(chain.name), let base = chain.base {
        let denying = BaseChain(
          type: base.type, hook: base.hook, priority: base.priority, policy: .drop, devices: base.devices)
        return Chain(name: chain.name, base: denying, comment: chain.comment, rules: chain.rules)
      }
      guard observing.contains(chain.name), let last = chain.rules.last else { return chain }
      let denying = Rule(last.expressions.dropLast() + [.verdict(.drop)], comment: last.comment)
      return Chain(name: chain.name, comment: chain.comment, rules: chain.rules.dropLast() + [denying])
    }
    return Table(
      family: family, name: name, flags: flags, comment: comment, chains: enforced, sets: sets, others: others
    )
  }
}

extension Chain {
  /// The sets in which the rules of a denying chain record what they deny.
  package var records: [SetName] {
    rules.flatMap(\.expressions).compactMap { expression in
      if case .dynamicSet(let update) = expression { update.set } else { nil }
    }
  }
}
