internal import Addressing

/// What an expression does that is kept byte for byte, as far as it is known.
///
/// The one place that knows: whoever evaluates rules asks here, never for the name of an expression.
package enum Meaning: Hashable, Sendable {
  /// The same as these expressions in its place, whatever they load into registers.
  case steps([Expression])
  /// Ends the rule for some packets and not for others, which depends on more than is looked at.
  case mayMatch
  /// Loads what is not looked at.
  case loads
  /// Notes something; ends no rule and decides nothing.
  case notes
  /// Translates an address or a port, or hands the packet to a socket; `nil`: the destination, to what is not known.
  case translates(Translation?)
  /// Connection tracking leaves the packet alone from here on.
  case untracks
  /// Anything, a verdict among it.
  case unknown
}

extension Expression {
  /// `nil` for an expression that is modelled piece by piece.
  package var meaning: Meaning? {
    if case .targetExtension(let target) = self { return target.effect.meaning }
    guard case .opaque(let name, let attributes) = self else { return nil }
    if let translation = Translation(name: name, attributes: attributes) { return .translates(translation) }
    switch name {
    // Those that cannot be read, by the kernel's names and by libnftables'.
    case "nat", "redir", "json dnat", "json redirect": return .translates(nil)
    case "masq", "json snat", "json masquerade": return .translates(Translation(.masquerade, flags: []))
    case "notrack": return .untracks
    case "match", "exthdr", "socket", "osf", "connlimit", "quota", "xfrm", "tunnel", "inner", "json match",
      "json quota", "json limit", "json ct count":
      return .mayMatch
    case "hash", "numgen", "rt": return .loads
    case "last", "objref", "json counter", "json ct helper", "json ct timeout", "json ct expectation":
      return .notes
    default: return .unknown
    }
  }
}

extension TargetEffect {
  fileprivate var meaning: Meaning {
    switch self {
    case .continues: .notes
    case .untracks: .untracks
    case .rejects(let reject): .steps([.reject(reject)])
    case .translates(let range?): .steps(range.steps)
    case .translates(nil): .translates(nil)
    case .proxies, .unknown: .unknown
    }
  }
}

extension TranslationRange {
  /// The same in the kernel's own steps.
  fileprivate var steps: [Expression] {
    var (steps, next): ([Expression], Int) = ([], 0)
    func load(_ first: [UInt8], _ last: [UInt8]) -> Translation.Ends {
      let registers = [first, last].map { value in
        let register = Register.at(byte: next)
        steps.append(.immediate(register, value))
        next += 16
        return register
      }
      return Translation.Ends(registers[0], registers[1])
    }
    let addresses = addresses.map { load($0.lowerBound.networkBytes, $0.upperBound.networkBytes) }
    let ports = ports.map { load(networkBytes($0.lowerBound), networkBytes($0.upperBound)) }
    let kind: Translation.Kind =
      switch self.kind {
      case .source: .source
      case .destination, .netmap: .destination
      case .masquerade: .masquerade
      case .redirect: .redirect
      }
    var flags = Translation.Flags(rawValue: flags)
    if self.kind == .netmap { flags.insert(.prefix) }
    return steps + [Translation(kind, addresses: addresses, ports: ports, flags: flags).expression]
  }
}
