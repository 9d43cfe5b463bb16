public import Addressing
public import ConnectionSpace

/// Connections that a rule leads to another destination than the client asks for.
public struct TranslatedConnections: Sendable {
  /// Where to: what is known of it.
  public struct Target: Hashable, Sendable {
    /// The address.
    public enum Destination: Hashable, Sendable {
      /// That which was asked for.
      case asked
      case among(AddressSet)
      /// The host itself, at whichever of its addresses.
      case own
      /// A socket of the host, if one listens that takes what is for others (`IP_TRANSPARENT`, ip(7)).
      case socket
      case unknown
    }

    /// The port.
    public enum Ports: Hashable, Sendable {
      /// That which was asked for.
      case asked
      case among(ClosedRange<UInt16>)
      case unknown
    }

    public let destination: Destination
    public let ports: Ports
  }

  /// Where the packet goes behind the rule.
  public enum Way: Hashable, Sendable {
    /// To the host itself.
    case here
    /// Past the host, or away from it.
    case onward
    /// To one or the other, which is not known.
    case either
  }

  public let rule: RulePlace
  public let target: Target
  public let way: Way
  /// As the client asks for them: those that the rule surely leads there, and those that it may.
  public let sure: ConnectionSpace
  public let connections: ConnectionSpace
  /// What of them surely passes, and may pass, behind the rule as well.
  public let lower: ConnectionSpace
  public let upper: ConnectionSpace
}

extension RulePlace: Comparable {
  public static func < (a: Self, b: Self) -> Bool {
    (a.table, a.chain, a.index) < (b.table, b.chain, b.index)
  }
}

/// Collects translations of one rule to one target, whatever the protocols.
struct TranslationList {
  private struct Key: Hashable {
    let rule: RulePlace
    let target: TranslatedConnections.Target
    let way: TranslatedConnections.Way
  }

  private var all: [TranslatedConnections] = []
  private var places: [Key: Int] = [:]

  mutating func add(
    _ translated: HookWalk.Translated, _ passing: Match, _ protocols: [IPProtocol], _ family: AddressFamily
  ) throws(NotProven) {
    guard let rule = translated.alteration.rule else { return }
    let way: TranslatedConnections.Way =
      switch translated.delivery {
      case .here: .here
      case .onward: .onward
      case .either: .either
      }
    let target = translated.alteration.target(family)
    // Nothing is altered where the target is what was asked for.
    if target.destination == .asked, target.ports == .asked { return }
    let key = Key(rule: rule, target: target, way: way)
    let sure = translated.sure.copied(to: protocols)
    let connections = translated.connections.copied(to: protocols)
    let lower = try translated.connections.intersection(passing.sure).copied(to: protocols)
    let upper = translated.passing.copied(to: protocols)
    if let place = places[key] {
      let old = all[place]
      all[place] = TranslatedConnections(
        rule: rule, target: target, way: way, sure: try old.sure.union(sure),
        connections: try old.connections.union(connections), lower: try old.lower.union(lower),
        upper: try old.upper.union(upper))
    } else {
      places[key] = all.count
      all.append(
        TranslatedConnections(
          rule: rule, target: target, way: way, sure: sure, connections: connections, lower: lower,
          upper: upper))
    }
  }

  /// In the order of tables and their rules.
  func sorted() -> [TranslatedConnections] {
    all.enumerated().sorted { ($0.element.rule, $0.offset) < ($1.element.rule, $1.offset) }.map(\.element)
  }
}

extension Alteration {
  func target(_ family: AddressFamily) -> TranslatedConnections.Target {
    let addresses: TranslatedConnections.Target.Destination =
      switch destination {
      case .asked: isHandedOver ? .socket : .asked
      case .bytes(let bytes): .among(AddressSet(family, IntervalSet([Self.hull(bytes)])))
      case .among(let targets): .among(AddressSet(family, targets))
      case .own: .own
      case .unknown: .unknown
      }
    let ports: TranslatedConnections.Target.Ports
    switch port {
    case .asked: ports = .asked
    case .bytes(let bytes):
      let hull = Self.hull(bytes)
      ports = .among(
        UInt16(truncatingIfNeeded: hull.lowerBound)...UInt16(truncatingIfNeeded: hull.upperBound))
    case .among(let range): ports = .among(range)
    case .unknown: ports = .unknown
    }
    return TranslatedConnections.Target(destination: addresses, ports: ports)
  }
}

extension AddressSet {
  fileprivate init(_ family: AddressFamily, _ set: IntervalSet<UInt128>) {
    switch family {
    case .ipv4:
      self.init(
        ipv4: IntervalSet(
          set.ranges.map {
            UInt32(truncatingIfNeeded: $0.lowerBound)...UInt32(truncatingIfNeeded: $0.upperBound)
          }))
    case .ipv6: self.init(ipv6: set)
    }
  }
}
