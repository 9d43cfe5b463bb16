internal import Addressing
internal import ConnectionSpace
internal import Nftables

/// Where connections of a domain may end up in a chain. What is in none but one of them surely ends there.
struct Outcome {
  var accepted: ConnectionSpace
  var dropped: ConnectionSpace
  /// Back behind the jump, or at the end of a base chain.
  var returned: ConnectionSpace
}

/// Sends all connections of a domain through the chains of a table at once.
///
/// A chain treats each connection the same wherever it is jumped to from, so each is looked at once.
struct ChainRun {
  private let domain: Domain
  private let table: Table
  private let link: LinkPlace
  private let reader: PacketReader
  private var known: [ChainName: Outcome] = [:]
  private var open: Set<ChainName> = []
  private var lookups: [LookupKey: SetLookup] = [:]
  /// Protocols of the domain's class that are not treated alike: then the outcome means nothing.
  private(set) var splits: Set<IPProtocol> = []

  private struct LookupKey: Hashable {
    let set: SetName
    let bytes: [SymbolicByte]
  }

  init(
    _ domain: Domain, _ table: Table, _ base: BaseChain, _ circumstances: Circumstances, isTranslated: Bool
  ) {
    self.domain = domain
    self.table = table
    link = LinkPlace(base.hook)
    // Connection tracking looks at a packet at priority -200 of the first hook (NF_IP_PRI_CONNTRACK).
    let isTracked = ![.prerouting, .output].contains(base.hook) || base.priority.rawValue > -200
    reader = PacketReader(
      domain, link, circumstances, isTracked: isTracked, isTranslated: isTranslated)
    ownAddresses = circumstances.ownAddresses
  }

  private let ownAddresses: AddressSet?
  private var place: Comparison.Place { Comparison.Place(domain: domain, ownAddresses: ownAddresses) }

  /// What becomes of the domain in a chain.
  mutating func outcome(of name: ChainName) throws(NotProven) -> Outcome {
    if let outcome = known[name] { return outcome }
    guard let chain = table.chain(name), open.insert(name).inserted else {
      // No such chain, or one that leads to itself: the kernel takes neither.
      return Outcome(accepted: domain.all, dropped: domain.all, returned: domain.all)
    }
    var outcome = Outcome(accepted: domain.empty, dropped: domain.empty, returned: domain.empty)
    var here = domain.all
    for rule in chain.rules where !here.isEmpty { try apply(rule, &here, &outcome) }
    outcome.returned = try outcome.returned.union(here)
    open.remove(name)
    known[name] = outcome
    return outcome
  }

  // MARK: Rules

  /// - Parameter here: what may reach the rule, then what may get past it.
  private mutating func apply(_ rule: Rule, _ here: inout ConnectionSpace, _ outcome: inout Outcome)
    throws(NotProven)
  {
    var registers = Registers()
    var match = Match(sure: domain.all, possible: here)
    let decides = rule.expressions.contains { $0.mayDecide }
    guard decides else { return }
    for expression in rule.expressions {
      switch expression {
      case .verdict(let verdict):
        try conclude([(verdict, match)], &here, &outcome)
        return
      case .reject:
        try conclude([(.drop, match)], &here, &outcome)
        return
      case .lookup(let set, let register, let negated, let into):
        guard let result = try lookup(set, registers, register) else {
          match.sure = domain.empty
          if let into { registers.store(Array(repeating: .hidden, count: into == .verdict ? 0 : 16), into) }
          // What an unknown map leads to can be any verdict.
          if into == .verdict { try concludeUnknown(match, &here, &outcome) }
          continue
        }
        if into == .verdict {
          var cases: [(Verdict, Match)] = []
          for element in result.cases {
            if let verdict = element.verdict {
              cases.append((verdict, try match.intersection(element.match)))
            }
          }
          try conclude(cases, &here, &outcome)
          return
        }
        var found = domain.never
        for element in result.cases {
          found.sure = try found.sure.union(element.match.sure)
          found.possible = try found.possible.union(element.match.possible)
        }
        match = try match.intersection(negated ? found.complement(in: domain.all) : found)
        if let into { registers.store(Array(repeating: .hidden, count: 16), into) }
      case .opaque(let name, _):
        if opaqueAccepting.contains(name) {
          try conclude([(.accept, match)], &here, &outcome)
          return
        }
        if !opaqueHarmless.contains(name) { try concludeUnknown(match, &here, &outcome) }
        registers.forget()
        match.sure = domain.empty
      default:
        match = try match.intersection(step(expression, &registers))
      }
      if match.possible.isEmpty { return }
    }
  }

