internal import Addressing
internal import Policy

/// What the services of a flow open between its ends.
struct ServiceCoverage {
  /// What is sent to one host or network; one term a protocol.
  private let terms: [ServiceTerm]
  /// The same of services without multicast.
  private let unicast: [ServiceTerm]
  private let multicast: [Service]
  /// A bit for each port or type, many to a bit: what covers these services has all of these bits. Between the
  /// same ends may be thousands of flows, and comparing bits leaves few of them.
  private let signature: UInt64

  init(_ flow: Flow, _ policy: Policy) {
    let services = flow.services.map { policy[$0] }
    multicast = services.filter { !$0.multicast.isEmpty }
    unicast = Self.united(services.filter(\.multicast.isEmpty).flatMap(\.terms))
    terms = multicast.isEmpty ? unicast : Self.united(services.flatMap(\.terms))
    signature = terms.reduce(0) { $0 | Self.signature($1) }
  }

  /// Whether whatever the other services open is open by these.
  func covers(_ other: Self) -> Bool {
    if other.signature & ~signature != 0 { return false }
    return Self.covers(terms, other.unicast)
      && other.multicast.allSatisfy { service in multicast.contains { Self.covers($0, service) } }
  }

  /// Requests to groups, and the answers to them, are opened by a service as a whole.
  private static func covers(_ wide: Service, _ narrow: Service) -> Bool {
    let replies = narrow.replies ?? PortSet()
    return narrow.multicast.isSubset(of: wide.multicast) && replies.isSubset(of: wide.replies ?? PortSet())
      && covers(wide.terms, narrow.terms)
  }

  private static func covers(_ wide: [ServiceTerm], _ narrow: [ServiceTerm]) -> Bool {
    narrow.allSatisfy { term in
      wide.contains { $0.ipProtocol == term.ipProtocol && covers($0.match, term.match) }
    }
  }

  private static func covers(_ wide: ServiceMatch, _ narrow: ServiceMatch) -> Bool {
    switch (wide, narrow) {
    case (.any, _): true
    case (.ports(let all), .ports(let some)): some.isSubset(of: all)
    case (.types(let all), .types(let some)): some.isSubset(of: all)
    default: false
    }
  }

  private static func signature(_ term: ServiceTerm) -> UInt64 {
    let ranges: [ClosedRange<UInt64>] =
      switch term.match {
      case .any: [0...0]
      case .ports(let ports): ports.ranges.map { UInt64($0.lowerBound)...UInt64($0.upperBound) }
      case .types(let types): types.ranges.map { UInt64($0.lowerBound)...UInt64($0.upperBound) }
      }
    return ranges.reduce(0) { bits, range in
      range.count >= 64
        ? .max : range.reduce(bits) { $0 | 1 << (($1 + UInt64(term.ipProtocol.rawValue)) & 63) }
    }
  }

  private static func united(_ terms: [ServiceTerm]) -> [ServiceTerm] {
    Dictionary(grouping: terms, by: \.ipProtocol).sorted { $0.key < $1.key }.map { ipProtocol, terms in
      ServiceTerm(ipProtocol, terms.dropFirst().reduce(terms[0].match) { united($0, $1.match) })
    }
  }

  private static func united(_ a: ServiceMatch, _ b: ServiceMatch) -> ServiceMatch {
    switch (a, b) {
    case (.ports(let a), .ports(let b)): .ports(a.union(b))
    case (.types(let a), .types(let b)): .types(a.union(b))
    default: .any
    }
  }
}
