package import Nftables

/// A table whose rules judge new connections for a time, beside those that judge when it is over.
///
///     set trial { type mark; flags timeout; timeout 60s; elements = { 0x0 } }
///     chain input { … ct state established accept
///                   meta mark & 0 @trial goto trial/input
///                   … the confirmed rules, untouched … }
///
/// The element's timeout is the kernel's: when it is over the confirmed rules judge again, with no process alive.
/// The key is the same for every packet, so that one element speaks for all hooks and both families. What is
/// established passes ahead of the gate and pays nothing for it.
package struct TrialTable: Hashable, Sendable {
  /// Everything but what leads there: in its own transaction, because a new set of ranges is not visible at the
  /// instant at which a transaction leads to it (nf_tables, `nft_set_rbtree`).
  package let prepared: Table
  package let armed: Table

  /// Puts a table on trial beside the one in force.
  ///
  /// Chains and sets that are the same on both sides stand once; all others of the wanted table get names of their own.
  ///
  /// - Parameters:
  ///   - base: what judges when the time is over; `nil`: nothing does, and everything passes.
  ///   - milliseconds: how long the kernel lets the trial judge.
  package init(of wanted: Table, beside base: Table?, milliseconds: UInt64) {
    let base = base?.withoutTrial ?? Table(family: wanted.family, name: wanted.name, chains: [], sets: [])
    let shared = Set(wanted.sets.filter { base.set($0.name)?.serves(as: $0) ?? false }.map(\.name))
    let renaming = Renaming(chain: { TrialName.chain($0.text) }) {
      shared.contains($0) ? $0 : TrialName.set($0.text)
    }
    var chains = base.chains
    var trial: [Chain] = []
    for side in Side.allCases {
      let present = base.base(side)
      let judging = wanted.base(side)
      if present == nil, judging == nil { continue }
      if present == nil { chains.append(Self.passing(side)) }
      // A side that is filtered no longer lets everything pass.
      let rules = judging?.rules.map(renaming.rule) ?? [Self.passing]
      trial.append(Chain(name: TrialName.chain(side.baseName), rules: rules))
    }
    trial += wanted.chains.filter { $0.base == nil }.map { chain in
      Chain(name: renaming.chain(chain.name), comment: chain.comment, rules: chain.rules.map(renaming.rule))
    }
    let sets = base.sets + wanted.sets.filter { !shared.contains($0.name) }.map(renaming.set)
    func table(_ bases: [Chain], _ clock: NamedSet) -> Table {
      Table(
        family: base.family, name: base.name, flags: base.flags, comment: base.comment,
        chains: bases + trial, sets: sets + [clock], others: base.others)
    }
    let clock = TrialName.clock(milliseconds)
    prepared = table(chains, clock.holding(.none(keyLength: TrialName.key.count)))
    armed = table(chains.map(Self.gated), clock)
  }

  /// All that the rules of a side are that the wanted table does not have.
  static let passing = Rule(compiling: [.accept])

  /// A base chain that lets everything pass, and makes the kernel track connections.
  private static func passing(_ side: Side) -> Chain {
    Chain(
      name: ChainName(checked: side.baseName), base: BaseChain(hook: side.hook, policy: .accept),
      rules: [established])
  }

  fileprivate static let established = Rule(compiling: [.match(.ctState, .states(.established)), .accept])

  /// The gate stands right behind the rule for established packets, so that all the rest is the trial's, how what is no
  /// connection is judged too. Where rules that end flows stand ahead of that rule it stands ahead of them.
  private static func gated(_ chain: Chain) -> Chain {
    guard let base = chain.base, let side = Side(base.hook) else { return chain }
    let place = chain.rules.first?.expressions == established.expressions ? 1 : 0
    let gate = Rule(
      compiling: [.match(TrialName.anyMark, .named(TrialName.clock)), .goto(TrialName.chain(side.baseName))],
      comment: RuleNote.trial.rawValue)
    return Chain(
      name: chain.name, base: base, comment: chain.comment,
      rules: chain.rules[..<place] + [gate] + chain.rules[place...])
  }
}

extension Table {
  /// Whether the table has anything of a trial, in force or not.
  package var hasTrialParts: Bool {
    chains.contains { TrialName.isTrial($0.name.text) || $0.isPassing }
      || sets.contains { TrialName.isTrial($0.name.text) }
      || chains.contains { $0.rules.contains(where: \.leadsToTrial) }
  }

