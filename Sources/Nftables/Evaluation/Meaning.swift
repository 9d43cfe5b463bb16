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
  /// Ends the rule for every packet that is looked at.
  case neverMatches
  /// Writes bytes of a header, counted from its beginning, into the packet.
  case rewrites(PayloadBase, offset: Int, length: Int)
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
    // Steps that are modelled, and told by others by their names alone.
    case "cmp": return Self.comparisonMeaning(attributes)
    case "payload" where attributes.isEmpty: return .loads
    case "meta", "ct", "fib", "bitwise", "byteorder", "immediate": return .loads
    case "range", "limit": return .mayMatch
    case "counter", "log": return .notes
    case "exthdr": return Self.headerMeaning(attributes)
    case "objref": return Self.objectMeaning(attributes)
    case "payload": return Self.writingMeaning(attributes)
    // Those that cannot be read, by the kernel's names and by libnftables'.
    case "nat", "redir", "json dnat", "json redirect": return .translates(nil)
    case "masq", "json snat", "json masquerade": return .translates(Translation(.masquerade, flags: []))
    case "notrack": return .untracks
    case "json match": return Self.meaning(ofJSON: attributes) ?? .mayMatch
    case "json mangle", "json xt": return Self.meaning(ofJSON: attributes) ?? .unknown
    case "match", "socket", "osf", "connlimit", "quota", "xfrm", "tunnel", "inner",
      "json quota", "json limit", "json ct count":
      return .mayMatch
    case "hash", "numgen", "rt": return .loads
    case "last", "json counter", "json ct helper", "json ct timeout", "json ct expectation":
      return .notes
    default: return .unknown
    }
  }

  /// A comparison as ``heldBytes`` writes it.
  private static func comparisonMeaning(_ attributes: [UInt8]) -> Meaning {
    guard let values = OpaqueAttributes(attributes), let register = values[1],
      let sign = values[2].flatMap({ ComparisonOperator(rawValue: $0) }),
      let value = values.bytes(3).flatMap({ OpaqueAttributes($0) })?.bytes(1)
    else { return .mayMatch }
    return .steps([.compare(sign, Register(rawValue: register), value)])
  }

  /// The bytes by which a step is told that has no words; empty for those of which the name is all that is told.
  ///
  ///     cmp  1 NFTA_CMP_SREG  2 OP  3 DATA (1 NFTA_DATA_VALUE)
  var heldBytes: [UInt8] {
    switch self {
    case .opaque(_, let attributes): attributes
    case .compare(let sign, let register, let value):
      OpaqueAttributes.written([
        (1, networkBytes(register.rawValue)), (2, networkBytes(sign.rawValue)),
        (3, OpaqueAttributes.written([(1, value)])),
      ])
    default: []
    }
  }

  /// An option of a header or a further header (net/netfilter/nft_exthdr.c): packets without one are looked at.
  ///
  ///     1 NFTA_EXTHDR_DREG  2 TYPE  3 OFFSET  4 LEN  5 FLAGS (1: whether it is there)  6 OP (0: of IPv6)  7 SREG
  private static func headerMeaning(_ attributes: [UInt8]) -> Meaning {
    let mobility: UInt32 = 135
    guard let values = OpaqueAttributes(attributes), values[6] ?? 0 == 0, !values.has(7),
      let register = values[1], let type = values[2], type != mobility
    else { return .mayMatch }
    guard let flags = values[5], flags & 1 != 0 else { return .neverMatches }
    return .steps([.immediate(Register(rawValue: register), [0])])
  }

  /// An object of the table (linux/netfilter/nf_tables.h, `NFT_OBJECT_*`).
  ///
  ///     1 NFTA_OBJREF_IMM_TYPE  2 IMM_NAME  3 SET_SREG  4 SET_NAME
  private static func objectMeaning(_ attributes: [UInt8]) -> Meaning {
    guard let values = OpaqueAttributes(attributes) else { return .unknown }
    return switch values[1] {
    // Counter, helper of connections, tunnel, timeout, security mark, expectation.
    case 1, 3, 6, 7, 8, 9: .notes
    // Quota, limit, number of connections; one that a map leads to ends the rule where the map has no such key.
    case 2, 4, 5: .mayMatch
    case nil where values.has(4): .mayMatch
    default: .unknown
    }
  }

  /// Bytes that are written into a packet (net/netfilter/nft_payload.c).
  ///
  ///     2 NFTA_PAYLOAD_BASE  3 OFFSET  4 LEN  5 SREG
  private static func writingMeaning(_ attributes: [UInt8]) -> Meaning {
    guard let values = OpaqueAttributes(attributes), let offset = values[3], let length = values[4],
      let base = values[2].flatMap({ PayloadBase(rawValue: $0) })
    else { return .unknown }
    return .rewrites(base, offset: Int(offset), length: Int(length))
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
