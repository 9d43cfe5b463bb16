internal import Addressing
internal import Nftables
internal import Policy
internal import RulesetShape

/// How the packets of one direction find the chains of the services they ask for.
///
/// Single ports of every protocol are keys of one hash map; port ranges are keys of an interval map a
/// protocol. A packet that the first sends to a service which does not accept it comes back and asks
/// the second. Where two services claim one key, the key leads to a chain that jumps to both.
struct Dispatch {
  /// The lookups of the base chain, in their order.
  private(set) var rules: [Rule] = []
  /// Those of messages and of protocols without ports among them.
  private(set) var byType: [Rule] = []
  /// Those that ask for the port before any NAT, whatever became of it.
  private(set) var byOriginalPort: [Rule] = []

  private let skeleton: Skeleton
  private var policy: SidePolicy { skeleton.side }
  private var side: Side { policy.side }

  init(_ openings: [Opening], _ skeleton: Skeleton, _ builder: inout TableBuilder) {
    self.skeleton = skeleton
    var requests: [String: [Opening]] = [:]
    var replies: [String: [Opening]] = [:]
    for opening in openings {
      switch opening.kind {
      case .request: requests[opening.service.name, default: []].append(opening)
      case .reply: replies[opening.service.name, default: []].append(opening)
      }
    }

    var claims = Claims()
    for (name, openings) in requests.sorted(by: { $0.key < $1.key }) {
      let chain = serviceChain(ChainMeaning.requests(side, service: name), openings, &builder)
      if chain.rules.isEmpty { continue }
      builder.add(chain)
      claims.add(openings[0].service, chain.name)
    }
    addTypeMaps(claims, &builder)
    byType = rules
    addPortMaps(claims, &builder)
    for (name, openings) in replies.sorted(by: { $0.key < $1.key }) {
      addReplies(name, openings, &builder)
    }
  }

  // MARK: - Messages and protocols without ports

  private mutating func addTypeMaps(_ claims: Claims, _ builder: inout TableBuilder) {
    for (ipProtocol, lookup, type) in [
      (IPProtocol.icmp, skeleton.lookups.icmp, DataType.icmpType),
      (.icmpv6, skeleton.lookups.icmpv6, .icmpv6Type),
    ] {
      guard let types = claims.types[ipProtocol], !types.isEmpty else { continue }
      let keys = types.sorted { $0.key < $1.key }.map { number, chains in
        ([number], target(chains, side, .type(ipProtocol, number), &builder))
      }
      builder.add(verdictMap(lookup.map, [type], keys))
      rules.append(lookup.rule)
    }
    guard !claims.protocols.isEmpty else { return }
    let keys = claims.protocols.sorted { $0.key < $1.key }.map { ipProtocol, chains in
      ([ipProtocol.rawValue], target(chains, side, .ipProtocol(ipProtocol), &builder))
    }
    builder.add(verdictMap(skeleton.lookups.protocols.map, [.inetProto], keys))
    rules.append(skeleton.lookups.protocols.rule)
  }

  // MARK: - Ports

  private mutating func addPortMaps(_ claims: Claims, _ builder: inout TableBuilder) {
    // Also where no flow has ports: what is opened for a time has.
    addTranslatedChain(claims, &builder)

    var keys: [([UInt8], ChainName)] = []
    for (ipProtocol, ranges) in claims.ports.sorted(by: { $0.key < $1.key }) {
      for (ports, chains) in Claims.disjoint(ranges.filter { $0.ports.count == 1 }) {
        let port = ports.lowerBound
        let chain = target(chains, side, .port(ipProtocol, port), &builder)
        keys.append((dispatchKey(ipProtocol, port), chain))
      }
    }
    if !keys.isEmpty {
      builder.add(verdictMap(skeleton.lookups.ports.map, [.inetProto, .inetService], keys))
      rules.append(skeleton.lookups.ports.rule)
    }
    for (ipProtocol, ranges) in claims.ports.sorted(by: { $0.key < $1.key }) {
      let wide = ranges.filter { $0.ports.count > 1 }
      guard !wide.isEmpty, let lookup = skeleton.lookups.ranges[ipProtocol] else { continue }
      addPortMap(lookup.map, wide, { .ports(ipProtocol, $0) }, &builder)
      rules.append(lookup.rule)
    }
  }

  /// Connections whose destination somebody's NAT has changed are judged by the port the client asked
  /// for: otherwise a redirect from a closed port to an open one would open the closed one.
  private mutating func addTranslatedChain(_ claims: Claims, _ builder: inout TableBuilder) {
    for (ipProtocol, ranges) in claims.ports.sorted(by: { $0.key < $1.key }) {
      guard let lookup = skeleton.lookups.translated[ipProtocol] else { continue }
      addPortMap(lookup.map, ranges, { .translatedPorts(ipProtocol, $0) }, &builder)
      byOriginalPort.append(lookup.rule)
    }
    builder.add(Chain(name: policy.translatedChain, rules: byOriginalPort + [skeleton.end]))
    rules.append(skeleton.translated)
  }

