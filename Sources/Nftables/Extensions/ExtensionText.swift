internal import Addressing

extension MatchExtension {
  /// What it asks in the options of iptables-extensions(8), such as `xt conntrack ctstate NEW,ESTABLISHED`;
  /// nothing that nft(8) loads.
  var listingText: String {
    (["xt \(QuotedText.printable(name))"] + (conditions ?? []).map(\.text)).joined(separator: " ")
  }
}

extension TargetExtension {
  /// What it does, such as `xt REDIRECT to-ports 8080`; nothing that nft(8) loads.
  var listingText: String {
    let title = "xt \(QuotedText.printable(name))"
    switch effect {
    case .untracks: return name == "CT" ? "\(title) notrack" : title
    case .rejects(let reject): return "\(title) reject-with \(words(reject))"
    case .translates(let translation?):
      return ([title] + words(translation)).joined(separator: " ")
    case .proxies(let address, let port):
      return title + (address.map { " on-ip \($0)" } ?? "") + " on-port \(port)"
    case .continues, .translates(nil), .unknown: return title
    }
  }

  private func words(_ reject: Reject) -> String {
    if reject.kind == .tcpReset { return "tcp-reset" }
    let type: DataType = family == .ipv6 ? .icmpv6Code : .icmpCode
    return (family == .ipv6 ? "icmp6-" : "icmp-")
      + (DataTypeSymbols.name(type, UInt64(reject.code)) ?? "\(reject.code)")
  }

  private func words(_ translation: TranslationRange) -> [String] {
    func words(_ range: ClosedRange<some CustomStringConvertible>) -> String {
      range.lowerBound == range.upperBound
        ? range.lowerBound.description : "\(range.lowerBound)-\(range.upperBound)"
    }
    let addresses = translation.addresses.map { words($0) }
    let ports = translation.ports.map { words($0) }
    switch translation.kind {
    case .source, .destination:
      guard addresses != nil || ports != nil else { return [] }
      let word = translation.kind == .source ? "to-source" : "to-destination"
      let isBracketed = translation.addresses?.lowerBound.family == .ipv6 && ports != nil
      let address = addresses.map { isBracketed ? "[\($0)]" : $0 } ?? ""
      return [word, address + (ports.map { ":\($0)" } ?? "")]
    case .masquerade, .redirect: return ports.map { ["to-ports", $0] } ?? []
    case .netmap: return addresses.map { ["to", $0] } ?? []
    }
  }
}

extension MatchCondition {
  var text: String {
    guard let (word, value) = words else { return "" }
    return (isInverted ? ["!", word, value] : [word, value]).filter { !$0.isEmpty }.joined(separator: " ")
  }

