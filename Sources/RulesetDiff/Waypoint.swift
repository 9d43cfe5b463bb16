package import Nftables
internal import RulesetShape

extension TableDiff {
  /// A table on the way to the wanted one, where no single change gets there without losing packets; `nil`: there is none.
  ///
  /// Reached, it judges as the wanted table does, or nobody as long as the table is switched off. Three kinds:
  /// - A set or chain cannot be made beside another of its name. What takes the place of one of another kind first gets a
  ///   name of its own (`api.v4/next`), and so does a chain that gets a rule with ranges written in it: the kernel does
  ///   not see those either at the instant at which it sees the rule.
  /// - A map that goes stays behind the rules that asked it, with the chains it led to. A packet goes by the rules that were
  ///   there when it came to them, but finds what sets hold at that instant (`nft_lookup_eval`), and the elements of a map
  ///   go with it: whoever goes on waits until such packets are through.
  /// - A table that is switched off is made right before it is switched on.
  package static func waypoint(from installed: InstalledTable?, to wanted: Table) -> Table? {
    guard let installed, !mustReplace(installed, by: wanted) else { return nil }
    let old = installed.table
    if old.flags != wanted.flags {
      let asleep = wanted.with(flags: old.flags)
      return changeInPlace(from: installed, to: asleep).isEmpty ? nil : asleep
    }
    let strangers = Set(installed.strangers(without: wanted).compactMap(\.setName))
    var sets: [SetName: SetName] = [:]
    for set in wanted.sets {
      guard strangers.contains(set.name) || old.set(set.name).map({ !$0.canBecome(set) }) ?? false else {
        continue
      }
      let isTaken = { name in
        old.set(name) != nil || wanted.set(name) != nil || strangers.contains(name)
      }
      sets[set.name] = next(set.name, isTaken)
    }
    var chains: [ChainName: ChainName] = [:]
    for chain in wanted.chains where chain.base == nil {
      guard let present = old.chain(chain.name) else { continue }
      let known = Set(present.rules)
      guard present.base != nil || chain.rules.contains(where: { $0.hasInlineRanges && !known.contains($0) })
      else { continue }
      chains[chain.name] = next(chain.name) { old.chain($0) != nil || wanted.chain($0) != nil }
    }
    let left = old.maps(askedAndNotIn: wanted)
    if sets.isEmpty, chains.isEmpty, left.isEmpty { return nil }
    let renaming = Renaming(chain: { chains[$0] ?? $0 }, set: { sets[$0] ?? $0 })
    return Table(
      family: wanted.family, name: wanted.name, flags: wanted.flags, comment: wanted.comment,
      chains: wanted.chains.map(renaming.chain) + old.chains(ledToBy: left, notIn: wanted),
      sets: wanted.sets.map(renaming.set) + left, others: wanted.others)
  }

  /// A name that is free; `nil`: it would be too long for the kernel.
  private static func next<Name: KernelName>(_ name: Name, _ isTaken: (Name) -> Bool) -> Name? {
    var number = 1
    while let candidate = try? Name("\(name)/next\(number == 1 ? "" : String(number))") {
      if !isTaken(candidate) { return candidate }
      number += 1
    }
    return nil
  }
}

extension Table {
  /// Maps that a rule asks, and that another table has not.
  fileprivate func maps(askedAndNotIn other: Table) -> [NamedSet] {
    let gone = sets.filter { $0.data != nil && other.set($0.name) == nil }
    if gone.isEmpty { return [] }
    var asked: Set<SetName> = []
    for case .lookup(.named(let name), _, _, _) in chains.lazy.flatMap(\.rules).flatMap(\.expressions) {
      asked.insert(name)
    }
    return gone.filter { asked.contains($0.name) }
  }

  /// Chains that maps lead to and another table has not, with nothing in them.
  fileprivate func chains(ledToBy maps: [NamedSet], notIn other: Table) -> [Chain] {
    var names: Set<ChainName> = []
    for map in maps {
      if case .verdicts(let verdicts) = map.elements.payload { names.formUnion(verdicts.compactMap(\.chain)) }
    }
    return chains.filter { names.contains($0.name) && other.chain($0.name) == nil }
      .map { Chain(name: $0.name, base: $0.base, comment: $0.comment, rules: []) }
  }

  fileprivate func with(flags: TableFlags) -> Table {
    Table(
      family: family, name: name, flags: flags, comment: comment, chains: chains, sets: sets, others: others)
  }
}
