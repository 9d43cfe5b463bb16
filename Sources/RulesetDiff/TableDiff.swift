package import Nftables

/// The change that turns what a kernel has into what is wanted.
package enum TableDiff {
  /// Compares by meaning and orders the operations as the kernel needs them.
  ///
  /// Deletions come first (a full set refuses an addition before the deletion that makes room), and
  /// among them what refers to something goes before what it refers to. A declared size is raised,
  /// never lowered: a set that once was larger is the same set. That is a preparation.
  ///
  /// A table that holds what is not modelled (named counters, flowtables, sets with timeouts of their
  /// own) or is switched off is replaced whole, in one transaction: what cannot be named cannot be
  /// taken out piece by piece, and must not stay. Counters then begin anew.
  ///
  /// - Parameter installed: `nil` when the kernel has no such table.
  package static func change(from installed: InstalledTable?, to wanted: Table) -> Change {
    guard let installed, replaces(installed.table, with: wanted) else {
      return changeInPlace(from: installed, to: wanted)
    }
    return replacement(by: wanted)
  }

  /// The change that deletes the table and makes the wanted one, in one transaction.
  package static func replacement(by wanted: Table) -> Change {
    Change(
      family: wanted.family, table: wanted.name,
      operations: [.deleteTable] + changeInPlace(from: nil, to: wanted).operations)
  }

  /// Whether a table cannot be changed in place: no operation of ours is about flags or such objects.
  private static func replaces(_ old: Table, with wanted: Table) -> Bool {
    !old.others.isEmpty || old.flags != wanted.flags
  }

  /// The change object by object, as if the table held nothing but what is modelled.
  static func changeInPlace(from installed: InstalledTable?, to wanted: Table) -> Change {
    let old = installed?.table
    var operations: [Operation] = []

    var replacedSets: Set<SetName> = []
    var deletedSets: [SetName] = []
    var resized: [Operation] = []
    var deletedElements: [Operation] = []
    var addedElements: [Operation] = []
    let wantedSets = byName(wanted.sets, \.name)
    let oldSets = byName(old?.sets ?? [], \.name)
    for set in old?.sets ?? [] {
      guard let target = wantedSets[set.name] else {
        deletedSets.append(set.name)
        continue
      }
      guard set.canBecome(target) else {
        replacedSets.insert(set.name)
        deletedSets.append(set.name)
        continue
      }
      if let size = target.size, let present = set.size, size > present {
        resized.append(.resizeSet(set, to: size))
      }
      if target.flags.contains(.dynamic) { continue }
      let difference = ElementDiff(from: set.elements, to: target.elements)
      if let gone = difference.deleted { deletedElements.append(.deleteElements(set.holding(gone))) }
      if let come = difference.added { addedElements.append(.addElements(target.holding(come))) }
    }

    let wantedChains = byName(wanted.chains, \.name)
    let oldChains = byName(old?.chains ?? [], \.name)
    var deletedChains: [ChainName] = []
    var replacedChains: Set<ChainName> = []
    for chain in old?.chains ?? [] {
      guard let target = wantedChains[chain.name] else {
        deletedChains.append(chain.name)
        continue
      }
      if !chain.canBecome(target) {
        deletedChains.append(chain.name)
        replacedChains.insert(chain.name)
      }
    }

    // A rule cannot outlive a set or a chain it refers to, even if another of that name follows.
    let mustGo = { (rule: Rule) in
      rule.expressions.contains { $0.refers(to: replacedSets, replacedChains) }
    }
    var deletedRules: [Operation] = []
    var addedRules: [Operation] = []
    for chain in old?.chains ?? [] {
      let states = installed?.rules[chain.name] ?? []
      let target = replacedChains.contains(chain.name) ? nil : wantedChains[chain.name]
      let difference = RuleDiff(from: chain.rules, states, to: target?.rules ?? [], mustGo: mustGo)
      deletedRules += difference.deleted.map { .deleteRule(chain.name, handle: $0) }
      addedRules += difference.added.map { .addRule(chain.name, $0.rule, $0.position) }
    }
    for chain in wanted.chains where oldChains[chain.name] == nil || replacedChains.contains(chain.name) {
      addedRules += chain.rules.map { .addRule(chain.name, $0, .last) }
    }
    // Elements of maps that stay must let go of a chain that is replaced.
    for set in old?.sets ?? [] where !replacedChains.isEmpty && !deletedSets.contains(set.name) {
      guard let target = wantedSets[set.name], case .verdicts(let verdicts) = target.elements.payload else {
        continue
      }
      let bound = verdicts.indices.filter { verdicts[$0].chain.map(replacedChains.contains) ?? false }
      let present = bound.filter { index in
        set.elements.index(of: target.elements.key(index)).map {
          set.elements.isElement($0, equalTo: target.elements, index)
        } ?? false
      }
      if present.isEmpty { continue }
      let elements = target.elements.selecting(present)
      deletedElements.append(.deleteElements(set.holding(elements)))
      addedElements.append(.addElements(target.holding(elements)))
    }

    operations += deletedRules
    operations += deletedElements
    operations += deletedSets.map { .deleteSet($0) }
    operations += deletedChains.map { .deleteChain($0) }
    if old == nil { operations.append(.addTable(comment: wanted.comment, flags: wanted.flags)) }
    for chain in wanted.chains {
      if oldChains[chain.name] == nil || replacedChains.contains(chain.name) {
        operations.append(.addChain(chain.name, chain.base, comment: chain.comment))
      } else if let policy = chain.base?.policy, policy != oldChains[chain.name]?.base?.policy {
        operations.append(.setPolicy(chain.name, policy))
      }
    }
    operations += wanted.sets
      .filter { oldSets[$0.name] == nil || replacedSets.contains($0.name) }
      .map { .addSet($0) }
    operations += addedElements
    operations += addedRules
    return Change(
      family: wanted.family, table: wanted.name, preparations: resized, operations: operations)
  }
}

