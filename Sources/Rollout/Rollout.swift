internal import Addressing
package import Nftables
package import Policy
internal import RulesetCompiler

/// A policy with the tables that it gives to hosts.
package struct CompiledFleet: Sendable {
  package let policy: Policy
  package let policies: HostPolicies
  /// One for each of the distinct host policies.
  package let tables: [Table]

  package init(_ policy: Policy, _ policies: HostPolicies, tables: [Table]) {
    self.policy = policy
    self.policies = policies
    self.tables = tables
  }

  package init(compiling policy: Policy) {
    let policies = HostPolicies(policy)
    let compiler = RulesetCompiler(policy, policies)
    self.init(policy, policies, tables: policies.distinct.map(compiler.compile))
  }
}

/// What of many hosts may change at once, in an order that spares packets which nobody answers yet.
package struct RolloutStep: Sendable {
  /// What a host is in what opens or closes.
  package enum Part: String, Hashable, Sendable {
    case receiver, gateway
    /// What it sends and what it receives changes.
    case both
    case sender
    /// Its rules are others and allow the same.
    case other
  }

  /// What a host is brought to.
  package struct Change: Sendable {
    package let host: String
    package let part: Part
    /// What the host is to have behind the step.
    package let wanted: Table
  }

  /// Whether any host allows more behind it, or less.
  package let opens: Bool
  package let closes: Bool
  /// In the order in which they begin. Nothing depends on it but how many packets are denied meanwhile.
  package let changes: [Change]
}

/// The steps from one policy to another: what opens, opens on all hosts before anything closes on any.
///
/// In whichever order hosts change within a step, at every instant nothing passes from end to end that neither policy allows, and
/// all passes that both do: while hosts open, all that the old one allows, and while they close, all that the new one
/// does. So who moves from one place to another finds one of them open at any time.
package struct Rollout: Sendable {
  /// One where hosts only open, or only close; none where no table differs.
  package let steps: [RolloutStep]
  /// Hosts that only the old policy has, sorted: their rules stay.
  package let leftAlone: [String]

  /// - Parameter now: the moment at which flows with an end are judged.
  /// - Throws: ``NoSteps`` where a host can allow no such thing in between, or something would pass that neither allows.
  package init(from old: CompiledFleet, to new: CompiledFleet, at now: Timestamp) throws(NoSteps) {
    let union = try FleetUnion(old, new, at: now)
    try Strays.refuse(old, new, union, at: now)
    (steps, leftAlone) = (union.steps, union.leftAlone)
  }
}

/// What all hosts allow in between, by host policies: what two hosts had and get is one thing where it is equal.
struct FleetUnion {
  /// Hosts with one policy before and one behind; `old` is `nil` of hosts that only the new policy has.
  struct Pair: Hashable {
    let old: Int?
    let new: Int
  }

  /// The hosts whose tables differ, by their numbers in the new policy.
  private(set) var pairs: [Pair: [HostID]] = [:]
  /// What changes on them; nothing of hosts that only the new policy has.
  private(set) var unions: [Pair: HostUnion] = [:]
  /// What both policies are made of.
  private(set) var terms = UnitedTerms()
  let steps: [RolloutStep]
  let leftAlone: [String]

  init(_ old: CompiledFleet, _ new: CompiledFleet, at now: Timestamp) throws(NoSteps) {
    try Self.refuseHandovers(old.policy, new.policy)
    leftAlone = old.policy.hosts.map(\.name).filter { new.policy.host(named: $0) == nil }
    var same: [Pair: Bool] = [:]
    for (number, host) in new.policy.hosts.enumerated() {
      let pair = Pair(
        old: old.policy.host(named: host.name).map { old.policies.assignment[$0.index] },
        new: new.policies.assignment[number])
      let isSame = same[pair] ?? pair.old.map { old.tables[$0].isSame(as: new.tables[pair.new]) } ?? false
      same[pair] = isSame
      if !isSame { pairs[pair, default: []].append(HostID(number)) }
    }

    var reasons: [String] = []
    let shares = (
      old: Self.shares(old, of: Set(pairs.keys.compactMap(\.old)), .old, &terms),
      new: Self.shares(new, of: Set(pairs.keys.map(\.new)), .new, &terms)
    )
    for pair in pairs.keys.sorted() {
      guard let number = pair.old, let before = shares.old[number], let after = shares.new[pair.new] else {
        continue
      }
      do throws(HostUnion.Unforeseen) {
        unions[pair] = try HostUnion(before, after, &terms, at: now)
      } catch {
        let names = (pairs[pair] ?? []).map { new.policy[$0].name }
        reasons.append(error.reason(names[0], others: names.count - 1))
      }
    }
    if !reasons.isEmpty { throw NoSteps(reasons: reasons) }

    let mixed = unions.filter { !$1.opening.isEmpty && !$1.closing.isEmpty }
    for union in mixed.values { for allowance in union.policy.allowances { terms.use(allowance) } }
    let united = terms.policy
    let compiler = RulesetCompiler(
      united, HostPolicies(peers: united.peers, distinct: mixed.map(\.value.policy), assignment: []),
      tripwiresOf: new.policy)

    var first: [RolloutStep.Change] = []
    var last: [RolloutStep.Change] = []
    var others: [RolloutStep.Change] = []
    for pair in pairs.keys.sorted() {
      let names = (pairs[pair] ?? []).map { new.policy[$0].name }
      let wanted = new.tables[pair.new]
      func add(_ part: RolloutStep.Part, _ table: Table, to step: inout [RolloutStep.Change]) {
        step += names.map { RolloutStep.Change(host: $0, part: part, wanted: table) }
      }
      guard let union = unions[pair] else {
        // It has no rules, and its first ones let pass all that it allows behind the steps.
        add(.receiver, wanted, to: &others)
        continue
      }
      let (opening, closing) = (RolloutStep.Part(union.opening), RolloutStep.Part(union.closing))
      switch (union.opening.isEmpty, union.closing.isEmpty) {
      case (true, true): add(.other, wanted, to: &others)
      case (false, true): add(opening, wanted, to: &first)
      case (true, false): add(closing, wanted, to: &last)
      case (false, false):
        let between = compiler.compile(union.policy)
        if pair.old.map({ !old.tables[$0].isSame(as: between) }) ?? true { add(opening, between, to: &first) }
        if !between.isSame(as: wanted) { add(closing, wanted, to: &last) }
      }
    }
    let (opens, closes) = (!first.isEmpty, !last.isEmpty)
    if closes { last += others } else { first += others }
    steps = [
      RolloutStep(opens: opens, closes: false, changes: first.sorted { $0.opensBefore($1) }),
      RolloutStep(
        opens: false, closes: closes,
        changes: last.sorted { $1.part == $0.part ? $0.host < $1.host : $1.opensBefore($0) }),
    ].filter { !$0.changes.isEmpty }
  }

