internal import Addressing
internal import Nftables
internal import Policy
internal import RulesetShape

/// Types of ICMPv6 without which IPv6 does not work on a link (RFC 4861). Redirects are not among
/// them: whoever sends one diverts our traffic.
private let neighbourDiscovery: [UInt8] = [133, 134, 135, 136]

/// Multicast listener discovery (RFC 3810): without it a switch cuts the host off from multicast,
/// neighbour discovery included. It is sent with a hop limit of 1 (RFC 3810, 5): with any other, an
/// intruder could talk to hosts behind routers in messages of these types.
private let listenerDiscovery: [UInt8] = [130, 131, 132, 143]

/// ICMP redirect (RFC 792).
private let redirect: UInt8 = 5

/// What the chains of one side are on every host, so that it is made once for a whole fleet.
struct Skeleton: Sendable {
  let side: SidePolicy
  /// Refuse whom a tripwire has cut off.
  let cut: [Rule]
  private let loopback: [Rule]
  let established: Rule
  let unlessNew: Rule
  let disguised: Rule
  let ownAddress: Rule
  private let dhcp: [Rule]
  let beginning: Rule
  /// What the host says to its containers.
  private let toContainers: [Rule]
  /// What containers ask the host.
  private let namesForContainers: [Rule]
  /// Leads what NAT has changed to its own chain.
  let translated: Rule
  /// Denies.
  let end: Rule
  let lookups: Lookups
  /// Judges what neither belongs to a connection nor begins one.
  let notNew: Chain
  let deny: DenyChain
  let opened: OpenedRules

  init(_ side: SidePolicy) {
    self.side = side
    let isForward = side.direction == .forward
    cut = TripwireChain.refusals(side)
    loopback = side.interface.map { [Rule([.match($0, .loopback), .accept])] } ?? []
    // Comparisons, not one verdict map: a lookup costs more than both.
    established = Rule([.match(.ctState, .states(.established)), .accept])
    // One rule, so that a new connection does not pass one for each of the other states.
    unlessNew = Rule([.match(.ctState, .notEqual, .state(.new)), .jump(side.notNewChain)])
    disguised = Rule(
      [.match(.ip6Saddr, .prefixes(Prefix.ipv4InIPv6)), .counter, .goto(side.denyChain)],
      note: .disguisedSource)
    ownAddress = Rule(
      [.match(.fibSaddrType, .local), .counter, .goto(side.denyChain)], note: .ownAddress)
    dhcp = isForward ? [] : dynamicConfiguration(side)
    // A bare ACK or RST is a new connection to conntrack. Without this it would pass by its port, and a
    // connection that was cut would be picked up again from either end.
    beginning = Rule(
      [
        .match(.tcpFlags([.fin, .syn, .rst, .ack]), .notEqual, .tcpFlags(.syn)), .counter,
        .goto(side.denyChain),
      ], note: .notBeginning)
    toContainers =
      side.hasContainers && side.direction == .egress
      ? [Rule([ContainerChains.isFromContainers(.oifname), .accept], note: .toContainers)] : []
    // By the port that was asked for: a resolver may listen at another one. A rule a protocol, because nft 1.0.6 lists a
    // port of conntrack only behind one.
    let asking: [IPProtocol] = side.hasContainers && side.direction == .ingress ? [.tcp, .udp] : []
    namesForContainers = asking.map { ipProtocol in
      Rule(
        [
          ContainerChains.isFromContainers(.iifname), .match(.l4Proto, .ipProtocol(ipProtocol)),
          .match(.ctOriginalDport, .port(53)), .counter, .accept,
        ], note: .namesForContainers)
    }
    translated = Rule(
      [.match(.ctStatus, .status(.dnat)), .goto(side.translatedChain)], note: .translated)
    end = Rule([.goto(side.denyChain)])
    lookups = Lookups(side)
    notNew = notNewChain(side)
    deny = DenyChain(side)
    opened = OpenedRules(side)
  }

  /// Every rule that a chain may have of it.
  var rules: [Rule] {
    cut + loopback + toContainers + [established, unlessNew, disguised, ownAddress] + dhcp
      + [beginning] + namesForContainers + [translated, end]
      + [QuarantineChain.jump] + opened.rules + lookups.rules + chains.flatMap(\.rules)
      + deny.records.chain.rules
  }

  /// The chains that hang on no packet's service, but for the one that records.
  var chains: [Chain] { [notNew, deny.chain] }

