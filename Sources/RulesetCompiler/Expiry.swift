internal import Addressing
internal import Nftables
internal import Policy
internal import RulesetShape

/// Connections that end with a flow: what nothing but that flow allows, from the moment it is over.
///
/// A flow that has ended lets no new connection in, by its own rule. These rules stand ahead of
/// `established` and end the connections it let in before, in both directions of their packets. What
/// another flow allows as well, for longer, is taken out, so that no end cuts what somebody else opened.
struct Expiry {
  let flow: String
  let until: Timestamp
  let box: ConnectionBox
  /// Whether packets of the direction that answers are meant.
  let isReply: Bool
  /// Names the sets that are needed only here.
  let name: String

  /// What expires on one side of a host: requests that enter there, answers that leave there.
  ///
  /// Where requests are only observed, they pass after the end too, and so must their answers.
  ///
  /// - Parameter dhcp: whether the host is a DHCP client, which no flow's end may cut off.
  static func all(
    of openings: [Opening], dhcp: Bool, seenBy side: SidePolicy, modes: Modes, peers sets: PeerSets
  )
    -> [Expiry]
  {
    var result: [Expiry] = []
    for opening in openings where opening.direction == side.direction || opening.answers == side.direction {
      guard let until = opening.flow.until else { continue }
      var left = ConnectionBox.all(of: opening, sets)
      for other in openings where other.direction == opening.direction {
        let isLonger = other.flow.until.map { $0 > until } ?? true
        if isLonger {
          for covered in ConnectionBox.all(of: other, sets) {
            left = left.flatMap { $0.subtracting(covered) }
          }
        }
      }
      if dhcp {
        for covered in ConnectionBox.dynamicConfiguration(opening.direction) {
          left = left.flatMap { $0.subtracting(covered) }
        }
      }
      for (number, box) in left.enumerated() {
        let name = "\(opening.flow.name).\(opening.service.name).\(number + 1)"
        if opening.direction == side.direction {
          result.append(Expiry(flow: opening.flow.name, until: until, box: box, isReply: false, name: name))
        }
        if opening.answers == side.direction, modes[opening.direction] == .enforce {
          result.append(Expiry(flow: opening.flow.name, until: until, box: box, isReply: true, name: name))
        }
      }
    }
    return result
  }
}

extension Opening {
  /// The direction in which the answers to its packets travel.
  fileprivate var answers: Direction {
    switch direction {
    case .ingress: .egress
    case .egress: .ingress
    case .forward: .forward
    }
  }
}

/// Connections of one family and protocol: every combination of its four sets.
struct ConnectionBox {
  let family: AddressFamily
  let ipProtocol: IPProtocol
  var source: AddressSet
  var destination: AddressSet
  var sourcePorts: PortSet
  /// Destination ports, or message types.
  var ports: PortSet

  static func all(of opening: Opening, _ sets: PeerSets) -> [ConnectionBox] {
    var source = AddressSet.all
    var destination = AddressSet.all
    switch opening.ends {
    case .source(let peers): source = sets.addresses[peers.index].union(opening.linkLocal)
    case .destination(let peers): destination = sets.addresses[peers.index].union(opening.linkLocal)
    case .groups(let groups): destination = groups
    case .both(let from, let to):
      (source, destination) = (sets.addresses[from.index], sets.addresses[to.index])
    }
    return opening.service.terms.flatMap { term in
      term.families.compactMap { family -> ConnectionBox? in
        if source.isEmpty(family) || destination.isEmpty(family) { return nil }
        var box = ConnectionBox(
          family: family, ipProtocol: term.ipProtocol, source: source.only(family),
          destination: destination.only(family), sourcePorts: .all, ports: .all)
        switch (term.match, opening.kind) {
        case (.ports(let ports), .request): box.ports = ports
        case (.ports(let ports), .reply(let to)): (box.sourcePorts, box.ports) = (ports, to)
        case (.types(let types), .request):
          box.ports = PortSet(types.ranges.map { UInt16($0.lowerBound)...UInt16($0.upperBound) })
        case (.any, .request): break
        // Answers are awaited at ports alone; anything else here would be cut, or spared, for nothing.
        case (.types, .reply), (.any, .reply): return nil
        }
        return box
      }
    }
  }

  /// What is open on a DHCP client, see ``Skeleton``.
  static func dynamicConfiguration(_ direction: Direction) -> [ConnectionBox] {
    if direction == .forward { return [] }
    func box(_ source: AddressSet, _ family: AddressFamily, client: UInt16, server: UInt16) -> ConnectionBox {
      let (from, to) = direction == .egress ? (client, server) : (server, client)
      return ConnectionBox(
        family: family, ipProtocol: .udp, source: source, destination: AddressSet.all.only(family),
        sourcePorts: PortSet([from...from]), ports: PortSet([to...to]))
    }
    return [
      box(AddressSet(ipv4: .all), .ipv4, client: 68, server: 67),
      box(.ipv6LinkLocal, .ipv6, client: 546, server: 547),
    ]
  }

