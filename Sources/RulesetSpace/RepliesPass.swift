internal import Addressing
public import ConnectionSpace
public import Nftables

/// Whether everything that belongs to a connection, or is an error about one, passes: without that, what new connections may
/// do says little.
public enum RepliesPass: Hashable, Sendable {
  case all
  /// It depends on more than is looked at.
  case perhaps
  case notAll

  /// What is looked at comes from addresses that answer, and to such; a TCP packet has flags that a reply has. ICMP redirects,
  /// which are errors too, need not pass, and neither must what else is related, which are the connections that helpers
  /// expect.
  ///
  /// - Throws: ``ConnectionSpace/NotProven`` when the universe's budget is spent.
  public init(
    _ tables: [Table], _ passage: Passage, _ circumstances: Circumstances = Circumstances(),
    in universe: Universe, givesUp: Bool = false
  ) throws(NotProven) {
    let chains = BaseChains(tables, beside: [])
    let ends = try universe.space(
      of: (UInt8.min...UInt8.max).map {
        Rectangle(
          passage, IPProtocol(rawValue: $0), from: Self.answering, to: Self.answering, .any)
      })
    let everything = try RulesetSpace([], passage, in: universe).lower.intersection(ends)
    let noRedirects = IntervalSet([redirect...redirect]).complement
    let errors = try universe.space(of: [
      Rectangle(passage, .icmp, from: .all, to: .all, .types(noRedirects)),
      Rectangle(passage, .icmpv6, from: .all, to: .all, .types(.all)),
    ])
    var answer = Self.all
    for state in [ConntrackState.established, .related] {
      var circumstances = circumstances
      circumstances.state = state
      let wanted = state == .related ? try everything.intersection(errors) : everything
      let space = try RulesetSpace(
        chains, passage, circumstances, of: nil, in: universe, givesUp: givesUp)
      var (lower, upper) = (space.lower, space.upper)
      if state == .established, try !wanted.isSubset(of: lower), tables.contains(where: \.asksForFlags) {
        // Each reply has some flags, and not all that there are.
        (lower, upper) = try Self.withFlags(
          chains, passage, circumstances, in: universe, givesUp, lower, upper)
      }
      if try wanted.isSubset(of: lower) { continue }
      if try !wanted.isSubset(of: upper) {
        answer = .notAll
      } else if answer == .all {
        answer = .perhaps
      }
    }
    self = answer
  }

  /// What passes of TCP whatever flags a reply has, and of other protocols as before.
  private static func withFlags(
    _ chains: BaseChains, _ passage: Passage, _ circumstances: Circumstances, in universe: Universe,
    _ givesUp: Bool, _ lower: ConnectionSpace, _ upper: ConnectionSpace
  ) throws(NotProven) -> (ConnectionSpace, ConnectionSpace) {
    let allOfTCP = try universe.space(of: [Rectangle(passage, .tcp, from: .all, to: .all, .any)])
    var (surely, perhaps) = (allOfTCP, allOfTCP)
    for flags in replyFlags {
      var circumstances = circumstances
      circumstances.flags = flags
      let space = try RulesetSpace(
        chains, passage, circumstances, of: .tcp, in: universe, givesUp: givesUp)
      surely = try surely.intersection(space.lower)
      perhaps = try perhaps.intersection(space.upper)
    }
    return (
      try lower.subtracting(allOfTCP).union(surely), try upper.subtracting(allOfTCP).union(perhaps)
    )
  }

  /// Addresses that something answers from: not those of the loopback, of "this network" and of class E (RFC 6890), of groups,
  /// and those of IPv4 in IPv6.
  private static let answering = AddressSet(
    ipv4: IntervalSet([0x0100_0000...0x7eff_ffff, 0x8000_0000...0xdfff_ffff]),
    ipv6: IntervalSet([2...(0xff00 << 112 - 1)]).subtracting(IntervalSet([0xffff << 32...0xffff_ffff_ffff])))

  /// Flags of packets behind the first (RFC 9293): SYN and ACK, ACK, FIN or RST with and without PSH; URG beside ACK.
  private static let replyFlags: [TCPFlags] = [
    [.syn, .ack], [.ack], [.ack, .psh], [.ack, .fin], [.ack, .fin, .psh], [.rst], [.rst, .ack],
    [.ack, .urg], [.ack, .psh, .urg], [.ack, .fin, .urg], [.ack, .fin, .psh, .urg],
  ]
}

extension Table {
  /// Whether any rule looks at the flags of TCP.
  fileprivate var asksForFlags: Bool {
    chains.contains { chain in
      chain.rules.contains { $0.expressions.contains(where: \.asksForFlags) }
    }
  }
}

extension Expression {
  fileprivate var asksForFlags: Bool {
    switch self {
    case .payload(.transport, let offset, let length, _): offset <= 13 && offset + length > 13
    case .matchExtension(let match): match.ways.contains { $0.contains(where: \.asksForFlags) }
    default: false
    }
  }
}

/// ICMP redirect (RFC 792).
private let redirect: UInt8 = 5
