internal import Addressing
internal import ConnectionSpace
internal import Nftables
internal import Policy
internal import RulesetShape
internal import RulesetSpace

/// A flow's rules in one chain of a compiled table.
package struct FlowRules: Hashable, Sendable {
  package let flow: String
  /// Such as `in.postgres`.
  package let chain: String

  package init(flow: String, chain: String) {
    self.flow = flow
    self.chain = chain
  }

  /// The service, which the chain is named after.
  var service: String? { meaning?.service }

  /// Where the chain is called.
  var passage: Passage {
    switch meaning?.side {
    case .input: .ingress
    case .output: .egress
    case .forward, nil: .forward
    }
  }

  private var meaning: ChainMeaning? { ChainMeaning(ChainName(checked: chain)) }
}

extension Table {
  /// The table without what other flows' rules accept; `nil`: any flow's.
  func keepingFlow(_ kept: FlowRules?) -> Table {
    let chains = chains.map { chain in
      Chain(
        name: chain.name, base: chain.base, comment: chain.comment,
        rules: chain.rules.filter { rule in
          rule.acceptedFlow.map { FlowRules(flow: $0, chain: chain.name.text) == kept } ?? true
        })
    }
    return Table(
      family: family, name: name, flags: flags, comment: comment, chains: chains, sets: sets, others: others)
  }

  /// When flows end, by the kernel's clock.
  var ends: [String: Timestamp] {
    var result: [String: Timestamp] = [:]
    for rule in chains.flatMap(\.rules) {
      guard let flow = rule.acceptedFlow, let end = rule.end else { continue }
      let moment = Timestamp(seconds: end)
      result[flow] = max(moment, result[flow] ?? moment)
    }
    return result
  }
}

/// What rules of compiled tables accept, flow by flow, so that a line about what closes can name the flow that no
/// inventory has any more.
struct RuleClaims {
  /// More than this many looks at rulesets take longer than a name is worth: the lines are then without.
  private static let limit = 2000

  let claims: [Claim]

  /// - Parameter members: hosts with the tables that the claims are read from.
  /// - Throws: ``NotProven`` when the universe's budget is spent.
  init(_ members: [FleetSpace.Member], at now: Timestamp, in universe: Universe) throws(NotProven) {
    var reader = Reader(universe, at: now)
    var spaces: [FlowRules: ConnectionSpace] = [:]
    var looks = 0
    for (tables, hosts) in members.byTables {
      var owners: [FlowRules: [Address]] = [:]
      for host in hosts {
        for flow in host.flows { owners[flow, default: []] += host.addresses + host.carried + host.stray }
      }
      looks += owners.count
      guard looks <= Self.limit else {
        claims = []
        return
      }
      reader.rests = [:]
      for (flow, addresses) in owners {
        let space = try reader.space(of: flow, in: tables, at: AddressSet(addresses))
        spaces[flow] = try (spaces[flow] ?? universe.empty).union(space)
      }
    }
    claims = spaces.sorted { ($0.key.flow, $0.key.chain) < ($1.key.flow, $1.key.chain) }.map { rules, space in
      Claim(flow: rules.flow, location: nil, service: rules.service, connections: .space(space))
    }
  }

  /// Reads what one flow's rules accept.
  private struct Reader {
    let universe: Universe
    let circumstances: Circumstances
    /// What the tables that are read accept without any flow, such as neighbour discovery.
    var rests: [Passage: ConnectionSpace] = [:]

    init(_ universe: Universe, at now: Timestamp) {
      self.universe = universe
      circumstances = Circumstances(ownAddresses: AddressSet(), atSecond: now.seconds)
    }

    mutating func space(of flow: FlowRules, in tables: [Table], at own: AddressSet) throws(NotProven)
      -> ConnectionSpace
    {
      let passage = flow.passage
      if rests[passage] == nil { rests[passage] = try accepted(tables, passage, keeping: nil) }
      let all = try accepted(tables, passage, keeping: flow).subtracting(rests[passage] ?? universe.empty)
      let here =
        switch passage {
        case .ingress: try all.restricted(to: own)
        case .egress: try all.restricted(from: own)
        case .forward, .whole: all
        }
      return here.moved(from: passage, to: .whole)
    }

    private func accepted(_ tables: [Table], _ passage: Passage, keeping flow: FlowRules?) throws(NotProven)
      -> ConnectionSpace
    {
      let kept = tables.map { $0.enforcing.keepingFlow(flow) }
      var circumstances = circumstances
      circumstances.apartFrom = kept.bridgeNames
      return try RulesetSpace(kept, passage, circumstances, in: universe).upper
    }
  }
}
