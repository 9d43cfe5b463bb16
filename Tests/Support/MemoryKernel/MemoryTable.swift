package import Nftables

/// A table that takes changes as the kernel does: all of one or nothing, with its rules on what may
/// go before what.
package struct MemoryTable: Sendable {
  package struct Refusal: Error, Equatable {
    package let reason: String
    /// Index of the operation; `nil`: the change as a whole.
    package var operation: Int?

    init(reason: String) { self.reason = reason }
  }

  package private(set) var installed: InstalledTable?
  private var nextHandle: UInt64 = 1

  package init(_ installed: InstalledTable? = nil) {
    self.installed = installed
    nextHandle = (installed?.rules.values.joined().map(\.handle).max() ?? 0) + 1
  }

  package mutating func apply(_ change: Change) throws(Refusal) {
    var copy = self
    var index = 0
    for operations in change.transactions {
      for operation in operations {
        do throws(Refusal) { try copy.apply(operation, change) } catch {
          var refusal = error
          refusal.operation = index
          throw refusal
        }
        index += 1
      }
      try copy.checkReferences()
    }
    self = copy
  }

  /// Takes out what goes by itself.
  mutating func expire() {
    guard let old = installed else { return }
    let sets = old.table.sets.map { set in
      set.flags.contains(.timeout) && set.timeout != nil
        ? set.holding(.none(keyLength: set.elements.keyLength)) : set
    }
    installed = InstalledTable(
      table: Table(
        family: old.table.family, name: old.table.name, flags: old.table.flags, comment: old.table.comment,
        chains: old.table.chains, sets: sets, others: old.table.others),
      rules: old.rules, otherHandles: old.otherHandles, generation: old.generation)
  }

  /// Changes what the counters of every rule say, to see which survive.
  package mutating func count(_ packets: UInt64) {
    guard let old = installed else { return }
    installed = InstalledTable(
      table: old.table,
      rules: old.rules.mapValues { states in
        states.map { RuleState(handle: $0.handle, counter: CounterValues(packets: packets, bytes: packets)) }
      }, otherHandles: old.otherHandles, generation: old.generation)
  }

  private mutating func apply(_ operation: Operation, _ change: Change) throws(Refusal) {
    if case .addTable(let comment, let flags) = operation {
      if installed == nil {
        let table = Table(
          family: change.family, name: change.table, flags: flags, comment: comment, chains: [], sets: [])
        installed = InstalledTable(table: table, rules: [:], generation: 1)
      }
      return
    }
    guard let old = installed else { throw Refusal(reason: "no table") }
    var chains = old.table.chains
    var sets = old.table.sets
    var rules = old.rules
    var flags = old.table.flags
    var others = old.table.others.enumerated().map { index, object in
      (object, index < old.otherHandles.count ? old.otherHandles[index] : 0)
    }
    func chainIndex(_ name: ChainName) throws(Refusal) -> Int {
      guard let index = chains.firstIndex(where: { $0.name == name }) else {
        throw Refusal(reason: "no chain \(name)")
      }
      return index
    }
    func setIndex(_ name: SetName) throws(Refusal) -> Int {
      guard let index = sets.firstIndex(where: { $0.name == name }) else {
        throw Refusal(reason: "no set \(name)")
      }
      return index
    }
    switch operation {
    case .addTable: break
    case .setFlags(let wanted):
      if flags.symmetricDifference(wanted) != .dormant { throw Refusal(reason: "flags cannot be changed") }
      flags = wanted
    case .deleteTable:
      installed = nil
      return
    case .addChain(let name, let base, let comment):
      if chains.contains(where: { $0.name == name }) { throw Refusal(reason: "chain \(name) exists") }
      chains.append(Chain(name: name, base: base, comment: comment, rules: []))
      rules[name] = []
    case .setPolicy(let name, let policy):
      let index = try chainIndex(name)
      guard let base = chains[index].base else { throw Refusal(reason: "\(name) is no base chain") }
      chains[index] = Chain(
        name: name,
        base: BaseChain(type: base.type, hook: base.hook, priority: base.priority, policy: policy),
        rules: chains[index].rules)
    case .deleteChain(let name):
      let index = try chainIndex(name)
      if !chains[index].rules.isEmpty { throw Refusal(reason: "chain \(name) is not empty") }
      if chains.contains(where: { $0.rules.contains { $0.expressions.contains { $0.leads(to: name) } } })
        || sets.contains(where: { $0.elements.leads(to: name) })
      {
        throw Refusal(reason: "chain \(name) is referred to")
      }
      chains.remove(at: index)
      rules[name] = nil
    case .addSet(let set):
      let isTaken = others.contains { ["set", "map"].contains($0.0.kind) && $0.0.name == set.name.text }
      if isTaken || sets.contains(where: { $0.name == set.name }) {
        throw Refusal(reason: "set \(set.name) exists")
      }
      sets.append(set)
    case .resizeSet(let set, let size):
      let index = try setIndex(set.name)
      let present = sets[index]
      sets[index] = NamedSet(
        name: present.name, key: present.key, data: present.data, flags: present.flags, size: size,
        timeout: present.timeout, comment: present.comment, elements: present.elements)
    case .deleteSet(let name):
      let index = try setIndex(name)
      if chains.contains(where: { $0.rules.contains { $0.expressions.contains { $0.reads(name) } } }) {
        throw Refusal(reason: "set \(name) is referred to")
      }
      sets.remove(at: index)
    case .addElements(let part):
      let index = try setIndex(part.name)
      sets[index] = sets[index].holding(try sets[index].elements.adding(part.elements))
      if let size = sets[index].size, sets[index].elements.count > Int(size) {
        throw Refusal(reason: "set is full")
      }
    case .deleteElements(let part):
      let index = try setIndex(part.name)
      sets[index] = sets[index].holding(try sets[index].elements.removing(part.elements))
    case .addRule(let name, let rule, let position):
      let index = try chainIndex(name)
      var list = chains[index].rules
      var states = rules[name] ?? []
      let at: Int
      switch position {
      case .last: at = list.count
      case .before(let handle):
        guard let found = states.firstIndex(where: { $0.handle == handle }) else {
          throw Refusal(reason: "no rule \(handle)")
        }
        at = found
      }
      list.insert(rule, at: at)
      states.insert(RuleState(handle: nextHandle, counter: CounterValues(packets: 0, bytes: 0)), at: at)
      nextHandle += 1
      chains[index] = Chain(name: name, base: chains[index].base, rules: list)
      rules[name] = states
    case .deleteRule(let name, let handle):
      let index = try chainIndex(name)
      guard let at = rules[name]?.firstIndex(where: { $0.handle == handle }) else {
        throw Refusal(reason: "no rule \(handle)")
      }
      var list = chains[index].rules
      list.remove(at: at)
      rules[name]?.remove(at: at)
      chains[index] = Chain(name: name, base: chains[index].base, rules: list)
    case .deleteOther(let object, let handle):
      guard let at = others.firstIndex(where: { $0 == object && $1 == handle }) else {
        throw Refusal(reason: "no \(object.kind) with handle \(handle)")
      }
      let set = SetName(checked: object.name)
      if chains.contains(where: { $0.rules.contains { $0.expressions.contains { $0.reads(set) } } }) {
        throw Refusal(reason: "\(object.kind) \(object.name) is referred to")
      }
      others.remove(at: at)
    }
    installed = InstalledTable(
      table: Table(
        family: old.table.family, name: old.table.name, flags: flags, comment: old.table.comment,
        chains: chains, sets: sets, others: others.map(\.0)),
      rules: rules, otherHandles: others.map(\.1), generation: old.generation + 1)
  }

  private func checkReferences() throws(Refusal) {
    guard let table = installed?.table else { return }
    for rule in table.chains.flatMap(\.rules) {
      for case .lookup(.named(let name), _, _, _) in rule.expressions
      where table.set(name) == nil && !table.others.contains(where: { $0.name == name.text }) {
        throw Refusal(reason: "a rule refers to no set \(name)")
      }
      for case .verdict(let verdict) in rule.expressions {
        if let name = verdict.chain, table.chain(name) == nil {
          throw Refusal(reason: "a rule leads to no \(name)")
        }
      }
    }
    for set in table.sets {
      guard case .verdicts(let verdicts) = set.elements.payload else { continue }
      for name in verdicts.compactMap(\.chain) where table.chain(name) == nil {
        throw Refusal(reason: "an element of \(set.name) leads to no \(name)")
      }
    }
  }
}