  private var words: (String, String)? {
    switch option {
    case .connectionState(let states, let translated):
      let bits: [(UInt32, String)] = [
        (ConntrackState.invalid.rawValue, "INVALID"), (ConntrackState.new.rawValue, "NEW"),
        (ConntrackState.related.rawValue, "RELATED"), (ConntrackState.established.rawValue, "ESTABLISHED"),
        (ConntrackState.untracked.rawValue, "UNTRACKED"),
      ]
      return (
        "ctstate",
        (bits.filter { states.rawValue & $0.0 != 0 }.map(\.1) + Self.statuses(translated))
          .joined(separator: ",")
      )
    case .connectionStatus(let bits):
      let names = Self.statuses(bits)
      return ("ctstatus", names.isEmpty ? "NONE" : names.joined(separator: ","))
    case .connectionProtocol(let number): return ("ctproto", "\(number)")
    case .connectionDirection(let direction):
      return ("ctdir", direction == .original ? "ORIGINAL" : "REPLY")
    case .connectionAddress(let direction, let end, let address, let mask):
      return (Self.end(direction, end), Self.masked(address, mask))
    case .connectionPort(let direction, let end, let range):
      return ("\(Self.end(direction, end))port", Self.words(range, ":"))
    case .connectionExpiry(let range): return ("ctexpire", Self.words(range, ":"))
    case .ports(let end, let ranges):
      let word = end == .source ? "sport" : end == .destination ? "dport" : "port"
      let isList = ranges.count != 1 || end == .either
      return (isList ? "\(word)s" : word, ranges.map { Self.words($0, ":") }.joined(separator: ","))
    case .tcpFlags(let flags, let mask): return ("tcp-flags", "\(Self.words(mask)) \(Self.words(flags))")
    case .tcpOption(let number): return ("tcp-option", "\(number)")
    case .icmpType(nil, _): return ("icmp-type", "any")
    case .icmpType(let type?, let codes):
      return ("icmp-type", codes == 0...UInt8.max ? "\(type)" : "\(type)/\(Self.words(codes, ":"))")
    case .addressType(let end, let types, let flags):
      let names = types.map { number in
        DataTypeSymbols.name(.fibAddressType, UInt64(number))?.uppercased() ?? "\(number)"
      }
      let limits =
        (flags.contains(.inputInterface) ? " limit-iface-in" : "")
        + (flags.contains(.outputInterface) ? " limit-iface-out" : "")
      return (end == .source ? "src-type" : "dst-type", names.joined(separator: ",") + limits)
    case .addresses(let end, let range):
      return (end == .source ? "src-range" : "dst-range", "\(range.lowerBound)-\(range.upperBound)")
    case .mark(let value, let mask, _):
      let value = "0x\(String(value, radix: 16))"
      return ("mark", mask == .max ? value : "\(value)/0x\(String(mask, radix: 16))")
    case .length(let range): return ("length", Self.words(range, ":"))
    case .hopLimit(let sign, let limit):
      switch sign {
      case .notEqual: return ("hops !=", "\(limit)")
      case .less: return ("hops <", "\(limit)")
      case .greater: return ("hops >", "\(limit)")
      default: return ("hops", "\(limit)")
      }
    case .dscp(let value): return ("dscp", "\(value)")
    case .packetType(let type):
      return ("pkt-type", DataTypeSymbols.name(.packetType, UInt64(type)) ?? "\(type)")
    case .owner(let range, let isGroup): return (isGroup ? "gid-owner" : "uid-owner", Self.words(range, "-"))
    case .comment(let text): return ("\"\(QuotedText.printable(text))\"", "")
    }
  }

  private static func end(_ direction: ConntrackDirection, _ end: MatchEnd) -> String {
    (direction == .original ? "ctorig" : "ctrepl") + (end == .source ? "src" : "dst")
  }

  private static func statuses(_ bits: UInt32) -> [String] {
    (0..<32).filter { bits & 1 << UInt32($0) != 0 }.map { bit in
      DataTypeSymbols.name(.ctStatus, 1 << UInt64(bit))?.uppercased()
        ?? "0x\(String(1 << UInt32(bit), radix: 16))"
    }
  }

  private static func masked(_ address: [UInt8], _ mask: [UInt8]) -> String {
    guard let value = Address(networkBytes: address), let bits = Address(networkBytes: mask) else {
      return ""
    }
    guard let length = Bits.prefixLength(mask) else { return "\(value)/\(bits)" }
    return length == mask.count * 8 ? "\(value)" : "\(value)/\(length)"
  }

  private static func words(_ flags: TCPFlags) -> String {
    let names = (0..<8).filter { flags.rawValue & 1 << UInt8($0) != 0 }.compactMap {
      DataTypeSymbols.name(.tcpFlag, 1 << UInt64($0))?.uppercased()
    }
    return names.isEmpty ? "NONE" : names.joined(separator: ",")
  }

  private static func words<Number: FixedWidthInteger>(_ range: ClosedRange<Number>, _ sign: String) -> String
  {
    range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)\(sign)\(range.upperBound)"
  }
}