  /// What is left without another box, as boxes that do not overlap.
  func subtracting(_ other: ConnectionBox) -> [ConnectionBox] {
    guard family == other.family, ipProtocol == other.ipProtocol else { return [self] }
    var pieces: [ConnectionBox] = []
    var rest = self
    func cut(_ part: ConnectionBox) { if !part.isEmpty { pieces.append(part) } }
    var part = rest
    part.source = rest.source.subtracting(other.source)
    cut(part)
    rest.source = rest.source.intersection(other.source)
    part = rest
    part.destination = rest.destination.subtracting(other.destination)
    cut(part)
    rest.destination = rest.destination.intersection(other.destination)
    part = rest
    part.sourcePorts = rest.sourcePorts.subtracting(other.sourcePorts)
    cut(part)
    rest.sourcePorts = rest.sourcePorts.intersection(other.sourcePorts)
    part = rest
    part.ports = rest.ports.subtracting(other.ports)
    cut(part)
    return pieces
  }

  private var isEmpty: Bool {
    source.isEmpty || destination.isEmpty || sourcePorts.isEmpty || ports.isEmpty
  }
}

extension AddressSet {
  fileprivate func only(_ family: AddressFamily) -> AddressSet {
    family == .ipv4 ? AddressSet(ipv4: ipv4) : AddressSet(ipv6: ipv6)
  }
}

extension TableBuilder {
  /// The rules that end an expired flow's connections on one side.
  ///
  /// - Parameter some: what tells the packets that are meant from others of the side.
  mutating func rules(for expiry: Expiry, _ side: SidePolicy, among some: [Statement] = []) -> [Rule] {
    let box = expiry.box
    let isIPv4 = box.family == .ipv4
    let (source, destination): (Operand, Operand) =
      isIPv4 ? (.ipSaddr, .ipDaddr) : (.ip6Saddr, .ip6Daddr)
    var statements: [Statement] = [FlowEnd.from(expiry.until.seconds)]
    // What a host says to itself is no flow, and these rules stand ahead of the one that lets it pass.
    if let interface = side.interface { statements.append(.match(interface, .notEqual, .loopback)) }
    statements += some
    statements.append(.match(.ctDirection, .direction(expiry.isReply ? .reply : .original)))
    // An answer has the ends the other way round.
    let ends =
      expiry.isReply
      ? [(destination, box.source), (source, box.destination)]
      : [(source, box.source), (destination, box.destination)]
    var hasFamily = false
    for (index, (operand, addresses)) in ends.enumerated() {
      let match =
        sets.known(addresses, box.family)
        ?? unusedMatch(addresses, box.family, side, "\(expiry.name).\(index + 1)")
      if let statement = use(match, operand) {
        statements.append(statement)
        hasFamily = true
      }
    }
    if !hasFamily { statements.append(.match(.nfProto, .family(box.family))) }
    return Self.protocolMatches(box, isReply: expiry.isReply).map {
      Rule(statements + $0 + [.counter, .goto(side.denyChain)], comment: FlowEnd.comment(of: expiry.flow))
    }
  }

  /// The match for addresses under a name that no other set has.
  ///
  /// Names of flows and services may hold dots, and one flow can open several ways with one service, so
  /// that two ends ask for one name. A set that took another's name would cut the wrong connections and
  /// leave the right ones.
  private func unusedMatch(
    _ addresses: AddressSet, _ family: AddressFamily, _ side: SidePolicy, _ wish: String
  ) -> PeerMatch {
    var number = 1
    while true {
      let name = number == 1 ? wish : "\(wish)/\(number)"
      let match = PeerSets.match(
        addresses, family, named: SetMeaning.ended(side.side, name, family).name, isExact: false)
      if isFree(match) { return match }
      number += 1
    }
  }

  /// One list of statements for each combination of port ranges or types.
  private static func protocolMatches(_ box: ConnectionBox, isReply: Bool) -> [[Statement]] {
    switch box.ipProtocol {
    case .icmp, .icmpv6:
      return box.ports.ranges.joined().compactMap { number in
        let isIPv4 = box.ipProtocol == .icmp
        guard let type = isReply ? answer(to: number, isIPv4) : UInt8(exactly: number) else { return nil }
        return [.match(isIPv4 ? .icmpType : .icmpv6Type, .byte(type))]
      }
    case let ipProtocol where ipProtocol.hasPorts:
      let near = isReply ? destinationPort(ipProtocol) : sourcePort(ipProtocol)
      return box.sourcePorts.ranges.flatMap { from in
        box.ports.ranges.map { to in
          let known: [Statement] = from == 0...UInt16.max ? [] : [.match(near, .ports(from))]
          // As it was let in, by the port before any NAT: behind one, packets carry another.
          return known + [.match(.l4Proto, .ipProtocol(ipProtocol)), .match(.ctOriginalDport, .ports(to))]
        }
      }
    default:
      return [[.match(.l4Proto, .ipProtocol(box.ipProtocol))]]
    }
  }

  /// The message that answers a request; only echo, information and address mask are answered
  /// (nf_conntrack_proto_icmp.c, nf_conntrack_proto_icmpv6.c).
  private static func answer(to type: UInt16, _ isIPv4: Bool) -> UInt8? {
    switch (type, isIPv4) {
    case (8, true): 0
    case (15, true): 16
    case (17, true): 18
    case (128, false): 129
    default: nil
    }
  }
}
