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

  /// What rules lead elsewhere, in the order in which they stand.
  public let translations: [TranslatedConnections]
  /// Rules that translate sources: what is allowed does not change by it, but who is seen behind them does.
  public let masquerades: [RulePlace]
  /// Chains that were too intricate to be exact about, such as `ip filter FORWARD`: anything may become of what they
  /// are asked about.
  public let givenUp: [String]
  /// What beside the rules stops some of it, or may.
  package let obstacles: Set<KernelFacts.Obstacle>

  /// - Parameters:
  ///   - tables: all of the host; those of families that do not filter IP packets at its hooks are skipped.
  ///   - others: tables beside them that are judged elsewhere: what they translate is followed, what they drop is not.
  ///   - passage: ingress is what asks for an address of the host, forward what asks for another one that it leads
  ///     to, egress what the host itself asks for; all by the destination that the client names. Where a rule leads
  ///     elsewhere, the hooks on that way are read. ``ConnectionSpace/Passage/whole`` is a programming error.
  ///   - circumstances: what rules may ask for beside the connection.
  ///   - universe: in which the spaces are made.
  ///   - givesUp: whether a chain that takes too much is given up for itself.
  /// - Throws: ``ConnectionSpace/NotProven`` when the universe's budget is spent.
  public init(
    _ tables: [Table], beside others: [Table] = [], _ passage: Passage,
    _ circumstances: Circumstances = Circumstances(), in universe: Universe, givesUp: Bool = false
  ) throws(NotProven) {
    try self.init(
      BaseChains(tables, beside: others), passage, circumstances, of: nil, in: universe, givesUp: givesUp)
  }

  /// - Parameter only: the protocol that is looked at; `nil`: all.
  init(
    _ chains: BaseChains, _ passage: Passage, _ circumstances: Circumstances, of only: IPProtocol?,
    in universe: Universe, givesUp: Bool
  ) throws(NotProven) {
    precondition(passage != .whole, "a ruleset judges one passage")
    var lower = universe.empty
    var upper = universe.empty
    var translations = TranslationList()
    var masquerades: Set<RulePlace> = []
    var givenUp: Set<String> = []
    var obstacles: Set<KernelFacts.Obstacle> = []
    for family in AddressFamily.allCases {
      for (protocols, types, state) in Self.classes(circumstances.state, family)
      where only.map({ protocols == [$0] }) ?? true {
        var here = circumstances
        here.state = state
        var waiting = [protocols]
        while let next = waiting.popLast() {
          let domain = try Domain(universe, passage, family, next, types: types)
          let result = try HookWalk(chains, domain, here, givesUp: givesUp).result(passage)
          if result.splits.isEmpty || next.count == 1 {
            lower = try lower.union(result.passing.sure.copied(to: next))
            upper = try upper.union(result.passing.possible.copied(to: next))
            for translated in result.translated {
              try translations.add(translated, result.passing, next, family)
            }
            masquerades.formUnion(result.masquerades)
            givenUp.formUnion(result.givenUp)
            obstacles.formUnion(result.obstacles)
          } else {
            // Some protocols of the class are asked for by number: each is looked at for itself.
            waiting += result.splits.sorted().map { [$0] }
            let rest = next.filter { !result.splits.contains($0) }
            if !rest.isEmpty { waiting.append(rest) }
          }
        }
      }
    }
    self.translations = translations.sorted()
    self.masquerades = masquerades.sorted()
    self.givenUp = givenUp.sorted()
    self.obstacles = obstacles
    self.lower = lower
    self.upper = upper
  }

  /// Addresses that one host may have: all but 224.0.0.0/4 and 255.255.255.255, and ff00::/8.
  public static let unicast = AddressSet(
    ipv4: IntervalSet([0...0xdfff_ffff, 0xf000_0000...0xffff_fffe]),
    ipv6: IntervalSet([0...(0xff00 << 112 - 1)]))

  /// Messages that connection tracking leaves alone (`noct_valid_new`, nf_conntrack_proto_icmpv6.c): multicast
  /// listener and neighbour discovery.
  public static let untracked: IntervalSet<UInt8> = IntervalSet([130...136, 143...143])

  /// Requests, which alone begin something (`valid_new`, nf_conntrack_proto_icmp.c, nf_conntrack_proto_icmpv6.c);
  /// what else comes unasked for is invalid.
  private static let requests: (icmp: IntervalSet<UInt8>, icmpv6: IntervalSet<UInt8>) = (
    IntervalSet([8...8, 13...13, 15...15, 17...17]), IntervalSet([128...128, 139...139])
  )

  static func classes(_ state: ConntrackState, _ family: AddressFamily) -> [(
    [IPProtocol], IntervalSet<UInt8>?, ConntrackState
  )] {
    var classes: [([IPProtocol], IntervalSet<UInt8>?, ConntrackState)] = [
      ([.tcp], nil, state), ([.udp], nil, state), ([.sctp], nil, state),
    ]
    // Messages of one family come in packets of the other as any protocol does.
    if family == .ipv4, state == .new {
      classes.append(([.icmp], requests.icmp, state))
      classes.append(([.icmp], requests.icmp.complement, .invalid))
    } else {
      classes.append(([.icmp], nil, state))
    }
    if family == .ipv6, state == .new {
      classes.append(([.icmpv6], untracked, .untracked))
      classes.append(([.icmpv6], requests.icmpv6, state))
      classes.append(([.icmpv6], untracked.union(requests.icmpv6).complement, .invalid))
    } else {
      classes.append(([.icmpv6], nil, state))
    }
    let single: Set<IPProtocol> = [.tcp, .udp, .sctp, .icmp, .icmpv6]
    let others = (UInt8.min...UInt8.max).map { IPProtocol(rawValue: $0) }.filter { !single.contains($0) }
    classes.append((others, nil, state))
    return classes
  }
}

extension ConnectionSpace {
  /// What holds for one protocol, for several like it.
  func copied(to protocols: [IPProtocol]) -> ConnectionSpace {
    copied { section in protocols.map { Section(section.passage, section.family, $0) } }
  }
}
