internal import Addressing
internal import Nftables
internal import Policy
internal import RulesetShape

/// A tripwire in nftables' terms, the same on each of its hosts.
struct CompiledTripwire: Sendable {
  let tripwire: Tripwire
  /// Where one knock is enough; empty: every door counts.
  let ports: [(ipProtocol: IPProtocol, ports: ClosedRange<UInt16>)]
  let counted: AddressSet
  /// Whose knocks count, by family.
  let sources: [AddressFamily: PeerMatch]

  init(_ tripwire: Tripwire, in policy: Policy) {
    self.tripwire = tripwire
    let counted = policy.counted(by: tripwire)
    self.counted = counted
    let isExact = policy.countsHosts(tripwire)
    sources = Dictionary(
      uniqueKeysWithValues: counted.families.map { family in
        let name = SetMeaning.counted(tripwire.name, family).name
        return (family, PeerSets.match(counted, family, named: name, isExact: isExact))
      })
    guard case .service(let services) = tripwire.trigger else {
      ports = []
      return
    }
    var ports: [(ipProtocol: IPProtocol, ports: ClosedRange<UInt16>)] = []
    for term in services.flatMap({ policy[$0].terms }) {
      if case .ports(let own) = term.match { ports += own.ranges.map { (term.ipProtocol, $0) } }
    }
    self.ports = ports
  }

  /// For how long whoever trips it is cut off, in milliseconds.
  var cut: UInt64 { UInt64(tripwire.cut) * 1000 }
}

/// The chain that counts knocks on the closed doors of one side.
///
///     ct state != new return
///     …
///     ip saddr @tripwire/counts.scan.v4 ip saddr . meta l4proto . th dport != @in/doors.scan.v4
///       add @in/doors.scan.v4 { … } add @in/knocks.scan.v4 { ip saddr limit rate over 1/day burst 19 packets }
///       add @tripwire/tripped.scan.v4 { ip saddr timeout 1h } counter add @tripwire/cut.v4 { ip saddr timeout 1h }
///
/// Each different door takes one token of whoever knocks, and he has as many as he may knock on. A day gives one back, and he
/// is forgotten long before: what a door's element lives through is his own, from his first knock on, so that no door counts
/// twice. A set that is full ends the rule: whoever finds no room is not counted, or not cut off, and denied all the same. That as many
/// are cut off as may be hides nobody: who has tripped is noted ahead of it.
struct TripwireChain {
  let chain: Chain
  let sets: [NamedSet]

  init(_ side: SidePolicy, _ tripwires: [CompiledTripwire]) {
    var rules = Self.others(side)
    var sets: [NamedSet] = []
    for wire in tripwires {
      for family in AddressFamily.allCases {
        guard let source = wire.sources[family] else { continue }
        let saddr: Operand = family == .ipv4 ? .ipSaddr : .ip6Saddr
        let isCounted = source.statement(saddr) ?? .match(.nfProto, .family(family))
        if case .set(let set) = source { sets.append(set) }
        let name = wire.tripwire.name
        let tripping: [Statement] =
          [.add(SetMeaning.tripped(name, family).name, saddr, timeout: wire.cut), .counter]
          + (side.mode == .enforce
            ? [.add(SetMeaning.cut(family).name, saddr, timeout: wire.cut)] : [])
        switch wire.tripwire.trigger {
        case .doors(let number, let within):
          let address: DataType = family == .ipv4 ? .ipv4Address : .ipv6Address
          let addresses = recordedAddresses(side, family)
          let milliseconds = UInt64(within) * 1000
          // A door is remembered for longer than whoever knocked on it first: it never counts twice among his.
          let doors = dynamicSet(
            .doors(side.side, name, family), addresses.map { _ in address } + [.inetProto, .inetService],
            size: 65_536, timeout: milliseconds + 1000)
          let knocks = dynamicSet(
            .knocks(side.side, name, family), [address], size: 16_384, timeout: milliseconds)
          sets += [doors, knocks]
          let key = Operand.concatenation(addresses + [.l4Proto, .thDport])
          let tokens = Limit(rate: 1, unit: 86_400, burst: UInt32(number - 1), over: true)
          rules.append(
            Rule(
              [isCounted, .match(key, .notEqual, .named(doors.name)), .add(doors.name, key)]
                + [.add(knocks.name, saddr, [.limit(tokens)])] + tripping, note: .tripped))
        case .anyDoor: rules.append(Rule([isCounted] + tripping, note: .tripped))
        case .service:
          rules += wire.ports.map { ipProtocol, ports in
            Rule(
              [isCounted, .match(.l4Proto, .ipProtocol(ipProtocol)), .match(.ctOriginalDport, .ports(ports))]
                + tripping, note: .tripped)
          }
        }
      }
    }
    chain = Chain(name: ChainMeaning.tripwire(side.side).name, rules: rules)
    self.sets = sets
  }

