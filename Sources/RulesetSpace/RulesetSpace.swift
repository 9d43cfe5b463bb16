public import Addressing
public import ConnectionSpace
public import Nftables

/// Which connections some tables let pass.
///
/// Verdicts of tables and base chains combine by AND: what one drops is dropped.
public struct RulesetSpace: Sendable {
  /// Surely passes, whatever the packet is beside its connection.
  public let lower: ConnectionSpace
  /// May pass: nothing else does.
  public let upper: ConnectionSpace

  /// Whether nothing is left open.
  public var isExact: Bool { lower == upper }

  /// - Parameters:
  ///   - tables: all of the host; those of families that do not filter IP packets at its hooks are skipped.
  ///   - passage: ingress reads the hooks `prerouting` and `input`, egress `output` and `postrouting`,
  ///     forward `prerouting`, `forward` and `postrouting`; ``Passage/whole`` is a programming error.
  /// - Throws: ``NotProven`` when the universe's budget is spent.
  public init(
    _ tables: [Table], _ passage: Passage, _ circumstances: Circumstances = Circumstances(),
    in universe: Universe
  ) throws(NotProven) {
    let chains = BaseChains(tables, passage)
    var lower = universe.empty
    var upper = universe.empty
    for family in AddressFamily.allCases {
      for (protocols, types, state) in Self.classes(circumstances.state, family) {
        var here = circumstances
        here.state = state
        var waiting = [protocols]
        while let next = waiting.popLast() {
          let domain = try Domain(universe, passage, family, next, types: types)
          let (result, splits) = try chains.run(domain, here)
          if splits.isEmpty || next.count == 1 {
            lower = try lower.union(result.sure.copied(to: next))
            upper = try upper.union(result.possible.copied(to: next))
          } else {
            // Some protocols of the class are asked for by number: each is looked at for itself.
            waiting += splits.sorted().map { [$0] }
            let rest = next.filter { !splits.contains($0) }
            if !rest.isEmpty { waiting.append(rest) }
          }
        }
      }
    }
    self.lower = lower
    self.upper = upper
  }

  /// Whether everything that belongs to a connection, or is an error about one, surely passes: without that,
  /// what new connections may do says little. ICMP redirects, which are errors too, need not pass, and neither must
  /// what else is related, which are the connections that helpers expect.
  ///
  /// - Throws: ``NotProven`` when the universe's budget is spent.
  public static func letsRepliesPass(
    _ tables: [Table], _ passage: Passage, _ circumstances: Circumstances = Circumstances(),
    in universe: Universe
  ) throws(NotProven) -> Bool {
    let everything = try RulesetSpace([], passage, in: universe).lower
    let noRedirects = IntervalSet([redirect...redirect]).complement
    let errors = try universe.space(of: [
      Rectangle(passage, .icmp, from: .all, to: .all, .types(noRedirects)),
      Rectangle(passage, .icmpv6, from: .all, to: .all, .types(.all)),
    ])
    for state in [ConntrackState.established, .related] {
      var circumstances = circumstances
      circumstances.state = state
      let wanted = state == .related ? try everything.intersection(errors) : everything
      let passing = try RulesetSpace(tables, passage, circumstances, in: universe).lower
      if try !wanted.isSubset(of: passing) { return false }
    }
    return true
  }

  /// Messages that connection tracking leaves alone (`noct_valid_new`, nf_conntrack_proto_icmpv6.c): multicast
  /// listener and neighbour discovery.
  public static let untracked: IntervalSet<UInt8> = IntervalSet([130...136, 143...143])

  private static func classes(_ state: ConntrackState, _ family: AddressFamily) -> [(
    [IPProtocol], IntervalSet<UInt8>?, ConntrackState
  )] {
    var classes: [([IPProtocol], IntervalSet<UInt8>?, ConntrackState)] = [
      ([.tcp], nil, state), ([.udp], nil, state), ([.sctp], nil, state), ([.icmp], nil, state),
    ]
    if family == .ipv6, state == .new {
      classes.append(([.icmpv6], untracked, .untracked))
      classes.append(([.icmpv6], untracked.complement, state))
    } else {
      classes.append(([.icmpv6], nil, state))
    }
    let single = classes.flatMap(\.0)
    let others = (UInt8.min...UInt8.max).map { IPProtocol(rawValue: $0) }.filter { !single.contains($0) }
    classes.append((others, nil, state))
    return classes
  }
}

extension ConnectionSpace {
  /// What holds for one protocol, for several like it.
  fileprivate func copied(to protocols: [IPProtocol]) -> ConnectionSpace {
    copied { section in protocols.map { Section(section.passage, section.family, $0) } }
  }
}

/// The base chains that a packet meets.
private struct BaseChains {
  private let chains: [(table: Table, name: ChainName, base: BaseChain)]
  /// Whether addresses may be translated before the chains that filter.
  private let isTranslated: Bool
  /// Whether some table has chains of which nothing is known.
  private let hasUnknown: Bool

  init(_ tables: [Table], _ passage: Passage) {
    precondition(passage != .whole, "a ruleset judges one passage")
    let hooks: [Hook] =
      switch passage {
      case .ingress: [.prerouting, .input]
      case .egress: [.output, .postrouting]
      case .forward, .whole: [.prerouting, .forward, .postrouting]
      }
    var chains: [(Table, ChainName, BaseChain)] = []
    for table in tables where [.inet, .ipv4, .ipv6].contains(table.family) && table.flags & dormant == 0 {
      for chain in table.chains {
        if let base = chain.base, hooks.contains(base.hook) { chains.append((table, chain.name, base)) }
      }
    }
    self.chains = chains
    hasUnknown = tables.contains { table in
      table.others.contains { $0.kind.contains("chain") && $0.kind != "anonymous chain" }
        || passage != .egress && table.flags & dormant == 0
          && table.chains.contains { $0.base?.hook == .ingress }
        || [.netdev, .bridge].contains(table.family) && table.flags & dormant == 0
          && table.chains.contains { $0.base != nil }
    }
    isTranslated = chains.contains { table, name, base in
      base.type == "nat" && base.hook == hooks[0] && table.chain(name)?.rules.isEmpty == false
    }
  }

  /// What every chain lets pass.
  func run(_ domain: Domain, _ circumstances: Circumstances) throws(NotProven) -> (Match, Set<IPProtocol>) {
    // A chain that is not modelled, or called for one device, may drop.
    var passing = hasUnknown ? Match(sure: domain.empty, possible: domain.all) : domain.always
    var splits: Set<IPProtocol> = []
    for (table, name, base) in chains where table.family == .inet || table.family == domain.family.table {
      var run = ChainRun(domain, table, base, circumstances, isTranslated: isTranslated)
      let outcome = try run.outcome(of: name)
      splits.formUnion(run.splits)
      var (accepted, dropped) = (outcome.accepted, outcome.dropped)
      if base.policy == .drop {
        dropped = try dropped.union(outcome.returned)
      } else {
        accepted = try accepted.union(outcome.returned)
      }
      passing = try passing.intersection(
        Match(sure: domain.all.subtracting(dropped), possible: accepted))
    }
    return (passing, splits)
  }
}

/// ICMP redirect (RFC 792).
private let redirect: UInt8 = 5

/// NFT_TABLE_F_DORMANT: the table's base chains are not called.
private let dormant: UInt32 = 1

extension AddressFamily {
  /// The family of tables that see nothing else.
  fileprivate var table: Family { self == .ipv4 ? .ipv4 : .ipv6 }
}
