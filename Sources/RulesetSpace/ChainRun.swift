internal import Addressing
internal import ConnectionSpace
internal import Nftables

/// Sends all connections of a domain through the chains of a table at once.
///
/// A chain treats each connection the same wherever it is jumped to from, so each is looked at once.
struct ChainRun {
  private let domain: Domain
  private let table: Table
  private let base: BaseChain
  private let circumstances: Circumstances
  private let alteration: Alteration
  private let isTracked: Bool
  private let chains: [ChainName: Chain]
  private var known: [ChainName: Outcome] = [:]
  private var open: Set<ChainName> = []
  /// What the steps of rules ask of a connection.
  private var questions: StepReading
  /// Protocols of the domain's class that are not treated alike: then the outcome means nothing.
  var splits: Set<IPProtocol> { questions.splits }
  /// Rules that translate sources, which no verdict behind them depends on.
  private(set) var masquerades: Set<RulePlace> = []
  /// Rules that ended the way of some connection, in the order in which they were met.
  private(set) var decisions: [Decision] = []
  private let isTraced: Bool

  /// A rule that ended the way of a connection, or may have.
  struct Decision: Hashable {
    enum Effect: Hashable {
      case verdict(Verdict)
      /// Leads it elsewhere.
      case leads(Alteration)
      /// Gives it another source.
      case disguises
      /// Gives it to a socket of the host, if one listens.
      case hands
    }

    let rule: RulePlace
    let effect: Effect
    let isSure: Bool
  }