  /// A map of ports: of intervals, cut where they overlap, or a hash map where none is wider than a port.
  private func addPortMap(
    _ map: SetName, _ ranges: [Claims.Ports], _ key: (ClosedRange<UInt16>) -> ChainMeaning.SharedKey,
    _ builder: inout TableBuilder
  ) {
    let pieces = Claims.disjoint(ranges).map { ports, chains in
      (ports, Verdict.jump(target(chains, side, key(ports), &builder)))
    }
    let isExact = pieces.allSatisfy { $0.0.count == 1 }
    builder.add(
      NamedSet(
        name: map, key: [.inetService], data: [.verdict],
        flags: isExact ? [] : .interval, size: isExact ? declaredSize(pieces.count) : nil,
        elements: SetElements(
          keyLength: 2, keys: pieces.flatMap { portKey($0.0.lowerBound) },
          lastKeys: isExact ? nil : pieces.flatMap { portKey($0.0.upperBound) },
          payload: .verdicts(pieces.map(\.1)))))
  }

  // MARK: - Answers to multicast

  private mutating func addReplies(
    _ service: String, _ openings: [Opening], _ builder: inout TableBuilder
  ) {
    let chain = serviceChain(ChainMeaning.replies(side, service: service), openings, &builder)
    guard !chain.rules.isEmpty, case .reply(let answered) = openings[0].kind else { return }
    builder.add(chain)
    for term in openings[0].service.terms {
      guard case .ports(let ports) = term.match else { continue }
      for source in ports.ranges {
        for destination in answered.ranges {
          rules.append(
            Rule([
              .match(sourcePort(term.ipProtocol), .ports(source)),
              .match(destinationPort(term.ipProtocol), .ports(destination)), .jump(chain.name),
            ]))
        }
      }
    }
  }
}

/// Which chains want which packets.
private struct Claims {
  struct Ports {
    let ports: ClosedRange<UInt16>
    let chain: ChainName
  }

  private(set) var ports: [IPProtocol: [Ports]] = [:]
  private(set) var types: [IPProtocol: [UInt8: [ChainName]]] = [:]
  private(set) var protocols: [IPProtocol: [ChainName]] = [:]

  mutating func add(_ service: Service, _ chain: ChainName) {
    for term in service.terms {
      switch term.match {
      case .any: protocols[term.ipProtocol, default: []].append(chain)
      case .ports(let set):
        ports[term.ipProtocol, default: []] += set.ranges.map { Ports(ports: $0, chain: chain) }
      case .types(let set):
        for type in set.ranges.joined() {
          types[term.ipProtocol, default: [:]][type, default: []].append(chain)
        }
      }
    }
  }

  /// Ranges cut at each other's ends, each piece with everyone who claims it.
  static func disjoint(_ claims: [Ports]) -> [(ClosedRange<UInt16>, [ChainName])] {
    let ordered = claims.sorted { $0.ports.lowerBound < $1.ports.lowerBound }
    if zip(ordered, ordered.dropFirst()).allSatisfy({ $0.ports.upperBound < $1.ports.lowerBound }) {
      return ordered.map { ($0.ports, [$0.chain]) }
    }
    let starts = claims.flatMap { [Int($0.ports.lowerBound), Int($0.ports.upperBound) + 1] }
    let cuts = Set(starts).sorted()
    var pieces: [(ClosedRange<UInt16>, [ChainName])] = []
    for (low, next) in zip(cuts, cuts.dropFirst()) {
      let piece = UInt16(low)...UInt16(next - 1)
      let chains = claims.filter { $0.ports.overlaps(piece) }.map(\.chain)
      if !chains.isEmpty { pieces.append((piece, chains)) }
    }
    return pieces
  }
}

/// The one chain, or a chain of our own that jumps to each of several.
private func target(
  _ chains: [ChainName], _ side: Side, _ key: @autoclosure () -> ChainMeaning.SharedKey,
  _ builder: inout TableBuilder
) -> ChainName {
  if chains.count == 1 { return chains[0] }
  let chain = Chain(name: ChainMeaning.shared(side, key()).name, rules: chains.map { Rule([.jump($0)]) })
  builder.add(chain)
  return chain.name
}

private func serviceChain(_ meaning: ChainMeaning, _ openings: [Opening], _ builder: inout TableBuilder)
  -> Chain
{
  for set in openings.lazy.flatMap(\.sets) { builder.add(set) }
  return Chain(name: meaning.name, rules: openings.flatMap(\.rules))
}

func sourcePort(_ ipProtocol: IPProtocol) -> Operand {
  switch ipProtocol {
  case .tcp: .tcpSport
  case .udp: .udpSport
  default: .sctpSport
  }
}

func destinationPort(_ ipProtocol: IPProtocol) -> Operand {
  switch ipProtocol {
  case .tcp: .tcpDport
  case .udp: .udpDport
  default: .sctpDport
  }
}

private func portKey(_ port: UInt16) -> [UInt8] { [UInt8(port >> 8), UInt8(port & 0xff)] }

/// Fields of a concatenation are padded to four bytes each.
private func dispatchKey(_ ipProtocol: IPProtocol, _ port: UInt16) -> [UInt8] {
  [ipProtocol.rawValue, 0, 0, 0] + portKey(port) + [0, 0]
}

private func verdictMap(_ name: SetName, _ key: [DataType], _ entries: [([UInt8], ChainName)]) -> NamedSet {
  NamedSet(
    name: name, key: key, data: [.verdict], size: declaredSize(entries.count),
    elements: SetElements(
      keyLength: entries[0].0.count, keys: entries.flatMap(\.0),
      payload: .verdicts(entries.map { .jump($0.1) })))
}
