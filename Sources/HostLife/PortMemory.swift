internal import Addressing
internal import AgentProtocol
internal import Enforcement
internal import RulesetShape

/// At which ports of services that have several sessions of flows were seen, by looks at what the kernel tracks.
struct PortMemory: Hashable, Sendable {
  /// Ports that are remembered of one service; a use of more is as wide as it may be.
  static let most = 1024
  /// Of all together.
  static let mostInAll = 65_536

  /// What is looked at for itself.
  struct Key: Hashable, Sendable, Comparable {
    let use: UsageMemory.Key
    let ipProtocol: IPProtocol

    static func < (a: Self, b: Self) -> Bool {
      a.use == b.use ? a.ipProtocol < b.ipProtocol : a.use < b.use
    }
  }

  /// Times are seconds since 1970, UTC, of looks.
  struct Seen: Hashable, Sendable {
    let allowed: PortSet
    /// Since when all of them may be asked for.
    let since: Int64
    var looks = 0
    /// When each was seen last; `nil`: more were than are remembered.
    var last: [UInt16: Int64]? = [:]
  }

  private(set) var services: [Key: Seen] = [:]

  init() {}

  init(_ services: [Key: Seen]) { self.services = Self.bounded(services) }

  /// The same once somebody has looked again.
  ///
  /// - Parameters:
  ///   - ports: of all services that have several.
  ///   - now: seconds since 1970.
  func adding(_ ports: [FlowPorts], at now: Int64) -> Self {
    var services: [Key: Seen] = [:]
    for one in ports {
      let use = UsageMemory.Key(
        flow: one.flow, hook: DirectionStatus.Direction(one.side), service: one.service)
      for (ipProtocol, allowed) in one.allowed {
        let key = Key(use: use, ipProtocol: ipProtocol)
        var seen = self.services[key] ?? Seen(allowed: allowed, since: now)
        if seen.allowed != allowed {
          // A port that has come since was nobody's to use before.
          let isNarrower = allowed.isSubset(of: seen.allowed)
          seen = Seen(
            allowed: allowed, since: isNarrower ? seen.since : now, looks: isNarrower ? seen.looks : 0,
            last: seen.last?.filter { allowed.contains($0.key) } ?? [:])
        }
        seen.looks += 1
        for port in one.seen[ipProtocol] ?? [] where allowed.contains(port) { seen.last?[port] = now }
        services[key] = seen
      }
    }
    return Self(services)
  }

  /// The same without uses that are meant no more, and with times that a clock is said to have meant.
  func keeping(_ isMeant: (UsageMemory.Key) -> Bool, _ move: (Int64) -> Int64 = { $0 }) -> Self {
    Self(
      services.filter { isMeant($0.key.use) }.mapValues { seen in
        Seen(
          allowed: seen.allowed, since: move(seen.since), looks: seen.looks, last: seen.last?.mapValues(move))
      })
  }

  private static func bounded(_ services: [Key: Seen]) -> [Key: Seen] {
    var services = services
    var room = mostInAll
    for (key, seen) in services.sorted(by: {
      ($0.value.last?.count ?? 0, $0.key) < ($1.value.last?.count ?? 0, $1.key)
    }) {
      let count = seen.last?.count ?? 0
      if count > most || count > room { services[key]?.last = nil } else { room -= count }
    }
    return services
  }

  /// What is told of it, by use.
  func told(_ age: (Int64) -> Int) -> [UsageMemory.Key: [UsageList.Ports]] {
    var told: [UsageMemory.Key: [UsageList.Ports]] = [:]
    for (key, seen) in services.sorted(by: { $0.key < $1.key }) {
      let ports = seen.last?.sorted { $0.key < $1.key }
      told[key.use, default: []].append(
        UsageList.Ports(
          ipProtocol: key.ipProtocol, allowed: seen.allowed, since: age(seen.since), looks: seen.looks,
          seen: ports?.map { UsageList.Ports.Seen(port: $0.key, last: age($0.value)) }))
    }
    return told
  }
}

// MARK: - As a part of a file

extension PortMemory {
  /// A list: the place of the use in a list, protocol, since, looks, how many ranges are allowed, their ends, and ports with when
  /// they were seen, or -1.
  func rows(_ places: [UsageMemory.Key: Int]) -> [[Int64]] {
    services.sorted { $0.key < $1.key }.compactMap { key, seen in
      guard let place = places[key.use] else { return nil }
      let ranges = seen.allowed.ranges
      var row = [
        Int64(place), Int64(key.ipProtocol.rawValue), seen.since, Int64(seen.looks), Int64(ranges.count),
      ]
      row += ranges.flatMap { [Int64($0.lowerBound), Int64($0.upperBound)] }
      guard let last = seen.last else { return row + [-1] }
      return row + last.sorted { $0.key < $1.key }.flatMap { [Int64($0.key), $0.value] }
    }
  }

  /// - Returns: `nil`: they are not what was written.
  init?(rows: [[Int64]], of uses: [UsageMemory.Key]) {
    var services: [Key: Seen] = [:]
    for row in rows {
      guard row.count >= 5, let place = Int(exactly: row[0]), uses.indices.contains(place),
        let ipProtocol = UInt8(exactly: row[1]), let looks = Int(exactly: row[3]), looks >= 0,
        let count = Int(exactly: row[4]), (1...32_768).contains(count), row.count >= 5 + 2 * count
      else { return nil }
      var ranges: [ClosedRange<UInt16>] = []
      for index in 0..<count {
        guard let first = UInt16(exactly: row[5 + 2 * index]), let last = UInt16(exactly: row[6 + 2 * index]),
          first <= last
        else { return nil }
        ranges.append(first...last)
      }
      var last: [UInt16: Int64]? = [:]
      let rest = row[(5 + 2 * count)...]
      if rest == [-1] {
        last = nil
      } else {
        guard rest.count % 2 == 0 else { return nil }
        for index in stride(from: rest.startIndex, to: rest.endIndex, by: 2) {
          guard let port = UInt16(exactly: rest[index]) else { return nil }
          last?[port] = rest[index + 1]
        }
      }
      services[Key(use: uses[place], ipProtocol: IPProtocol(rawValue: ipProtocol))] = Seen(
        allowed: PortSet(ranges), since: row[2], looks: looks, last: last)
    }
    self.init(services)
  }
}