  /// The base chain, in the order in which its rules must stand.
  ///
  /// Every packet of a connection passes whatever stands ahead of `established`: only the rules of flows that have
  /// ended, to end what those have opened, too, and those that refuse whom a tripwire has cut off.
  ///
  /// - Parameter openings: of the side.
  func baseChain(
    _ host: HostPolicy, _ openings: [Opening], expiries: [Rule], _ dispatch: Dispatch
  ) -> Chain {
    var rules = cut + expiries
    rules.append(established)
    rules += loopback
    rules += toContainers
    rules.append(unlessNew)
    rules.append(QuarantineChain.jump)
    // Sources that no flow means stand only where one could let them in; asking the routing table is the dearest
    // step of all.
    if openings.contains(where: \.letsInDisguised) { rules.append(disguised) }
    if side.direction != .egress, host.mayNameItself || host.dhcp { rules.append(ownAddress) }
    if host.dhcp { rules += dhcp }
    rules.append(beginning)
    rules += namesForContainers
    rules += dispatch.rules
    rules += opened.rules
    rules.append(end)
    return Chain(
      name: ChainMeaning.base(side.side).name,
      base: BaseChain(hook: side.side.hook, policy: side.mode == .enforce ? .drop : .accept), rules: rules)
  }
}

/// What neither belongs to a connection nor begins one. A packet for which nothing here holds returns and is judged
/// like a new connection: one that somebody else exempts from tracking, one that a helper expects.
///
/// `related` carries "fragmentation needed" and "packet too big", without which large transfers hang, and
/// redirects: to connection tracking they are errors like any other (`icmp_is_err`, linux/icmp.h), but a host that
/// follows one sends its traffic to whoever sent it. Those of ICMPv6 belong to neighbour discovery, which is
/// not tracked.
private func notNewChain(_ side: SidePolicy) -> Chain {
  let isEnforcing = side.mode == .enforce
  let invalid: [Statement] =
    isEnforcing
    ? [.match(.ctState, .states(.invalid)), .counter, .drop]
    // To be recorded, and pass.
    : [.match(.ctState, .states(.invalid)), .goto(side.denyChain)]
  // Whoever is cut off is not only recorded where invalid packets pass: what goes on of a session that was ended is invalid to a
  // kernel that picks none up (`nf_conntrack_tcp_loose`), and so is an answer that nobody has asked for. Nor are errors taken
  // from him, which may be about the sessions of others.
  var rules = [
    Rule([.match(.ctState, .states([.invalid, .related])), .jump(QuarantineChain.chain.name)]), Rule(invalid),
  ]
  if side.direction != .egress {
    rules.append(
      Rule(
        [.match(.icmpType, .byte(redirect)), .counter, .goto(side.denyChain)], note: .redirect))
  }
  // Not what a helper expects, such as the data connections of FTP: no flow names those.
  rules.append(
    Rule([.match(.ctState, .states(.related)), .match(.l4Proto, .protocols([.icmp, .icmpv6])), .accept]))
  if side.direction != .forward { rules += neighbourMessages }
  return Chain(name: side.notNewChain, rules: rules)
}

/// Without these IPv6 is dead, and connection tracking does not track them: no rule about states holds for
/// them. A hop limit of 255 proves that no router forwarded them (RFC 4861, 6.1).
private let neighbourMessages = [
  Rule(
    [
      .match(.icmpv6Type, .icmpTypes(.ipv6, neighbourDiscovery)), .match(.ip6Hoplimit, .byte(255)), .accept,
    ], note: .neighbourDiscovery),
  Rule(
    [
      .match(.icmpv6Type, .icmpTypes(.ipv6, listenerDiscovery)), .match(.ip6Hoplimit, .byte(1)), .accept,
    ], note: .listenerDiscovery),
]

/// DHCPv4 renewals, and DHCPv6, whose requests go to a group and are answered from a link-local
/// address (RFC 8415), which connection tracking cannot match.
private func dynamicConfiguration(_ side: SidePolicy) -> [Rule] {
  func ports(_ client: UInt16, _ server: UInt16) -> [Statement] {
    side.direction == .egress
      ? [.match(.udpSport, .port(client)), .match(.udpDport, .port(server))]
      : [.match(.udpSport, .port(server)), .match(.udpDport, .port(client))]
  }
  return [
    Rule([.match(.nfProto, .family(.ipv4))] + ports(68, 67) + [.counter, .accept], note: .dhcpClient),
    Rule(
      [.match(.ip6Saddr, .prefix(.ipv6LinkLocal))] + ports(546, 547) + [.counter, .accept],
      note: .dhcpv6Client),
  ]
}
