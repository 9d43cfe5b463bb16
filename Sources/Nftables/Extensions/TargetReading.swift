internal import Addressing
internal import CXtables

/// Reads the structure of a target by its name and revision (net/netfilter/xt_*.c, net/ipv4/netfilter,
/// net/ipv6/netfilter).
struct TargetReading {
  let revision: UInt32
  let structure: [UInt8]
  let family: Family

  func effect(of name: String) -> TargetEffect {
    // Bridges have targets of the same names that do other things.
    guard family == .ipv4 || family == .ipv6 || family == .inet else { return .unknown }
    if Self.continuing.contains(name) { return .continues }
    switch name {
    case "NOTRACK": return .untracks
    case "CT": return connectionTracking()
    case "REJECT": return reject()
    case "SNAT": return .translates(translation(.source))
    case "DNAT": return .translates(translation(.destination))
    case "MASQUERADE": return .translates(translation(.masquerade))
    case "REDIRECT": return .translates(translation(.redirect))
    case "NETMAP": return .translates(translation(.netmap))
    case "TPROXY": return proxy() ?? .unknown
    default: return .unknown
    }
  }

  /// Those that only ever return `XT_CONTINUE`, whatever their revision.
  private static let continuing: Set<String> = [
    "AUDIT", "CHECKSUM", "CLASSIFY", "CONNMARK", "CONNSECMARK", "DSCP", "ECN", "HL", "HMARK", "IDLETIMER",
    "LED", "LOG", "MARK", "NFLOG", "RATEEST", "SECMARK", "SET", "TCPMSS", "TCPOPTSTRIP", "TEE", "TOS",
    "TRACE",
    "TTL",
  ]

  /// The flags stand first in every revision; revision 0 is shorter.
  private func connectionTracking() -> TargetEffect {
    guard !structure.isEmpty else { return .continues }
    let bytes = Array(structure.prefix(2))
    guard bytes.count == 2 else { return .unknown }
    let flags =
      hostIsLittle ? UInt16(bytes[1]) << 8 | UInt16(bytes[0]) : UInt16(bytes[0]) << 8 | UInt16(bytes[1])
    return Int(flags) & XT_CT_NOTRACK != 0 ? .untracks : .continues
  }

  // MARK: REJECT

  private func reject() -> TargetEffect {
    switch family {
    case .ipv4:
      let answer = Structure(ipt_reject_info.self, structure).map { $0.bytes(\.with) }
      return .rejects(Self.answers[answer.map(Self.number) ?? Self.port] ?? Reject(.icmpUnreachable, code: 3))
    case .ipv6:
      let answer = Structure(ip6t_reject_info.self, structure).map { $0.number(\.with) as UInt32 }
      return .rejects(
        Self.answers6[answer ?? IP6T_ICMP6_PORT_UNREACH.rawValue] ?? Reject(.icmpUnreachable, code: 4))
    default: return .unknown
    }
  }

  private static let port = IPT_ICMP_PORT_UNREACHABLE.rawValue

  private static func number(_ bytes: [UInt8]) -> UInt32 {
    (hostIsLittle ? bytes.reversed() : bytes).reduce(0) { $0 << 8 | UInt32($1) }
  }

  /// Codes of RFC 792 and RFC 1812.
  private static let answers: [UInt32: Reject] = [
    IPT_ICMP_NET_UNREACHABLE.rawValue: Reject(.icmpUnreachable, code: 0),
    IPT_ICMP_HOST_UNREACHABLE.rawValue: Reject(.icmpUnreachable, code: 1),
    IPT_ICMP_PROT_UNREACHABLE.rawValue: Reject(.icmpUnreachable, code: 2),
    IPT_ICMP_NET_PROHIBITED.rawValue: Reject(.icmpUnreachable, code: 9),
    IPT_ICMP_HOST_PROHIBITED.rawValue: Reject(.icmpUnreachable, code: 10),
    IPT_ICMP_ADMIN_PROHIBITED.rawValue: Reject(.icmpUnreachable, code: 13),
    IPT_TCP_RESET.rawValue: Reject(.tcpReset, code: 0),
  ]

