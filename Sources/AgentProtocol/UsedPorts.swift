package import Addressing

extension UsageList {
  /// The ports of one protocol at which a service is asked for, and those at which sessions were seen.
  package struct Ports: Hashable, Sendable {
    /// One at which a session was seen.
    package struct Seen: Hashable, Sendable {
      package let port: UInt16
      /// Seconds since a session was seen there last.
      package let last: Int

      package init(port: UInt16, last: Int) {
        self.port = port
        self.last = last
      }
    }

    package let ipProtocol: IPProtocol
    package let allowed: PortSet
    /// Seconds since all of these may be asked for and somebody looks.
    package let since: Int
    /// How often somebody has looked since.
    package let looks: Int
    /// Ascending; `nil`: at more ports than a host remembers.
    package let seen: [Seen]?

    package init(ipProtocol: IPProtocol, allowed: PortSet, since: Int, looks: Int, seen: [Seen]?) {
      self.ipProtocol = ipProtocol
      self.allowed = allowed
      self.since = since
      self.looks = looks
      self.seen = seen
    }

    /// Whether it is what a host can say.
    var isSound: Bool {
      !allowed.isEmpty && Bounds.isCount(since) && Bounds.isCount(looks)
        && seen?.allSatisfy { Bounds.isCount($0.last) && allowed.contains($0.port) } ?? true
    }
  }
}

/// Numbers: protocol, since, looks, how many ranges are allowed, their ends, and ports with how long ago each was seen, or -1.
extension UsageList.Ports: Codable {
  package init(from decoder: any Decoder) throws {
    var row = try decoder.unkeyedContainer()
    ipProtocol = IPProtocol(rawValue: try row.decode(UInt8.self))
    (since, looks) = (try row.decode(Int.self), try row.decode(Int.self))
    let count = try row.decode(Int.self)
    guard (1...32_768).contains(count) else {
      throw DecodingError.dataCorruptedError(in: row, debugDescription: "not ranges of ports")
    }
    var ranges: [ClosedRange<UInt16>] = []
    for _ in 0..<count {
      let (first, last) = (try row.decode(UInt16.self), try row.decode(UInt16.self))
      guard first <= last else {
        throw DecodingError.dataCorruptedError(in: row, debugDescription: "not a range of ports")
      }
      ranges.append(first...last)
    }
    allowed = PortSet(ranges)
    var seen: [Seen]? = []
    while !row.isAtEnd {
      let port = try row.decode(Int.self)
      if port == -1, row.isAtEnd, seen?.isEmpty == true {
        seen = nil
        break
      }
      guard let port = UInt16(exactly: port), seen?.last.map({ $0.port < port }) ?? true else {
        throw DecodingError.dataCorruptedError(in: row, debugDescription: "not a port")
      }
      seen?.append(Seen(port: port, last: try row.decode(Int.self)))
    }
    self.seen = seen
  }

  package func encode(to encoder: any Encoder) throws {
    var row = encoder.unkeyedContainer()
    try row.encode(ipProtocol.rawValue)
    try row.encode(since)
    try row.encode(looks)
    try row.encode(allowed.ranges.count)
    for range in allowed.ranges {
      try row.encode(range.lowerBound)
      try row.encode(range.upperBound)
    }
    guard let seen else { return try row.encode(-1) }
    for one in seen {
      try row.encode(one.port)
      try row.encode(one.last)
    }
  }
}