  /// - Parameters:
  ///   - isTranslating: whether any table of the host translates.
  ///   - isTraced: whether decisions are kept.
  init(
    _ domain: Domain, _ table: Table, _ base: BaseChain, _ link: LinkPlace, _ circumstances: Circumstances,
    _ alteration: Alteration, isTranslating: Bool, isTraced: Bool
  ) {
    self.domain = domain
    self.table = table
    self.base = base
    self.circumstances = circumstances
    self.alteration = alteration
    self.isTraced = isTraced
    // Connection tracking looks at a packet at priority -200 of the first hook (NF_IP_PRI_CONNTRACK).
    isTracked = ![.prerouting, .output].contains(base.hook) || base.priority.rawValue > -200
    let reader = PacketReader(
      domain, link, circumstances, alteration, isTracked: isTracked, isTranslating: isTranslating)
    questions = StepReading(domain, table, reader, circumstances, alteration)
    chains = Dictionary(table.chains.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Deeper jumps than any the kernel takes (`NFT_JUMP_STACK_SIZE`, 16): a listing may claim anything.
  private static let deepest = 64

  /// What becomes of the domain in a chain.
  mutating func outcome(of name: ChainName) throws(NotProven) -> Outcome {
    if let outcome = known[name] { return outcome }
    guard let chain = chains[name], open.count < Self.deepest, open.insert(name).inserted else {
      // No such chain, or one that leads to itself, or too far: the kernel takes none of them.
      return Outcome(accepted: domain.all, dropped: domain.all, returned: domain.all, untracked: domain.never)
    }
    let nothing = Outcome(
      accepted: domain.empty, dropped: domain.empty, returned: domain.empty, untracked: domain.never)
    var way = Way(here: domain.all, outcome: nothing)
    for (index, rule) in chain.deciding.enumerated() where rule.expressions.contains(where: \.mayDecide) {
      if way.here.isEmpty { break }
      way.rule = RulePlace(table: table.title, chain: name, index: index)
      var registers = Registers()
      var condition = Condition()
      try run(rule.expressions[...], &registers, &condition, &way)
    }
    try way.settle()
    var outcome = way.outcome
    outcome.returned = try outcome.returned.union(way.here)
    open.remove(name)
    known[name] = outcome
    return outcome
  }

  // MARK: Rules

  /// Some steps of a rule.
  ///
  /// - Returns: whether the rule goes on behind them.
  @discardableResult
  private mutating func run(
    _ steps: ArraySlice<Expression>, _ registers: inout Registers, _ condition: inout Condition,
    _ way: inout Way
  ) throws(NotProven) -> Bool {
    for (index, expression) in zip(steps.indices, steps) {
      switch expression {
      case .verdict(let verdict):
        try conclude([(verdict, condition.match(in: domain))], &way)
        return false
      case .reject:
        try conclude([(.drop, condition.match(in: domain))], &way)
        return false
      case .lookup(let set, let register, let negated, let into):
        let rest = steps[(index + 1)...]
        let byValue =
          into != nil && into != .verdict && !isOfSources && rest.contains(where: \.translates)
        guard let result = try questions.lookup(set, registers, register, byValue: byValue) else {
          condition.doubt()
          if into != nil { registers.forget() }
          // What an unknown map leads to can be any verdict.
          if into == .verdict { try concludeUnknown(condition.match(in: domain), &way) }
          continue
        }
        if into == .verdict {
          let match = try condition.match(in: domain)
          var cases: [(Verdict, Match)] = []
          for element in result.cases {
            if case .verdict(let verdict)? = element.lead {
              cases.append((verdict, try match.intersection(element.match)))
            }
          }
          try conclude(cases, &way)
          return false
        }
        if byValue, let into {
          // Each value that the map holds goes its own way to the translation.
          for element in result.cases {
            guard case .value(let value)? = element.lead else { continue }
            var (registers, condition) = (registers, condition)
            try condition.add(element.match)
            registers.store(constant: value, into)
            if !condition.isNever { try run(rest, &registers, &condition, &way) }
          }
          return false
        }
        try questions.meet(result, negated: negated, &condition)
        // What a map's data are, and how long, nothing that is looked at depends on.
        if into != nil { registers.forget() }
      case .matchExtension(let match):
        try questions.meet(match, &condition)
      case .targetExtension, .opaque:
        guard let meaning = expression.meaning else { continue }
        if try !apply(meaning, &registers, &condition, &way) { return false }
      default:
        try questions.step(expression, &registers, &condition)
      }
      if condition.isNever { return false }
    }
    return true
  }

  /// What an expression means that is kept byte for byte.
  ///
  /// - Returns: whether the rule goes on.
  private mutating func apply(
    _ meaning: Meaning, _ registers: inout Registers, _ condition: inout Condition, _ way: inout Way
  ) throws(NotProven) -> Bool {
    switch meaning {
    case .steps(let steps): return try run(steps[...], &registers, &condition, &way)
    case .notes: break
    case .neverMatches: condition.refuse()
    case .rewrites(let base, let offset, let length):
      try rewrite(base, offset..<offset + length, &registers, &condition, &way)
    case .loads: registers.forget()
    case .mayMatch:
      registers.forget()
      condition.doubt()
    case .untracks:
      // What is tracked already stays so.
      if !isTracked { try untrack(condition.match(in: domain), &way) }
    case .translates(let translation):
      return try translate(translation, registers, &condition, &way)
    case .unknown:
      let match = try condition.match(in: domain)
      var altered = alteration
      altered.becomeAnything()
      try way.settle()
      try way.outcome.add(match.possible.intersection(way.here), altered)
      try concludeUnknown(match, &way)
      registers.forget()
      condition.doubt()
    }
    return true
  }

  // MARK: Translation

  private mutating func translate(
    _ translation: Translation?, _ registers: Registers, _ condition: inout Condition, _ way: inout Way
  ) throws(NotProven) -> Bool {
    if let family = translation?.family, family != (domain.family == .ipv4 ? .ipv4 : .ipv6) {
      // Packets of the other family go on, but for those that a socket should take (nft_tproxy.c).
      return translation?.kind != .socket
    }
    let match = try condition.match(in: domain)
    switch isOfSources ? .source : translation?.kind {
    case .socket?:
      // Whether a socket listens is not known; without one the rule ends.
      if domain.ipProtocol != .tcp, domain.ipProtocol != .udp { return false }
      try way.settle()
      let possible = try match.possible.intersection(way.here)
      note(.hands, Match(sure: domain.empty, possible: possible), possible, way.rule)
      try way.outcome.hand(possible, by: way.rule)
      condition.doubt()
      return true
    case .source?, .masquerade?:
      try way.settle()
      let possible = try match.possible.intersection(way.here)
      if let rule = way.rule, !possible.isEmpty { masquerades.insert(rule) }
      let source = translation.map { $0.source(registers, domain) ?? alteration.source } ?? .unknown
      if source == alteration.source {
        try conclude([(.accept, match)], &way, noting: .disguises)
        return false
      }
      var altered = alteration
      altered.source = source
      note(.disguises, match, possible, way.rule)
      try way.outcome.add(possible, altered)
      way.here = try way.here.subtracting(match.sure)
    case .destination?, .redirect?, nil:
      var altered =
        translation?.alteration(registers, domain, hook: base.hook, own: circumstances.ownDestinations)
        ?? Alteration(destination: .unknown, port: .unknown, isTranslated: nil)
      altered.tracking = alteration.tracking
      altered.mayBeTaken = alteration.mayBeTaken
      altered.source = alteration.source
      altered.isRewritten = alteration.isRewritten
      altered.rule = way.rule
      try way.settle()
      let possible = try match.possible.intersection(way.here)
      note(.leads(altered), match, possible, way.rule)
      try way.outcome.add(possible, altered)
      way.here = try way.here.subtracting(match.sure)
    }
    return false
  }

  /// Whether what translates here does so with sources.
  private var isOfSources: Bool { base.hook == .postrouting || base.hook == .input }

  /// Bytes of a header are written: behind that nobody knows what they are, where rules look at them.
  private mutating func rewrite(
    _ header: PayloadBase, _ bytes: Range<Int>, _ registers: inout Registers, _ condition: inout Condition,
    _ way: inout Way
  ) throws(NotProven) {
    var altered = alteration
    var isUnknown = false
    switch header {
    case .link: break
    case .network:
      let width = domain.family.byteCount
      let sources = domain.family == .ipv4 ? 12..<16 : 8..<24
      let destinations = sources.upperBound..<sources.upperBound + width
      let ipProtocol = domain.family == .ipv4 ? 9 : 6
      if bytes.overlaps(sources) { altered.source = .unknown }
      if bytes.overlaps(destinations) { altered.destination = .unknown }
      isUnknown = bytes.contains(ipProtocol)
    case .transport:
      switch domain.ipProtocol {
      case .tcp, .udp, .sctp: if bytes.overlaps(2..<4) { altered.port = .unknown }
      default: if bytes.contains(0) { altered.port = .unknown }
      }
      // The flags of TCP.
      isUnknown = domain.ipProtocol == .tcp && bytes.overlaps(12..<14)
    case .inner: isUnknown = true
    }
    if altered == alteration, !isUnknown { return }
    let match = try condition.match(in: domain)
    if altered != alteration {
      altered.isTranslated = nil
      altered.isRewritten = true
      altered.rule = way.rule
      try way.settle()
      try way.outcome.add(match.possible.intersection(way.here), altered)
    }
    try concludeUnknown(match, &way)
    registers.forget()
    condition.doubt()
  }

  private func untrack(_ match: Match, _ way: inout Way) throws(NotProven) {
    try way.settle()
    let possible = try match.possible.intersection(way.here)
    // Of what comes by a jump it is not known here whether it surely comes.
    var sure = domain.empty
    if open.count == 1 {
      sure = try match.sure.intersection(way.here).subtracting(way.outcome.accepted)
        .subtracting(way.outcome.dropped).subtracting(way.outcome.returned)
    }
    way.outcome.untracked.possible = try way.outcome.untracked.possible.union(possible)
    way.outcome.untracked.sure = try way.outcome.untracked.sure.union(sure)
  }

  private mutating func note(
    _ effect: Decision.Effect, _ match: Match, _ possible: ConnectionSpace, _ rule: RulePlace?
  ) {
    guard isTraced, let rule, !possible.isEmpty else { return }
    decisions.append(Decision(rule: rule, effect: effect, isSure: match.sure == match.possible))
  }

  /// Parts of a rule's matches end in verdicts, all at once.
  ///
  /// - Parameter noting: what the rule does beside its verdict.
  private mutating func conclude(
    _ cases: [(Verdict, Match)], _ way: inout Way, noting effect: Decision.Effect? = nil
  ) throws(NotProven) {
    if !isTraced, cases.count == 1, cases[0].0 == .accept || cases[0].0 == .drop {
      try way.end(cases[0].1, isAccepted: cases[0].0 == .accept)
      return
    }
    try way.settle()
    var leaving: [ConnectionSpace] = []
    var back: [ConnectionSpace] = []
    for (verdict, match) in cases {
      let possible = try match.possible.intersection(way.here)
      if possible.isEmpty { continue }
      leaving.append(match.sure)
      if [.accept, .drop].contains(verdict) || verdict.isQueue {
        note(effect ?? .verdict(verdict), match, possible, way.rule)
      }
      switch verdict {
      case .accept: way.outcome.accepted = try way.outcome.accepted.union(possible)
      case .drop: way.outcome.dropped = try way.outcome.dropped.union(possible)
      case .queue:
        // What the queue's program decides is not known.
        way.outcome.accepted = try way.outcome.accepted.union(possible)
        way.outcome.dropped = try way.outcome.dropped.union(possible)
      case .continue: back.append(possible)
      case .return: way.outcome.returned = try way.outcome.returned.union(possible)
      case .jump(let chain), .goto(let chain):
        let inner = try outcome(of: chain)
        way.outcome.accepted = try way.outcome.accepted.union(possible.intersection(inner.accepted))
        way.outcome.dropped = try way.outcome.dropped.union(possible.intersection(inner.dropped))
        for (altered, some) in inner.translated {
          try way.outcome.add(possible.intersection(some), altered)
        }
        way.outcome.untracked.possible = try way.outcome.untracked.possible.union(
          possible.intersection(inner.untracked.possible))
        for (rule, taken) in inner.taken {
          try way.outcome.hand(possible.intersection(taken), by: rule)
        }
        let returned = try possible.intersection(inner.returned)
        if case .jump = verdict {
          back.append(returned)
        } else {
          way.outcome.returned = try way.outcome.returned.union(returned)
        }
      }
    }
    way.here = try way.here.subtracting(domain.empty.union(leaving)).union(back)
  }

  /// Anything may become of what matches.
  private mutating func concludeUnknown(_ match: Match, _ way: inout Way) throws(NotProven) {
    try way.settle()
    let possible = try match.possible.intersection(way.here)
    note(.verdict(.continue), Match(sure: domain.empty, possible: possible), possible, way.rule)
    way.outcome.accepted = try way.outcome.accepted.union(possible)
    way.outcome.dropped = try way.outcome.dropped.union(possible)
    way.outcome.returned = try way.outcome.returned.union(possible)
  }
}

extension Expression {
  fileprivate var translates: Bool {
    if case .translates? = meaning { true } else { false }
  }
}

extension Verdict {
  fileprivate var isQueue: Bool { if case .queue = self { true } else { false } }
}
