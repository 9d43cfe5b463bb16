// Everything that is looked at on a packet's way holds plain numbers: an array within would be counted
// at every look, by all workers that share a table.

struct EvaluatedRule: Sendable {
  /// Where its steps lie among those of the table.
  let steps: Range<Int>
  /// Whether the rule can end the packet's way or lead it elsewhere.
  let mayDecide: Bool
}

/// An expression of a rule.
enum EvaluatedExpression: Sendable {
  case lookup(set: Int, Register, negated: Bool, into: Register?)
  case verdict(EvaluatedVerdict)
  case meta(MetaKey, into: Register)
  case payload(base: PayloadBase, offset: UInt32, length: UInt32, into: Register)
  case compare(ComparisonOperator, Register, InlineArray<16, UInt8>, count: Int)
  case conntrack(ConntrackKey, ConntrackDirection?, into: Register)
  case bitwise(Register, into: Register, mask: UInt32, xor: UInt32)
  /// A match of iptables: ways of steps of which one has to be gone to its end, by their index among
  /// ``EvaluatedTable/ways``.
  case extensionMatch(Range<Int>, isExact: Bool)
  /// One of the rarer ones, by its index among ``EvaluatedTable/others``.
  case other(Int)
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
  let count: Int
  /// Where its keys begin among the bytes of the table.
  let keys: Int
  /// Where the ends of its intervals begin; at the keys again in a set of single keys.
  let lastKeys: Int
  /// Where begins what its keys lead to, among the verdicts of the table; `nil` for everything but a
  /// verdict map.
  let verdicts: Int?
  /// Where begins what the keys of another map lead to, among the bytes of the table.
  let values: Int
  /// Zero for everything but such a map.
  let valueLength: Int
}

/// A table with its names resolved to indices; sets of a rule's own stand behind the named ones.
struct EvaluatedTable: Sendable {
  /// Where the rules of each chain lie, up to the last that may decide something.
  private(set) var chains: [Range<Int>] = []
  private(set) var rules: [EvaluatedRule] = []
  private(set) var steps: [EvaluatedExpression] = []
  private(set) var others: [Expression] = []
  /// Where the steps of each way of a match of iptables lie, ahead of those of its rule.
  private(set) var ways: [Range<Int>] = []
  private(set) var sets: [EvaluatedSet] = []
  private(set) var bytes: [UInt8] = []
  private(set) var verdicts: [EvaluatedVerdict] = []
  private var setIndices: [SetName: Int] = [:]
  private let chainIndices: [ChainName: Int]

  init(_ table: Table) {
    chainIndices = Dictionary(
      zip(table.chains.map(\.name), table.chains.indices), uniquingKeysWith: { first, _ in first })
    for set in table.sets {
      setIndices[set.name] = add(set.flags.contains(.dynamic) ? nil : set.elements)
    }
    for chain in table.chains {
      let start = rules.count
      for rule in chain.deciding { add(rule) }
      chains.append(start..<rules.count)
    }
  }

  private mutating func add(_ rule: Rule) {
    let own = rule.expressions.map { resolve($0) }
    let start = steps.count
    steps += own
    rules.append(
      EvaluatedRule(steps: start..<steps.count, mayDecide: rule.expressions.contains(where: \.mayDecide)))
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
    case .bitwise(let from, let into, let mask, let xor) where mask.count == 4 && xor.count == 4:
      return .bitwise(from, into: into, mask: word(mask), xor: word(xor))
    case .matchExtension(let match):
      let first = ways.count
      for way in match.ways {
        let own = way.map { resolve($0) }
        ways.append(steps.count..<steps.count + own.count)
        steps += own
      }
      return .extensionMatch(first..<ways.count, isExact: match.isExact)
    default:
      others.append(expression)
      return .other(others.count - 1)
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
    let keys = append(elements?.keys)
    var (firstVerdict, values, valueLength) = (Int?.none, 0, 0)
    switch elements?.payload {
    case .verdicts(let known):
      firstVerdict = verdicts.count
      verdicts += known.map { resolve($0) }
    case .values(let bytes, let length): (values, valueLength) = (append(bytes), length)
    case nil, .some(.none): break
    }
    sets.append(
      EvaluatedSet(
        isKnown: elements != nil, keyLength: elements?.keyLength ?? 0, count: elements?.count ?? 0,
        keys: keys, lastKeys: elements?.lastKeys.map { append($0) } ?? keys, verdicts: firstVerdict,
        values: values, valueLength: valueLength))
    return sets.count - 1
  }

  /// - Returns: where the bytes begin.
  private mutating func append(_ more: [UInt8]?) -> Int {
    let start = bytes.count
    bytes += more ?? []
    return start
  }
}

/// Four bytes in the order in which they stand.
func word(_ bytes: [UInt8]) -> UInt32 { bytes.reduce(0) { $0 << 8 | UInt32($1) } }