  /// The table as it judges when no trial runs, and as it is once nothing of one is left.
  package var withoutTrial: Table {
    guard hasTrialParts else { return self }
    let staying = chains.filter { !TrialName.isTrial($0.name.text) && !$0.isPassing }.map { chain in
      Chain(
        name: chain.name, base: chain.base, comment: chain.comment,
        rules: chain.rules.filter { !$0.leadsToTrial })
    }
    return Table(
      family: family, name: name, flags: flags, comment: comment, chains: staying,
      sets: sets.filter { !TrialName.isTrial($0.name.text) }, others: others)
  }

  /// Whether the table lets everything pass when no trial runs: the first trial of a host made it, for its time.
  package var isBareBeneathTrial: Bool {
    let staying = withoutTrial
    return hasTrialParts && staying.sets.isEmpty && staying.others.isEmpty && staying.chains.isEmpty
  }
}

extension InstalledTable {
  /// What judges when no trial runs, and is there once nothing of one is left; `nil`: nothing does.
  package var beneathTrial: InstalledTable? {
    guard table.hasTrialParts else { return self }
    if table.isBareBeneathTrial { return nil }
    let staying = table.withoutTrial
    let rules = Dictionary(
      uniqueKeysWithValues: staying.chains.map { chain in
        let all = table.chain(chain.name)?.rules ?? []
        let states = zip(all, self.rules[chain.name] ?? []).filter { !$0.0.leadsToTrial }.map(\.1)
        return (chain.name, states)
      })
    return InstalledTable(
      table: staying, rules: rules, otherHandles: otherHandles, generation: generation, handle: handle)
  }
}

/// The names of a trial's parts. Neither a name of the inventory nor one of Sekisho's other parts begins like them.
package enum TrialName {
  private static let word = "trial"

  /// The set whose element is the clock.
  package static let clock = SetName(checked: word)

  /// What every packet's mark is when none of its bits is asked for.
  static let key: [UInt8] = [0, 0, 0, 0]
  static let anyMark = Operand.masked(.meta(.mark), mask: key)

  package static func chain(_ name: String) -> ChainName { ChainName(checked: "\(word)/\(name)") }
  static func set(_ name: String) -> SetName { SetName(checked: "\(word)/\(name)") }
  static func isTrial(_ name: String) -> Bool { name == word || name.hasPrefix("\(word)/") }
  /// What a set of a trial is called once the change stays; any other name as it is.
  static func settled(_ name: SetName) -> SetName {
    name.text.hasPrefix("\(word)/") ? SetName(checked: String(name.text.dropFirst(word.count + 1))) : name
  }

  /// What lets the time of a trial begin anew, with another length. Where there is no clock any more the kernel refuses.
  package static func rewinding(_ milliseconds: UInt64, _ table: Table?) -> [Operation] {
    let set = table?.set(clock) ?? clock(milliseconds)
    let wound = SetElements(
      keyLength: key.count, keys: key, attributes: [0: ElementAttributes(timeout: milliseconds)])
    return [
      .deleteElements(set.holding(SetElements(keyLength: key.count, keys: key))),
      .addElements(set.holding(wound)),
    ]
  }

  /// The clock, wound up: an element without a timeout of its own gets the set's.
  static func clock(_ milliseconds: UInt64) -> NamedSet {
    NamedSet(
      name: clock, key: [.mark], flags: .timeout, timeout: milliseconds,
      elements: SetElements(keyLength: key.count, keys: key))
  }
}

extension Chain {
  /// Whether a trial made it for a side that is not filtered otherwise: it lets everything pass.
  var isPassing: Bool {
    guard let base, base.policy == .accept else { return false }
    let rules = rules.filter { !$0.leadsToTrial }
    return rules.count == 1 && rules[0].expressions == TrialTable.established.expressions
  }
}

extension Rule {
  fileprivate var leadsToTrial: Bool {
    if case .verdict(let verdict)? = expressions.last, let chain = verdict.chain {
      TrialName.isTrial(chain.text)
    } else {
      false
    }
  }
}

extension NamedSet {
  /// Whether rules that want the other set may look into this one. Verdicts lead to chains of one side only.
  fileprivate func serves(as other: NamedSet) -> Bool {
    guard !isVerdictMap, key == other.key, data == other.data, flags == other.flags, timeout == other.timeout
    else { return false }
    return flags.contains(.dynamic) || isKeptByHost || elements == other.elements
  }
}
