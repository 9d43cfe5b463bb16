internal import Addressing
internal import ConnectionSpace
internal import Policy

/// Rectangles turned around: each set of peers once, with all the services that it may use, as people write flows.
struct PeersByService {
  struct Entry {
    let peers: AddressSet
    /// Each of one protocol, with a run of ports or one type of message.
    let services: [ServiceRun]
  }

  /// Ascending by the services.
  private(set) var all: [Entry] = []
  /// What became no flow.
  private(set) var left: [String] = []
  /// Whether what goes to multicast groups is among that.
  private(set) var leavesGroups = false

  /// Of so many protocols without ports nobody means each.
  private static let mostProtocols = 16

  init(_ rectangles: [Rectangle], _ side: HostSide, _ families: Set<AddressFamily>) {
    var byProtocol: [IPProtocol: [(kinds: [ClosedRange<UInt16>], peers: AddressSet)]] = [:]
    for rectangle in rectangles {
      let kinds = Self.kinds(of: rectangle)
      if kinds.isEmpty { continue }
      // A message type of each family is one service of both.
      let ipProtocol = rectangle.ipProtocol == .icmpv6 ? .icmp : rectangle.ipProtocol
      byProtocol[ipProtocol, default: []].append((kinds, side.peers(of: rectangle)))
    }
    var services: [AddressSet: [ServiceRun]] = [:]
    for (ipProtocol, entries) in byProtocol {
      // Between two of these numbers all kinds have the same peers.
      let starts = Set(
        entries.flatMap(\.kinds).flatMap { [UInt32($0.lowerBound), UInt32($0.upperBound) + 1] }
      ).sorted()
      var peers = [[ClosedRange<UInt128>]](repeating: [], count: starts.count)
      var later = peers
      let numbers = Dictionary(uniqueKeysWithValues: starts.enumerated().map { ($0.element, $0.offset) })
      for entry in entries {
        let (v4, v6) = (entry.peers.ranges(.ipv4), entry.peers.ranges(.ipv6))
        for range in entry.kinds {
          let first = numbers[UInt32(range.lowerBound), default: 0]
          let last = numbers[UInt32(range.upperBound) + 1, default: 0]
          for number in first..<last {
            peers[number] += v4
            later[number] += v6
          }
        }
      }
      for number in starts.indices.dropLast() where !peers[number].isEmpty || !later[number].isEmpty {
        let found = side.plain(
          AddressSet(
            ipv4: IntervalSet(peers[number].map { UInt32($0.lowerBound)...UInt32($0.upperBound) }),
            ipv6: IntervalSet(later[number])), families)
        let run = ServiceRun(ipProtocol, UInt16(starts[number])...UInt16(starts[number + 1] - 1))
        services[found, default: []].append(run)
      }
    }
    var (protocols, groups) = (0, false)
    for (peers, runs) in services {
      let nameless = runs.filter { !$0.ipProtocol.hasPorts && $0.ipProtocol != .icmp }
      var kept = runs
      if nameless.count > Self.mostProtocols {
        protocols = max(protocols, nameless.count)
        kept.removeAll { !$0.ipProtocol.hasPorts && $0.ipProtocol != .icmp }
      }
      let unicast = peers.withoutGroups
      if unicast != peers { groups = true }
      if kept.isEmpty || unicast.isEmpty { continue }
      all.append(Entry(peers: unicast, services: ServiceRun.joined(kept)))
    }
    all.sort { a, b in
      a.services == b.services
        ? a.peers.order < b.peers.order : a.services.lexicographicallyPrecedes(b.services)
    }
    if protocols > 0 {
      left.append(
        "\(protocols) protocols without ports pass \(side.word); name those that are needed as services")
    }
    leavesGroups = groups
  }

  /// The ports or types that can be a service's: no port 0, and of messages those that ask something.
  static func kinds(of rectangle: Rectangle) -> [ClosedRange<UInt16>] {
    let ipProtocol = rectangle.ipProtocol
    if ipProtocol.hasPorts {
      switch rectangle.kinds {
      case .ports(let ports): return ports.intersection(PortSet([1...UInt16.max])).ranges
      case .any, .types: return [1...UInt16.max]
      }
    }
    if IPProtocol.extensionHeaders.contains(ipProtocol) || IPProtocol.unassigned.contains(ipProtocol) {
      return []
    }
    guard ipProtocol == .icmp || ipProtocol == .icmpv6 else { return [0...0] }
    let family: AddressFamily = ipProtocol == .icmp ? .ipv4 : .ipv6
    guard rectangle.sources.families == [family] else { return [] }
    let echo: UInt8 = ipProtocol == .icmp ? 8 : 128
    if case .types(let types) = rectangle.kinds, !types.contains(echo) { return [] }
    return [8...8]
  }
}

