// What can be told of a table that Sekisho compiled, without knowing what it was compiled from.

extension Rule {
  /// The flow that the rule is for: it accepts, counts, and has the flow's name as its comment.
  public var acceptedFlow: String? {
    expressions.last == .verdict(.accept) && expressions.contains(.counter) ? comment : nil
  }
}

extension Table {
  /// Where a base chain of a compiled table leads what nothing has allowed: the chain that its last rule goes
  /// to. `nil`: its rules are not what was compiled.
  public func ending(of base: Chain) -> Chain? {
    guard case .verdict(.goto(let name))? = base.rules.last?.expressions.last else { return nil }
    return chain(name)
  }

  /// The compiled table as it would be if it denied what it only observes; any other as it is.
  public var enforcing: Table {
    var observing: Set<ChainName> = []
    var bases: Set<ChainName> = []
    for chain in chains {
      guard chain.base?.policy == .accept, let end = ending(of: chain),
        end.rules.last?.expressions.last == .verdict(.accept)
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
