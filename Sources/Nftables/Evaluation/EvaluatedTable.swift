/// A chain with its names resolved to indices.
struct EvaluatedChain: Sendable {
  let name: ChainName
  let policy: ChainPolicy
  /// Where its rules lie among those of the table.
  let rules: Range<Int>
}

struct EvaluatedRule: Sendable {
  /// Where its steps lie among those of the table.
  let steps: Range<Int>
  /// Whether the rule can end the packet's way or lead it elsewhere.
  let mayDecide: Bool
}

/// An expression; the usual ones hold nothing that has to be counted when a worker looks at them.
enum EvaluatedExpression: Sendable {
  case lookup(set: Int, Register, negated: Bool, into: Register?)
  case verdict(EvaluatedVerdict)
  case meta(MetaKey, into: Register)
  case payload(base: PayloadBase, offset: UInt32, length: UInt32, into: Register)
  case compare(ComparisonOperator, Register, InlineArray<16, UInt8>, count: Int)
  case conntrack(ConntrackKey, ConntrackDirection?, into: Register)
  case plain(Expression)
}

enum EvaluatedVerdict: Sendable {
  case final(ChainPolicy)
  case `continue`
  case `return`
  case jump(Int)
  case goto(Int)
}

struct EvaluatedSet: Sendable {
  /// Whether what the set holds is known; the kernel alone knows it of a dynamic one.
  let isKnown: Bool
  let keyLength: Int
  let keys: [UInt8]
  /// The keys again in a set of single keys.
  let lastKeys: [UInt8]
  /// What the keys of a verdict map lead to; empty for everything else.
  let verdicts: [EvaluatedVerdict]
  /// What the keys of another map lead to; empty for everything else.
  let values: [UInt8]
  let valueLength: Int
}

/// Gives chains and sets their indices; sets of a rule's own are added behind the named ones.
struct NameResolver {
  private(set) var sets: [EvaluatedSet] = []
  private(set) var rules: [EvaluatedRule] = []
  private(set) var steps: [EvaluatedExpression] = []
  private var setIndices: [SetName: Int] = [:]
  private let chainIndices: [ChainName: Int]

  init(_ table: Table) {
    chainIndices = Dictionary(
      zip(table.chains.map(\.name), table.chains.indices), uniquingKeysWith: { first, _ in first })
    for set in table.sets {
      setIndices[set.name] = sets.count
      sets.append(evaluated(set.flags.contains(.dynamic) ? nil : set.elements))
    }
  }

  /// Adds the rules of a chain.
  mutating func resolve(_ chain: Chain) -> EvaluatedChain {
    let start = rules.count
    for rule in chain.rules { add(rule) }
    return EvaluatedChain(
      name: chain.name, policy: chain.base?.policy ?? .accept, rules: start..<rules.count)
  }

  private mutating func add(_ rule: Rule) {
    let mayDecide = rule.expressions.contains { expression in
      switch expression {
      case .verdict, .reject, .opaque: true
      case .lookup(_, _, _, let into): into == .verdict
      default: false
      }
    }
    let start = steps.count
    for expression in rule.expressions { steps.append(resolve(expression)) }
    rules.append(EvaluatedRule(steps: start..<steps.count, mayDecide: mayDecide))
  }

  private mutating func resolve(_ expression: Expression) -> EvaluatedExpression {
    switch expression {
    case .verdict(let verdict):
      return .verdict(resolve(verdict))
    case .lookup(.named(let name), let register, let negated, let into):
      // A set that is not there: its index leads to one whose content is unknown.
      let index = setIndices[name] ?? add(nil)
      return .lookup(set: index, register, negated: negated, into: into)
    case .lookup(.inline(let set), let register, let negated, let into):
      return .lookup(set: add(set.elements), register, negated: negated, into: into)
    case .meta(let key, let register):
      return .meta(key, into: register)
    case .payload(let base, let offset, let length, let register):
      return .payload(base: base, offset: offset, length: length, into: register)
    case .compare(let sign, let register, let value) where value.count <= 16:
      let bytes = InlineArray<16, UInt8> { $0 < value.count ? value[$0] : 0 }
      return .compare(sign, register, bytes, count: value.count)
    case .conntrack(let key, let direction, let register):
      return .conntrack(key, direction, into: register)
    default:
      return .plain(expression)
    }
  }

  private func resolve(_ verdict: Verdict) -> EvaluatedVerdict {
    switch verdict {
    case .accept: .final(.accept)
    // What a queue's program decides is not known; to count it as denied is the safe guess.
    case .drop, .queue: .final(.drop)
    case .continue: .continue
    case .return: .return
    case .jump(let name): chainIndices[name].map { .jump($0) } ?? .continue
    case .goto(let name): chainIndices[name].map { .goto($0) } ?? .return
    }
  }

  private mutating func add(_ elements: SetElements?) -> Int {
    sets.append(evaluated(elements))
    return sets.count - 1
  }

  private func evaluated(_ elements: SetElements?) -> EvaluatedSet {
    var verdicts: [EvaluatedVerdict] = []
    var values: [UInt8] = []
    var valueLength = 0
    switch elements?.payload {
    case .verdicts(let known): verdicts = known.map { resolve($0) }
    case .values(let bytes, let length): (values, valueLength) = (bytes, length)
    case nil, .some(.none): break
    }
    return EvaluatedSet(
      isKnown: elements != nil, keyLength: elements?.keyLength ?? 0, keys: elements?.keys ?? [],
      lastKeys: elements.map { $0.lastKeys ?? $0.keys } ?? [], verdicts: verdicts, values: values,
      valueLength: valueLength)
  }
}