/// A run of ports of a protocol, or what it has instead of them. Of ICMP it is echo-request, of both families.
struct ServiceRun: Hashable, Comparable {
  let ipProtocol: IPProtocol
  let kinds: ClosedRange<UInt16>

  init(_ ipProtocol: IPProtocol, _ kinds: ClosedRange<UInt16>) {
    (self.ipProtocol, self.kinds) = (ipProtocol, kinds)
  }

  static func < (a: Self, b: Self) -> Bool {
    (a.ipProtocol, a.kinds.lowerBound, a.kinds.upperBound) < (
      b.ipProtocol, b.kinds.lowerBound, b.kinds.upperBound
    )
  }

  /// In order, those of one protocol that touch each other as one.
  static func joined(_ runs: [ServiceRun]) -> [ServiceRun] {
    var result: [ServiceRun] = []
    for run in runs.sorted() {
      if let last = result.last, last.ipProtocol == run.ipProtocol, last.kinds.upperBound < .max,
        last.kinds.upperBound + 1 == run.kinds.lowerBound
      {
        result[result.count - 1] = ServiceRun(run.ipProtocol, last.kinds.lowerBound...run.kinds.upperBound)
      } else {
        result.append(run)
      }
    }
    return result
  }

  /// As the inventory has it, in `tcp/443`.
  var term: String {
    if ipProtocol == .icmp { return "icmp/echo-request" }
    if !ipProtocol.hasPorts {
      return IPProtocol.names.contains { $0.value == ipProtocol }
        ? "\(ipProtocol)" : "{protocol: \(ipProtocol.rawValue)}"
    }
    return "\(ipProtocol)/\(ports)"
  }

  private var ports: String {
    kinds.count == 1 ? "\(kinds.lowerBound)" : "\(kinds.lowerBound)-\(kinds.upperBound)"
  }

  /// How it is called where nobody has given it a name.
  var word: String {
    if ipProtocol == .icmp { return "ping" }
    if kinds == 1...UInt16.max { return "any-\(ipProtocol)" }
    if ipProtocol.hasPorts { return "\(ipProtocol)-\(ports)" }
    return IPProtocol.names.contains { $0.value == ipProtocol }
      ? "\(ipProtocol)" : "ip-protocol-\(ipProtocol.rawValue)"
  }

  /// What a service must be to be just this.
  var terms: [ServiceTerm] {
    if ipProtocol == .icmp {
      return [
        ServiceTerm(.icmp, .types(IntervalSet([8...8]))),
        ServiceTerm(.icmpv6, .types(IntervalSet([128...128]))),
      ]
    }
    return [ServiceTerm(ipProtocol, ipProtocol.hasPorts ? .ports(PortSet([kinds])) : .any)]
  }
}

extension AddressSet {
  /// Without ranges of groups alone, which no network may have; one that goes beyond them may.
  fileprivate var withoutGroups: AddressSet {
    let groups = AddressSet.multicast
    func kept(_ family: AddressFamily) -> [ClosedRange<UInt128>] {
      ranges(family).filter { range in
        !groups.ranges(family).contains {
          $0.lowerBound <= range.lowerBound && range.upperBound <= $0.upperBound
        }
      }
    }
    return AddressSet(
      ipv4: IntervalSet(kept(.ipv4).map { UInt32($0.lowerBound)...UInt32($0.upperBound) }),
      ipv6: IntervalSet(kept(.ipv6)))
  }

  /// To sort by: the texts of its ranges.
  fileprivate var order: String { texts.joined(separator: " ") }

  /// As networks have them: prefixes, addresses, or ranges.
  var texts: [String] {
    AddressFamily.allCases.flatMap { family in
      ranges(family).map { range in
        Prefix(family: family, exactly: range).map {
          $0.length == family.bitWidth ? "\($0.address)" : "\($0)"
        }
          ?? "\(Address(family, range.lowerBound))-\(Address(family, range.upperBound))"
      }
    }
  }
}
