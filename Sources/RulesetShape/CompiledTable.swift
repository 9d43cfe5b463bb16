package import Addressing
package import Nftables
package import Policy

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

  /// Whether the compiled rules judge nothing of a side that every host has: the inventory leaves it alone.
  ///
  /// - Parameter isOnTrial: whether the rules that are on trial are meant, which stand behind the base chains of all sides that
  ///   either policy has.
  package func leavesAlone(_ side: Side, isOnTrial: Bool = false) -> Bool {
    if side == .forward { return false }
    if isOnTrial, let trial = chain(TrialName.chain(side.baseName)) {
      return trial.rules == [TrialTable.passing]
    }
    return base(side)?.isPassing ?? true && (isOnTrial || !isBareBeneathTrial)
  }

  /// Where a base chain of a compiled table leads what nothing has allowed: the chain that its last rule goes
  /// to, or that of the chain which judges what comes to containers. `nil`: its rules are not what was compiled.
  package func ending(of base: Chain) -> Chain? {
    guard let last = (judgingContainers(base) ?? base).rules.last, last.expressions.count == 1,
      case .verdict(.goto(let name)) = last.expressions[0]
    else { return nil }
    return chain(name)
  }

  /// Whether the forward chain judges what comes to containers, and lets the rest pass.
  package var judgesContainers: Bool { base(.forward).flatMap(judgingContainers) != nil }

  /// What ``Policy/Forwarding/filtersPassage`` says of the host that the table was compiled for.
  package var filtersPassage: Bool { isSekishos && base(.forward) != nil && !judgesContainers }

  /// What the inventory said of containers; `nil`: they are not judged apart.
  package var containers: Containers? {
    judgesContainers
      ? Containers(bridges: bridges, judgesEgress: chain(ChainMeaning.fromContainers.name) != nil) : nil
  }

  /// The chain behind a base chain that lets pass whatever neither comes to containers nor is published by them.
  private func judgingContainers(_ base: Chain) -> Chain? {
    base.base?.hook == .forward ? chain(ChainMeaning.toContainers.name) : nil
  }

  /// What becomes of what nothing has allowed behind a base chain; `nil`: its rules are not what was compiled.
  package func mode(of base: Chain) -> SideMode? {
    let denial = ending(of: base)?.rules.last.flatMap(Denial.init)
    // The policy of the chain ahead of containers denies nothing.
    if judgingContainers(base) != nil { return denial.map { $0 == .observe ? .observe : .enforce } }
    return switch (base.base?.policy, denial) {
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
      if judgingContainers(chain) == nil { bases.insert(chain.name) }
      observing.insert(end.name)
    }
    if observing.isEmpty { return self }
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

extension [Table] {
  /// The names of the bridges that containers are attached to behind Sekisho's table, each a number of 16 bytes.
  package var bridgeNames: IntervalSet<UInt128> {
    func number(_ bytes: ArraySlice<UInt8>) -> UInt128 { bytes.reduce(0) { $0 << 8 | UInt128($1) } }
    return IntervalSet(
      filter(\.isSekishos).compactMap { $0.set(SetMeaning.bridges.name) }.filter {
        $0.key == [.interfaceName]
      }
      .flatMap { set in
        (0..<set.elements.count).compactMap { index in
          let (first, last) = (number(set.elements.key(index)), number(set.elements.lastKey(index)))
          return first <= last ? first...last : nil
        }
      })
  }
}

extension Table {
  /// What the inventory calls the bridges that containers are attached to: `docker0`, and `br-*` for every name that
  /// begins so.
  package var bridges: [String] {
    guard isSekishos, let set = set(SetMeaning.bridges.name), set.key == [.interfaceName] else { return [] }
    return (0..<set.elements.count).map { index in
      let name = String(decoding: set.elements.key(index).prefix { $0 != 0 }, as: UTF8.self)
      return set.elements.key(index) == set.elements.lastKey(index) ? name : "\(name)*"
    }
  }
}

extension Table {
  /// A denying chain with those that it jumps to.
  package func recording(of end: Chain) -> [Chain] {
    [end]
      + end.rules.compactMap { rule in
        if case .verdict(.jump(let name))? = rule.expressions.last { chain(name) } else { nil }
      }
  }

  /// The sets in which a denying chain records what it denies: those whose keys are counted by its rules, or by those of
  /// a chain that it jumps to.
  package func records(of end: Chain) -> [SetName] {
    recording(of: end).flatMap(\.rules).flatMap(\.expressions).compactMap { expression in
      if case .dynamicSet(let update) = expression, update.expressions.contains(.counter) {
        update.set
      } else {
        nil
      }
    }
  }
}
