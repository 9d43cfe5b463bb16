/// A chain with its names resolved to indices.
struct EvaluatedChain: Sendable {
  let name: ChainName
  let policy: ChainPolicy
  let rules: [EvaluatedRule]
}

struct EvaluatedRule: Sendable {
  let expressions: [EvaluatedExpression]
  /// Whether the rule can end the packet's way or lead it elsewhere.
  let mayDecide: Bool
}

enum EvaluatedExpression: Sendable {
  case lookup(set: Int, Register, negated: Bool, into: Register?)
  case verdict(EvaluatedVerdict)
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
  /// `nil` when only the kernel knows what the set holds.
  let elements: SetElements?
  /// What the keys of a verdict map lead to; empty for everything else.
  let verdicts: [EvaluatedVerdict]
}

/// Gives chains and sets their indices; sets of a rule's own are added behind the named ones.
struct NameResolver {
  private(set) var sets: [EvaluatedSet] = []
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

  mutating func resolve(_ rule: Rule) -> EvaluatedRule {
    let mayDecide = rule.expressions.contains { expression in
      switch expression {
      case .verdict, .reject, .opaque: true
      case .lookup(_, _, _, let into): into == .verdict
      default: false
      }
    }
    return EvaluatedRule(expressions: rule.expressions.map { resolve($0) }, mayDecide: mayDecide)
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
    guard let elements, case .verdicts(let verdicts) = elements.payload else {
      return EvaluatedSet(elements: elements, verdicts: [])
    }
    return EvaluatedSet(elements: elements, verdicts: verdicts.map { resolve($0) })
  }
}