  func add(to builder: inout TableBuilder) {
    builder.add(chain)
    for set in sets { builder.add(set) }
  }

  /// What ends in the chain of what is denied and is no knock: what does not begin a connection, answers that come late, what
  /// is meant for many, and whatever has an address of the host's own, which it would cut itself off by.
  ///
  /// Ports are those that were asked for, as everywhere in a table: behind a translation a packet has another.
  private static func others(_ side: SidePolicy) -> [Rule] {
    // What containers ask for outside knocks on no door of the host's.
    let fromContainers =
      side.hasContainers && side.direction == .forward
      ? [Rule([ContainerChains.isFromContainers(.iifname), .return])] : []
    return fromContainers + [
      Rule([.match(.ctState, .notEqual, .state(.new)), .return]),
      Rule(
        [.match(.tcpFlags([.fin, .syn, .rst, .ack]), .notEqual, .tcpFlags(.syn)), .return]),
      // An answer that comes late looks like a knock there, and shall cut nobody off.
      Rule([.match(.l4Proto, .ipProtocol(.udp)), .match(.ctOriginalDport, .ports(clientPorts)), .return]),
      Rule([.match(.l4Proto, .notEqual, .protocols([.tcp, .udp])), .return]),
      Rule([.match(.fibSaddrType, .local), .return]),
      Rule([.match(.fibDaddrType, .notEqual, side.direction == .ingress ? .local : .unicast), .return]),
    ]
  }

  /// What refuses whoever is cut off: both of his ends, where a packet may have either.
  static func refusals(_ side: SidePolicy) -> [Rule] {
    side.cutFamilies.flatMap { family in
      recordedAddresses(side, family).map { end in
        Rule([.match(end, .named(SetMeaning.cut(family).name)), .counter, .drop], note: .cut)
      }
    }
  }

  /// The sets that all sides of a host share.
  ///
  /// - Parameter cuts: whether some side does more than to observe.
  static func sets(_ tripwires: [CompiledTripwire], cuts: Bool) -> [NamedSet] {
    AddressFamily.allCases.flatMap { family in
      let wires = tripwires.filter { $0.sources[family] != nil }
      if wires.isEmpty { return [NamedSet]() }
      let address: [DataType] = [family == .ipv4 ? .ipv4Address : .ipv6Address]
      let cut = dynamicSet(
        .cut(family), address, size: share(of: wires.reduce(AddressSet()) { $0.union($1.counted) }, family))
      return (cuts ? [cut] : [])
        + wires.map { dynamicSet(.tripped($0.tripwire.name, family), address, size: 1024) }
    }
  }

  /// How many may be cut off at once: a tenth of those who count. Who knocks may have forged his source, and shall not have
  /// the whole fleet cut off.
  private static func share(of counted: AddressSet, _ family: AddressFamily) -> UInt32 {
    var number: UInt128 = 0
    for range in counted.ranges(family) {
      number += min(range.upperBound - range.lowerBound, 10_240) + 1
      if number >= 10_240 { return 1024 }
    }
    return UInt32(max(1, number / 10))
  }
}

private func dynamicSet(
  _ meaning: SetMeaning, _ key: [DataType], size: UInt32, timeout: UInt64? = nil
) -> NamedSet {
  NamedSet(
    name: meaning.name, key: key, flags: [.dynamic, .timeout], size: size, timeout: timeout,
    elements: .none(keyLength: DataType.paddedLength(of: key)))
}