extension Expression {
  fileprivate func reads(_ set: SetName) -> Bool {
    switch self {
    case .lookup(.named(let name), _, _, _): name == set
    case .dynamicSet(let update): update.set == set
    default: false
    }
  }

  fileprivate func leads(to chain: ChainName) -> Bool {
    switch self {
    case .verdict(let verdict): verdict.chain == chain
    case .lookup(.inline(let set), _, _, _): set.elements.leads(to: chain)
    default: false
    }
  }
}

extension SetElements {
  fileprivate func leads(to chain: ChainName) -> Bool {
    if case .verdicts(let verdicts) = payload { verdicts.contains { $0.chain == chain } } else { false }
  }

  fileprivate func adding(_ other: SetElements) throws(MemoryTable.Refusal) -> SetElements {
    for index in 0..<other.count where self.index(of: other.key(index)) != nil {
      throw MemoryTable.Refusal(reason: "an element exists")
    }
    var verdicts: [Verdict]?
    if case .verdicts(let mine) = payload, case .verdicts(let theirs) = other.payload {
      verdicts = mine + theirs
    }
    return SetElements(
      keyLength: keyLength, keys: keys + other.keys,
      lastKeys: lastKeys.flatMap { mine in other.lastKeys.map { mine + $0 } },
      payload: verdicts.map { .verdicts($0) } ?? .none,
      attributes: count == 0 ? other.attributes : attributes)
  }

  fileprivate func removing(_ other: SetElements) throws(MemoryTable.Refusal) -> SetElements {
    var gone: Set<Int> = []
    for index in 0..<other.count {
      guard let at = self.index(of: other.key(index)), key(at) == other.key(index),
        lastKey(at) == other.lastKey(index)
      else { throw MemoryTable.Refusal(reason: "no such element") }
      gone.insert(at)
    }
    return selecting((0..<count).filter { !gone.contains($0) })
  }
}
