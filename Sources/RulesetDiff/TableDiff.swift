package import Nftables
internal import RulesetShape

/// The change that turns what a kernel has into what is wanted.
package enum TableDiff {
  /// Compares by meaning and orders the operations as the kernel needs them.
  ///
  /// Deletions come first (a full set refuses an addition before the deletion that makes room), and
  /// among them what refers to something goes before what it refers to. A declared size is raised,
  /// never lowered: a set that once was larger is the same set.
  ///
  /// The kernel sees a set of ranges that a transaction makes only a moment after the rules that the same
  /// transaction leads to it. Where there are such, whatever is new is made in a transaction ahead, in which
  /// nothing leads to it. A raised size counts from the next transaction on, so that it goes ahead as well.
  ///
  /// A table with an owner is replaced whole: the kernel changes no flag but `dormant`. Allowed packets are lost at that
  /// instant, and counters begin anew.
  ///
  /// - Parameter installed: `nil` when the kernel has no such table.
  package static func change(from installed: InstalledTable?, to wanted: Table) -> Change {
    if installed?.table == wanted { return Change(family: wanted.family, table: wanted.name, operations: []) }
    guard let installed, mustReplace(installed, by: wanted) else {
      return changeInPlace(from: installed, to: wanted)
    }
    let creation = changeInPlace(from: nil, to: wanted).operations
    return Change(family: wanted.family, table: wanted.name, operations: [.deleteTable] + creation)
  }

  /// Whether a table cannot be changed in place: no operation is about its flags, or about what it holds.
  static func mustReplace(_ installed: InstalledTable, by wanted: Table) -> Bool {
    let old = installed.table
    if old.flags.subtracting(.dormant) != wanted.flags.subtracting(.dormant) { return true }
    return installed.strangers(without: wanted).contains { !$0.isDeletable }
  }

  /// The change object by object.
  static func changeInPlace(from installed: InstalledTable?, to wanted: Table) -> Change {
    let old = installed?.table
    let wantedSets = byName(wanted.sets, \.name)
    let oldSets = byName(old?.sets ?? [], \.name)
    let strangers = installed?.strangers(without: wanted) ?? []
    var replacedSets = Set(strangers.compactMap(\.setName)).intersection(wantedSets.keys)
    var deletedSets: [SetName] = []
    var resized: [Operation] = []
    var deletedElements: [Operation] = []
    var addedElements: [Operation] = []
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
      if target.flags.contains(.dynamic) || target.isKeptByHost { continue }
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
    let nothingMustGo = replacedSets.isEmpty && replacedChains.isEmpty
    let mustGo = { (rule: Rule) in
      !nothingMustGo && rule.expressions.contains { $0.refers(to: replacedSets, replacedChains) }
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

    let deletions =
      deletedRules + deletedElements + deletedSets.map { .deleteSet($0) }
      + strangers.map { .deleteOther($0.object, handle: $0.handle) } + deletedChains.map { .deleteChain($0) }
    let newSets = wanted.sets.filter { oldSets[$0.name] == nil || replacedSets.contains($0.name) }
    let newChains = wanted.chains.filter { oldChains[$0.name] == nil || replacedChains.contains($0.name) }
    let unled = newChains.filter { $0.base == nil }
    let isFilledAhead =
      replacedSets.isEmpty && replacedChains.isEmpty
      && (newSets.contains { $0.flags.contains(.interval) }
        || unled.contains { $0.rules.contains(where: \.hasInlineRanges) })
    // A base chain that passes everything judges like none.
    let ahead: [Operation] =
      resized
      + (isFilledAhead ? newChains.map(\.passing) + newSets.map { .addSet($0) } + unled.filling : [])
    var chains: [Operation] = []
    for chain in wanted.chains {
      let present = replacedChains.contains(chain.name) ? nil : oldChains[chain.name]
      if present == nil, !isFilledAhead {
        chains.append(chain.making)
      } else if let policy = chain.base?.policy,
        policy != (present.map { $0.base?.policy } ?? chain.base?.passing.policy)
      {
        chains.append(.setPolicy(chain.name, policy))
      }
    }
    let table: [Operation] = old == nil ? [.addTable(comment: wanted.comment, flags: wanted.flags)] : []
    let sets: [Operation] = isFilledAhead ? [] : newSets.map { .addSet($0) }
    let rules = addedRules + newChains.filter { !isFilledAhead || $0.base != nil }.filling
    let switching = deletions + chains + sets + addedElements + rules
    let isSwitchedOver = old.map { $0.flags != wanted.flags } ?? false
    return Change(
      family: wanted.family, table: wanted.name,
      transactions: (ahead.isEmpty ? [table + switching] : [table + ahead, switching])
        + (isSwitchedOver ? [[.setFlags(wanted.flags)]] : []))
  }
}

extension Chain {
  fileprivate var making: Operation { .addChain(name, base, comment: comment) }
  /// Made without its policy.
  fileprivate var passing: Operation { .addChain(name, base?.passing, comment: comment) }
}

extension BaseChain {
  fileprivate var passing: BaseChain {
    BaseChain(
      type: type, hook: hook, priority: priority, policy: policy.map { _ in .accept }, devices: devices)
  }
}

extension [Chain] {
  fileprivate var filling: [Operation] {
    flatMap { chain in chain.rules.map { .addRule(chain.name, $0, .last) } }
  }
}

/// Readers of tables refuse a name that stands twice; nothing here may trap on what came from outside.
private func byName<Name: Hashable, Object>(_ objects: [Object], _ name: (Object) -> Name) -> [Name: Object] {
  Dictionary(objects.map { (name($0), $0) }, uniquingKeysWith: { first, _ in first })
}

extension NamedSet {
  /// Whether the kernel can turn the set into the other in place: by its elements and a larger size.
  ///
  /// Type, flags, timeout and statements of a set never change (NEWSET answers EEXIST); a set that declares no
  /// size uses another kind of hash than one that does.
  func canBecome(_ other: NamedSet) -> Bool {
    key == other.key && data == other.data && flags == other.flags && timeout == other.timeout
      && (size == nil) == (other.size == nil) && comment == other.comment
      && countsElements == other.countsElements && !boundsMoreThan(other)
  }

  /// Whether the other is to hold fewer than this one may, where that is what it promises: of whom tripwires cut off only a share
  /// is. The kernel makes no set smaller. Elsewhere a size is room alone.
  private func boundsMoreThan(_ other: NamedSet) -> Bool {
    guard case .cut? = other.tripMeaning, let size, let wanted = other.size else { return false }
    return wanted < size
  }
}

extension Chain {
  /// Whether the kernel can turn the chain into the other in place: by its rules and its policy.
  func canBecome(_ other: Chain) -> Bool {
    switch (base, other.base) {
    case (nil, nil): true
    case (let mine?, let theirs?):
      mine.type == theirs.type && mine.hook == theirs.hook && mine.priority == theirs.priority
        && mine.devices == theirs.devices
    default: false
    }
  }
}

extension Rule {
  /// Whether the rule brings a set of ranges of its own.
  var hasInlineRanges: Bool {
    expressions.contains { expression in
      if case .lookup(.inline(let set), _, _, _) = expression { set.flags.contains(.interval) } else { false }
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