  /// Parts of a rule's matches end in verdicts, all at once.
  private mutating func conclude(
    _ cases: [(Verdict, Match)], _ here: inout ConnectionSpace, _ outcome: inout Outcome
  ) throws(NotProven) {
    var leaving = domain.empty
    var back = domain.empty
    for (verdict, match) in cases where !match.possible.isEmpty {
      leaving = try leaving.union(match.sure)
      switch verdict {
      case .accept: outcome.accepted = try outcome.accepted.union(match.possible)
      case .drop: outcome.dropped = try outcome.dropped.union(match.possible)
      case .queue:
        // What the queue's program decides is not known.
        outcome.accepted = try outcome.accepted.union(match.possible)
        outcome.dropped = try outcome.dropped.union(match.possible)
      case .continue: back = try back.union(match.possible)
      case .return: outcome.returned = try outcome.returned.union(match.possible)
      case .jump(let chain), .goto(let chain):
        let inner = try self.outcome(of: chain)
        outcome.accepted = try outcome.accepted.union(match.possible.intersection(inner.accepted))
        outcome.dropped = try outcome.dropped.union(match.possible.intersection(inner.dropped))
        let returned = try match.possible.intersection(inner.returned)
        if case .jump = verdict {
          back = try back.union(returned)
        } else {
          outcome.returned = try outcome.returned.union(returned)
        }
      }
    }
    here = try here.subtracting(leaving).union(back)
  }

  /// Anything may become of what matches.
  private func concludeUnknown(_ match: Match, _ here: inout ConnectionSpace, _ outcome: inout Outcome)
    throws(NotProven)
  {
    outcome.accepted = try outcome.accepted.union(match.possible)
    outcome.dropped = try outcome.dropped.union(match.possible)
    outcome.returned = try outcome.returned.union(match.possible)
  }

  // MARK: Steps

  /// What a step that decides nothing lets go on.
  private mutating func step(_ expression: Expression, _ registers: inout Registers) throws(NotProven)
    -> Match
  {
    switch expression {
    case .counter, .log, .setMeta, .setConntrack:
      return domain.always
    case .limit, .dynamicSet:
      return domain.unknown
    case .meta(let key, let register):
      registers.store(reader.meta(key), register)
    case .payload(let base, let offset, let length, let register):
      let (bytes, isThere) = reader.payload(base, Int(offset), Int(length))
      registers.store(bytes, register)
      if !isThere { return domain.unknown }
    case .conntrack(let key, let direction, let register):
      registers.store(reader.conntrack(key, direction), register)
    case .fib(let result, let flags, let register):
      registers.store(reader.fib(result, flags), register)
    case .immediate(let register, let value):
      registers.store(constant: value, register)
    case .bitwise(let from, let into, let mask, let xor):
      guard let bytes = registers.read(from, mask.count), xor.count == mask.count else {
        return domain.unknown
      }
      registers.store(mask.indices.map { bytes[$0].masked(mask[$0], xor[$0]) }, into)
    case .byteorder(let from, let into, _, let length, let size):
      guard let bytes = registers.read(from, Int(length)), size > 0 else { return domain.unknown }
      registers.store(
        stride(from: 0, to: bytes.count, by: Int(size)).flatMap {
          bytes[$0..<min($0 + Int(size), bytes.count)].reversed()
        }, into)
    case .shift(_, let into, let length, _, _):
      registers.store(Array(repeating: .hidden, count: Int(min(length, 16))), into)
    case .compare(let sign, let register, let value):
      guard let bytes = registers.read(register, value.count) else { return domain.unknown }
      return try compare(bytes, sign, value)
    case .range(let negated, let register, let from, let to):
      guard let bytes = registers.read(register, from.count), to.count == from.count else {
        return domain.unknown
      }
      let match = try self.match(Comparison(bytes, from: from, to: to, place))
      return negated ? try match.complement(in: domain.all) : match
    case .lookup, .verdict, .reject, .opaque:
      return domain.unknown
    }
    return domain.always
  }