/// Readers of tables refuse a name that stands twice; nothing here may trap on what came from outside.
private func byName<Name: Hashable, Object>(_ objects: [Object], _ name: (Object) -> Name) -> [Name: Object] {
  Dictionary(objects.map { (name($0), $0) }, uniquingKeysWith: { first, _ in first })
}

extension NamedSet {
  /// Whether the kernel can turn the set into the other in place: by its elements and a larger size.
  ///
  /// Type, flags and timeout of a set never change (NEWSET answers EEXIST); a set that declares no
  /// size uses another kind of hash than one that does.
  fileprivate func canBecome(_ other: NamedSet) -> Bool {
    key == other.key && data == other.data && flags == other.flags && timeout == other.timeout
      && (size == nil) == (other.size == nil) && comment == other.comment
  }
}

extension Chain {
  /// Whether the kernel can turn the chain into the other in place: by its rules and its policy.
  fileprivate func canBecome(_ other: Chain) -> Bool {
    switch (base, other.base) {
    case (nil, nil): true
    case (let mine?, let theirs?):
      mine.type == theirs.type && mine.hook == theirs.hook && mine.priority == theirs.priority
        && mine.devices == theirs.devices
    default: false
    }
  }
}

extension Expression {
  fileprivate func refers(to sets: Set<SetName>, _ chains: Set<ChainName>) -> Bool {
    switch self {
    case .lookup(.named(let name), _, _, _): return sets.contains(name)
    case .lookup(.inline(let set), _, _, _):
      guard case .verdicts(let verdicts) = set.elements.payload else { return false }
      return verdicts.contains { $0.chain.map(chains.contains) ?? false }
    case .dynamicSet(let update): return sets.contains(update.set)
    case .verdict(let verdict): return verdict.chain.map(chains.contains) ?? false
    default: return false
    }
  }
}