  /// Codes of RFC 4443.
  private static let answers6: [UInt32: Reject] = [
    IP6T_ICMP6_NO_ROUTE.rawValue: Reject(.icmpUnreachable, code: 0),
    IP6T_ICMP6_ADM_PROHIBITED.rawValue: Reject(.icmpUnreachable, code: 1),
    IP6T_ICMP6_NOT_NEIGHBOUR.rawValue: Reject(.icmpUnreachable, code: 2),
    IP6T_ICMP6_ADDR_UNREACH.rawValue: Reject(.icmpUnreachable, code: 3),
    IP6T_ICMP6_POLICY_FAIL.rawValue: Reject(.icmpUnreachable, code: 5),
    IP6T_ICMP6_REJECT_ROUTE.rawValue: Reject(.icmpUnreachable, code: 6),
    IP6T_TCP_RESET.rawValue: Reject(.tcpReset, code: 0),
  ]

  // MARK: TranslationRange

  /// IPv4 in revision 0 has a structure of its own; the others are `nf_nat_range`, which revision 2 made longer.
  private func translation(_ kind: TranslationRange.Kind) -> TranslationRange? {
    if family == .ipv4, revision == 0 {
      guard let info = Structure(nf_nat_ipv4_multi_range_compat.self, structure) else { return nil }
      let size: UInt32 = info.number(\.rangesize)
      // The kernel takes exactly one range.
      guard size == 1,
        let range = Structure(nf_nat_ipv4_range.self, info.bytes(\.range))
      else { return nil }
      return Self.translation(
        kind, range.number(\.flags), range.bytes(\.min_ip), range.bytes(\.max_ip), range.bytes(\.min),
        range.bytes(\.max))
    }
    let width = family == .ipv4 ? 4 : 16
    if revision == 2 {
      guard let range = Structure(nf_nat_range2.self, structure) else { return nil }
      return Self.translation(
        kind, range.number(\.flags), Array(range.bytes(\.min_addr).prefix(width)),
        Array(range.bytes(\.max_addr).prefix(width)), range.bytes(\.min_proto), range.bytes(\.max_proto))
    }
    guard revision < 2, let range = Structure(nf_nat_range.self, structure) else { return nil }
    return Self.translation(
      kind, range.number(\.flags), Array(range.bytes(\.min_addr).prefix(width)),
      Array(range.bytes(\.max_addr).prefix(width)), range.bytes(\.min_proto), range.bytes(\.max_proto))
  }

  private static func translation(
    _ kind: TranslationRange.Kind, _ flags: UInt32, _ first: [UInt8], _ last: [UInt8], _ firstPort: [UInt8],
    _ lastPort: [UInt8]
  ) -> TranslationRange? {
    var addresses: ClosedRange<Address>?
    if flags & UInt32(NF_NAT_RANGE_MAP_IPS) != 0 {
      guard let first = Address(networkBytes: first), let last = Address(networkBytes: last),
        let range = ClosedRange(first, last)
      else { return nil }
      addresses = range
    }
    var ports: ClosedRange<UInt16>?
    if flags & UInt32(NF_NAT_RANGE_PROTO_SPECIFIED) != 0 {
      guard let range = ClosedRange(port(firstPort), port(lastPort)) else { return nil }
      ports = range
    }
    return TranslationRange(kind, addresses: addresses, ports: ports, flags: flags)
  }

  /// Of two bytes in network order.
  private static func port(_ bytes: [UInt8]) -> UInt16 { bytes.prefix(2).reduce(0) { $0 << 8 | UInt16($1) } }

  // MARK: TPROXY

  private func proxy() -> TargetEffect? {
    switch revision {
    case 0:
      guard family == .ipv4, let info = Structure(xt_tproxy_target_info.self, structure) else { return nil }
      return Self.proxy(info.bytes(\.laddr), info.bytes(\.lport))
    case 1:
      guard let info = Structure(xt_tproxy_target_info_v1.self, structure) else { return nil }
      return Self.proxy(Array(info.bytes(\.laddr).prefix(family == .ipv4 ? 4 : 16)), info.bytes(\.lport))
    default: return nil
    }
  }

  private static func proxy(_ address: [UInt8], _ number: [UInt8]) -> TargetEffect? {
    Address(networkBytes: address).map { .proxies($0.bits == 0 ? nil : $0, port: port(number)) }
  }
}