  private mutating func compare(_ bytes: [SymbolicByte], _ sign: ComparisonOperator, _ value: [UInt8])
    throws(NotProven) -> Match
  {
    let zero = [UInt8](repeating: 0, count: value.count)
    let match: Match
    switch sign {
    case .equal, .notEqual: match = try self.match(Comparison(bytes, equal: value, place))
    case .lessOrEqual, .greater: match = try self.match(Comparison(bytes, from: zero, to: value, place))
    case .less, .greaterOrEqual:
      match =
        value == zero
        ? domain.never : try self.match(Comparison(bytes, from: zero, to: predecessor(value), place))
    }
    switch sign {
    case .equal, .less, .lessOrEqual: return match
    case .notEqual, .greater, .greaterOrEqual: return try match.complement(in: domain.all)
    }
  }

  private mutating func match(_ comparison: Comparison) throws(NotProven) -> Match {
    splits.formUnion(comparison.splits)
    if comparison.isNever { return domain.never }
    let space = try domain.space(of: comparison.box)
    return Match(sure: comparison.isSure ? space : domain.empty, possible: space)
  }

  /// `nil` when what the set holds is not known.
  private mutating func lookup(_ set: SetReference, _ registers: Registers, _ register: Register)
    throws(NotProven) -> SetLookup?
  {
    let elements: SetElements
    let isConcatenation: Bool
    var mayChange = false
    var key: LookupKey?
    switch set {
    case .named(let name):
      guard let set = table.set(name), !set.flags.contains(.dynamic), set.keyLength > 0,
        let bytes = registers.read(register, set.elements.keyLength)
      else { return nil }
      (elements, isConcatenation) = (set.elements, set.key.count > 1)
      mayChange = set.timeout != nil || set.flags.contains(.timeout)
      let wanted = LookupKey(set: name, bytes: bytes)
      if let known = lookups[wanted] { return known }
      key = wanted
    case .inline(let set): (elements, isConcatenation) = (set.elements, set.key.count > 1)
    }
    guard let bytes = registers.read(register, elements.keyLength) else { return nil }
    let result = try SetLookup(
      bytes, in: elements, isConcatenation: isConcatenation, mayChange: mayChange, place)
    splits.formUnion(result.splits)
    if let key { lookups[key] = result }
    return result
  }
}

extension NamedSet {
  fileprivate var keyLength: Int { elements.keyLength }
}

extension Expression {
  /// Whether it can end the packet's way or lead it elsewhere.
  fileprivate var mayDecide: Bool {
    switch self {
    case .verdict, .reject, .opaque: true
    case .lookup(_, _, _, let into): into == .verdict
    default: false
    }
  }
}

/// The number before one that is not 0.
private func predecessor(_ value: [UInt8]) -> [UInt8] {
  var result = value
  for index in result.indices.reversed() {
    result[index] &-= 1
    if result[index] != 0xff { break }
  }
  return result
}

/// Expressions that translate addresses let the packet pass (net/netfilter/nft_nat.c, nft_masq.c,
/// nft_redir.c), by the kernel's names and by libnftables'.
private let opaqueAccepting: Set<String> = [
  "nat", "masq", "redir", "json snat", "json dnat", "json masquerade", "json redirect",
]

/// Expressions that match or note something and decide nothing.
private let opaqueHarmless: Set<String> = [
  "exthdr", "rt", "socket", "osf", "hash", "numgen", "connlimit", "quota", "last", "objref", "notrack",
  "xfrm",
  "tunnel", "inner", "json match", "json counter", "json quota", "json limit", "json ct count",
  "json ct helper", "json ct timeout", "json ct expectation", "json notrack", "json xt",
]
