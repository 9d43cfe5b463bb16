package import Nftables
internal import RulesetShape

/// A change as people read it: the flows it touches, and the objects.
package struct ChangeDescription: Hashable, Sendable, Codable {
  /// What happens to something.
  package enum Action: String, Hashable, Sendable, Codable {
    case add
    case delete
    case change
  }

  /// One object of the change.
  package struct Object: Hashable, Sendable, Codable {
    package let action: Action
    /// `table`, `chain`, `set`, `elements`, `rule`.
    package let kind: String
    /// The object's name; of a rule, its chain's.
    package let name: String
    /// What it is, in nft's words; of elements at most ``ChangeDescription/shownElements``.
    package let text: String
    /// How many elements or, of a set, how many it is made with; 1 for everything else.
    package let count: Int
    /// The rule's comment, which names its flow.
    package let comment: String?
  }

  /// What changes for a flow on this host.
  package struct Flow: Hashable, Sendable, Codable {
    package let action: Action
    package let name: String
    /// Chain of the flow's rules, such as `in.https`.
    package let chain: String
    /// The rules that come or go; for peers that change, the elements.
    package let details: [Detail]
  }

  /// One line about a flow.
  package struct Detail: Hashable, Sendable, Codable {
    package let action: Action
    package let text: String
  }

  /// What happens to a tripwire on this host.
  package struct Tripwire: Hashable, Sendable, Codable {
    package let action: Action
    package let name: String
  }

  /// Elements that are written out for each set; the rest is counted.
  package static let shownElements = 12

  package let flows: [Flow]
  package let objects: [Object]
  /// Sorted by name; `nil`: none comes, goes or changes.
  package let tripwires: [Tripwire]?

  package var isEmpty: Bool { objects.isEmpty }

  /// Describes a change between what is installed and what is wanted. What has no words in nft's
  /// language is said to have none: whoever can write into a table must not be able to keep its change
  /// from being shown.
  ///
  /// Of a table that is replaced whole, it is told why, and what then differs.
  package init(_ change: Change, from installed: InstalledTable?, to wanted: Table) {
    let old = installed?.table
    if change.operations.first == .deleteTable {
      let inside = TableDiff.changeInPlace(from: installed, to: wanted)
      let rest = Self(inside, from: installed, to: wanted)
      let replaced = Object(
        .change, "table", wanted.title, "deleted and created anew in one transaction; counters begin at zero")
      flows = rest.flows
      objects = [replaced] + rest.objects
      tripwires = rest.tripwires
      return
    }
    let oldSets = Dictionary((old?.sets ?? []).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let newSets = Dictionary(wanted.sets.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var objects: [Object] = []
    var rules: [(action: Action, chain: ChainName, rule: Rule)] = []
    var sets: [(action: Action, set: NamedSet)] = []
    let made = Set(
      change.operations.compactMap { if case .addChain(let name, _, _) = $0 { name } else { nil } })
    func policy(of name: ChainName, _ base: BaseChain) -> ChainPolicy {
      (wanted.chain(name)?.base ?? base).policy ?? .accept
    }
    for operation in Self.inOrder(change.operations, of: wanted, made) {
      switch operation {
      case .addTable:
        objects.append(Object(old == nil ? .add : .change, "table", wanted.title, ""))
      case .setFlags(let flags):
        let gone = old?.flags.subtracting(flags) ?? []
        objects.append(Object(.delete, "table flags", gone.words, ""))
      case .deleteTable:
        objects.append(Object(.delete, "table", old?.title ?? wanted.title, ""))
      case .addChain(let name, let base, _):
        objects.append(
          Object(.add, "chain", name.text, base.map { "policy \(policy(of: name, $0).keyword)" } ?? ""))
      case .setPolicy(let name, let policy):
        // Made ahead without it.
        if made.contains(name) { continue }
        objects.append(Object(.change, "chain", name.text, "policy \(policy.keyword)"))
      case .deleteChain(let name):
        objects.append(Object(.delete, "chain", name.text, ""))
      case .addSet(let set):
        objects.append(Object(.add, "set", set.name.text, Self.text(set), count: set.elements.count))
        sets.append((.add, set))
      case .resizeSet(let set, let size):
        objects.append(Object(.change, "set", set.name.text, "size \(size)"))
      case .deleteSet(let name):
        objects.append(Object(.delete, "set", name.text, ""))
        if let set = oldSets[name] { sets.append((.delete, set)) }
      case .addElements(let set):
        objects.append(Object(.add, "elements", set.name.text, Self.text(set), count: set.elements.count))
        sets.append((.add, set))
      case .deleteElements(let set):
        objects.append(
          Object(.delete, "elements", set.name.text, Self.text(set), count: set.elements.count))
        sets.append((.delete, set))
      case .addRule(let chain, let rule, _):
        let text = Self.text(rule, in: wanted.family, newSets)
        objects.append(Object(.add, "rule", chain.text, text, comment: rule.comment))
        rules.append((.add, chain, rule))
      case .deleteRule(let chain, let handle):
        guard let states = installed?.rules[chain],
          let index = states.firstIndex(where: { $0.handle == handle }),
          let rule = old?.chain(chain)?.rules[index]
        else { continue }
        let text = Self.text(rule, in: old?.family ?? wanted.family, oldSets)
        objects.append(Object(.delete, "rule", chain.text, text, comment: rule.comment))
        rules.append((.delete, chain, rule))
      case .deleteOther(let object, _):
        objects.append(Object(.delete, object.kind, object.name, "not a part of Sekisho's table"))
      }
    }
    self.objects = objects
    flows = Self.flows(objects, rules, sets, old, wanted)
    tripwires = objects.isEmpty ? nil : Self.tripwires(old, wanted)
  }

  private static func tripwires(_ old: Table?, _ wanted: Table) -> [Tripwire]? {
    let (before, after) = (old?.withoutTrial.tripwires ?? [:], wanted.tripwires)
    let changed = Set(before.keys).union(after.keys).sorted().compactMap { name -> Tripwire? in
      let (was, becomes) = (before[name], after[name])
      if was == becomes { return nil }
      return Tripwire(action: was == nil ? .add : becomes == nil ? .delete : .change, name: name)
    }
    return changed.isEmpty ? nil : changed
  }

  /// Nothing changes.
  package init() {
    flows = []
    objects = []
    tripwires = nil
  }

  /// What goes, then chains, sets, elements and rules that come, in whatever transaction they do.
  private static func inOrder(
    _ operations: [Operation], of wanted: Table, _ made: Set<ChainName>
  ) -> [Operation] {
    let places = Dictionary(
      wanted.chains.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    func key(_ operation: Operation) -> (Int, Int) {
      switch operation {
      case .resizeSet: (0, 0)
      case .deleteTable, .deleteRule, .deleteElements, .deleteSet, .deleteOther, .deleteChain: (1, 0)
      case .addTable: (2, 0)
      case .addChain(let name, _, _), .setPolicy(let name, _): (3, places[name] ?? 0)
      case .addSet: (4, 0)
      case .addElements: (5, 0)
      case .addRule(let name, _, _): made.contains(name) ? (6, (places[name] ?? 0) + 1) : (6, 0)
      case .setFlags: (7, 0)
      }
    }
    return operations.enumerated().map { (key: key($1), number: $0, operation: $1) }
      .sorted { ($0.key.0, $0.key.1, $0.number) < ($1.key.0, $1.key.1, $1.number) }.map(\.operation)
  }

  private static var style: TextStyle { TextStyle(.listing, isStateless: true) }

  private static func text(_ set: NamedSet) -> String {
    let shown = min(set.elements.count, shownElements)
    let part = set.holding(set.elements.selecting(Array(0..<shown)))
    guard let bytes = try? part.elementText(.listing) else {
      return "elements without words in nft's language"
    }
    let text = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
      .joined(separator: " ")
    return set.elements.count > shown ? "\(text), and \(set.elements.count - shown) more" : text
  }

  private static func text(_ rule: Rule, in family: Family, _ sets: [SetName: NamedSet]) -> String {
    if let text = try? rule.text(in: family, sets: sets, style: style) { return text }
    let silent = Rule(rule.expressions)
    guard rule.comment != nil, let text = try? silent.text(in: family, sets: sets, style: style) else {
      return "a rule without words in nft's language"
    }
    return "\(text) comment (not printable)"
  }

  /// The flows of accepting rules that come or go; of rules that stay, those whose peers or ports do.
  private static func flows(
    _ objects: [Object], _ rules: [(action: Action, chain: ChainName, rule: Rule)],
    _ sets: [(action: Action, set: NamedSet)], _ old: Table?, _ wanted: Table
  ) -> [Flow] {
    struct Key: Hashable {
      let name: String
      let chain: String
    }
    var details: [Key: [Detail]] = [:]
    // A rule that only moves within its chain opens and closes nothing; in another chain other ports lead to it.
    var balance: [ChainName: [Rule: Int]] = [:]
    for change in rules {
      balance[change.chain, default: [:]][change.rule, default: 0] += change.action == .add ? 1 : -1
    }
    for (object, change) in zip(objects.filter { $0.kind == "rule" }, rules) {
      guard let name = change.rule.acceptedFlow, balance[change.chain]?[change.rule] != 0 else { continue }
      details[Key(name: name, chain: change.chain.text), default: []]
        .append(Detail(action: change.action, text: object.text))
    }
    let reached = reached(sets)
    let peers = Dictionary(grouping: sets.filter { !$0.set.isVerdictMap && !$0.set.elements.isEmpty }) {
      $0.set.name
    }
    if !reached.isEmpty || !peers.isEmpty {
      for chain in wanted.chains {
        let before = Set(old?.chain(chain.name)?.rules ?? [])
        for rule in chain.rules where before.contains(rule) {
          guard let name = rule.acceptedFlow else { continue }
          let key = Key(name: name, chain: chain.name.text)
          // Rules of both families are reached in the same way.
          if details[key] == nil, let ways = reached[chain.name] { details[key] = ways }
          for (action, set) in rule.sets.flatMap({ peers[$0] ?? [] }) {
            details[key, default: []].append(Detail(action: action, text: "@\(set.name): \(text(set))"))
          }
        }
      }
    }
    return details.map { key, details in
      let isWhole = { (action: Action) in
        details.allSatisfy { $0.action == action && !$0.text.hasPrefix("@") }
      }
      let action: Action = isWhole(.add) ? .add : isWhole(.delete) ? .delete : .change
      return Flow(action: action, name: key.name, chain: key.chain, details: details)
    }.sorted { ($0.name, $0.chain) < ($1.name, $1.chain) }
  }

  /// The elements of verdict maps that come or go, by the chain they lead to: ports at which the flows in
  /// it can be reached.
  private static func reached(_ sets: [(action: Action, set: NamedSet)]) -> [ChainName: [Detail]] {
    var details: [ChainName: [Detail]] = [:]
    for (action, set) in sets {
      guard set.isVerdictMap, case .verdicts(let verdicts) = set.elements.payload else { continue }
      for (chain, indices) in Dictionary(grouping: verdicts.indices, by: { verdicts[$0].chain }) {
        guard let chain else { continue }
        let leading = set.holding(set.elements.selecting(indices))
        details[chain, default: []].append(Detail(action: action, text: "@\(set.name): \(text(leading))"))
      }
    }
    return details
  }
}

extension ChangeDescription.Object {
  fileprivate init(
    _ action: ChangeDescription.Action, _ kind: String, _ name: String, _ text: String, count: Int = 1,
    comment: String? = nil
  ) {
    self.init(action: action, kind: kind, name: name, text: text, count: count, comment: comment)
  }
}

extension Rule {
  fileprivate var sets: [SetName] {
    expressions.compactMap { if case .lookup(.named(let name), _, _, _) = $0 { name } else { nil } }
  }
}