  /// Host policies in the numbers of what both policies are made of, a service an allowance.
  private static func shares(
    _ fleet: CompiledFleet, of wanted: Set<Int>, _ origin: UnitedTerms.Origin, _ terms: inout UnitedTerms
  ) -> [Int: HostPolicy] {
    var ends: [PeersID: PeersID] = [:]
    var flows: [FlowID: [FlowID]] = [:]
    func end(_ id: PeersID) -> PeersID {
      if let known = ends[id] { return known }
      let end = terms.end(fleet.policies.peers[id.index], origin)
      ends[id] = end
      return end
    }
    // All services, in their order: the old policy's are told from the new one's by who came last.
    for service in fleet.policy.services { _ = terms.service(service) }
    func parts(_ id: FlowID) -> [FlowID] {
      if let known = flows[id] { return known }
      let flow = fleet.policy[id]
      let parts = flow.services.map { terms.flow(flow, terms.service(fleet.policy[$0])) }
      flows[id] = parts
      return parts
    }
    var shares: [Int: HostPolicy] = [:]
    for number in wanted.sorted() {
      let share = fleet.policies.distinct[number]
      let allowances = share.allowances.flatMap { allowance -> [Allowance] in
        switch allowance {
        case .ingress(let flow, let from, let own):
          let (from, own) = (end(from), own.map { end($0) })
          return parts(flow).map { .ingress($0, from: from, at: own) }
        case .egress(let flow, let to, let own):
          let (to, own) = (end(to), own.map { end($0) })
          return parts(flow).map { .egress($0, to: to, as: own) }
        case .forward(let flow, let from, let to):
          let (from, to) = (end(from), end(to))
          return parts(flow).map { .forward($0, from: from, to: to) }
        }
      }
      shares[number] = HostPolicy(
        modes: share.modes, deny: share.deny, forward: share.forward, dhcp: share.dhcp,
        mayNameItself: share.mayNameItself, allowances: allowances, tripwires: share.tripwires,
        log: share.log)
    }
    return shares
  }

  /// While hosts change, nobody knows which of two has an address.
  private static func refuseHandovers(_ old: Policy, _ new: Policy) throws(NoSteps) {
    let owners = old.owners
    var reasons: [String] = []
    for host in new.hosts {
      for address in host.addresses {
        guard let before = owners[address], old[before].name != host.name else { continue }
        reasons.append(
          "\(address) is of \(old[before].name) in the old policy and of \(host.name) in the new one, and while "
            + "hosts change nobody knows which of them has it")
      }
    }
    if !reasons.isEmpty { throw NoSteps(reasons: reasons) }
  }
}

extension Table {
  /// Whether both are equal. Tables that differ mostly have other names, or more rules: that costs less than all of them.
  fileprivate func isSame(as other: Table) -> Bool {
    chains.count == other.chains.count && sets.count == other.sets.count
      && zip(sets, other.sets).allSatisfy { $0.name == $1.name }
      && zip(chains, other.chains).allSatisfy { $0.name == $1.name && $0.rules.count == $1.rules.count }
      && self == other
  }
}

extension FleetUnion.Pair: Comparable {
  static func < (a: Self, b: Self) -> Bool { (a.new, a.old ?? -1) < (b.new, b.old ?? -1) }
}

extension RolloutStep.Part {
  fileprivate init(_ directions: Set<Direction>) {
    if directions.contains(.forward) {
      self = .gateway
    } else {
      switch (directions.contains(.ingress), directions.contains(.egress)) {
      case (true, true): self = .both
      case (true, false): self = .receiver
      case (false, true): self = .sender
      case (false, false): self = .other
      }
    }
  }

  /// Whoever sends opens last: what he sends is awaited then.
  fileprivate var order: Int {
    switch self {
    case .receiver: 0
    case .gateway: 1
    case .both: 2
    case .sender: 3
    case .other: 4
    }
  }
}

extension RolloutStep.Change {
  fileprivate func opensBefore(_ other: Self) -> Bool {
    part == other.part ? host < other.host : part.order < other.part.order
  }
}
