package import Addressing
package import ConnectionSpace
internal import RulesetSpace

/// A protocol with the ports or types that are meant.
package struct LineTerm: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let ipProtocol: IPProtocol
  package let kinds: Kinds

  package init(_ ipProtocol: IPProtocol, _ kinds: Kinds) {
    self.ipProtocol = ipProtocol
    self.kinds = kinds
  }

  /// As the inventory would write it: `tcp/5432`, `udp/33434-33534`, `icmp/echo-request`, `esp`.
  package var description: String {
    switch kinds {
    case .any: "\(ipProtocol)"
    case .ports(let ports): "\(ipProtocol)/\(ports.text(separator: ","))"
    case .types(let types): text(of: types)
    }
  }

  /// The types by name; of nearly all, those that are not meant: `icmp but redirect`.
  private func text(of types: IntervalSet<UInt8>) -> String {
    func names(_ types: IntervalSet<UInt8>) -> String {
      var rest = types
      var words: [String] = []
      if ipProtocol == .icmpv6, RulesetSpace.untracked.isSubset(of: types) {
        words.append("neighbour discovery and MLD")
        rest = types.subtracting(RulesetSpace.untracked)
      }
      return (rest.ranges.joined().map { typeName($0) } + words).joined(separator: ",")
    }
    let missing = types.complement
    let isNearlyAll = missing.ranges.reduce(0) { $0 + $1.count } < 16
    return isNearlyAll ? "\(ipProtocol) but \(names(missing))" : "\(ipProtocol)/\(names(types))"
  }

  private func typeName(_ type: UInt8) -> String {
    ICMPType.text(type, ipProtocol == .icmp ? .ipv4 : .ipv6)
  }

  package static func < (a: Self, b: Self) -> Bool {
    (a.ipProtocol, a.description) < (b.ipProtocol, b.description)
  }
}
