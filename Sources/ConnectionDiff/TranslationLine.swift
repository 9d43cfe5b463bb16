internal import Addressing
package import RulesetSpace

/// Connections that a rule leads to another destination than the client asks for, for people.
package struct TranslationLine: Hashable, Sendable {
  /// What is asked for.
  package let line: ConnectionLine
  /// `172.17.0.2:80`, `port 80 of this host`.
  package let target: String
  package let rule: RulePlace
  package let way: TranslatedConnections.Way
  /// Whether the rule surely leads all of it there.
  package let isSure: Bool
  package let passing: Passing
  /// Whether Sekisho's table is there and has no chain where the packets are led.
  package let isUnfiltered: Bool

  /// What becomes of packets that were led elsewhere.
  package enum Passing: String, Hashable, Sendable {
    case all
    case some
    case perhaps
    case none
  }

  /// What is to be said behind the connections: `is led to 172.17.0.2:80 by table ip nat and passes through`.
  package var words: String {
    let leads = isSure ? "is led to" : "may be led to"
    let place =
      switch way {
      case .here: "in"
      case .onward: "through"
      case .either: "in or through"
      }
    let fate =
      switch passing {
      case .all: "and passes \(place)"
      case .some: "and passes \(place), some of it"
      case .perhaps: "and may pass \(place)"
      case .none: "and does not pass"
      }
    let unfiltered = isUnfiltered ? "; Sekisho does not filter that here" : ""
    return "\(leads) \(target) by table \(rule.table) \(fate)\(unfiltered)"
  }
}

extension TranslatedConnections.Target {
  /// The address, the port, or both, as people write them.
  var words: String {
    let port: String? =
      switch ports {
      case .asked: nil
      case .among(let range):
        range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
      case .unknown: "some port"
      }
    switch destination {
    case .asked: return port.map { "port \($0)" } ?? "where it was asked for"
    case .own: return port.map { "port \($0) of this host" } ?? "this host"
    case .unknown: return port.map { "some address, port \($0)" } ?? "some address"
    case .among(let addresses):
      let name = addresses.families.flatMap { family in
        addresses.ranges(family).map { range -> String in
          let first = Address(family, range.lowerBound)
          if range.lowerBound == range.upperBound {
            return family == .ipv6 && port != nil ? "[\(first)]" : "\(first)"
          }
          return "\(first)-\(Address(family, range.upperBound))"
        }
      }.joined(separator: ", ")
      return port.map { "\(name):\($0)" } ?? name
    }
  }
}
