import Addressing

/// The matches that a header field needs in front of it, as nft(8) writes them: `tcp dport` asks for
/// `meta l4proto tcp`.
extension Linearizer {
  mutating func require(_ operand: Operand) throws(StatementError) {
    switch operand {
    case .field(let field): try require(field)
    case .masked(let inner, _, _), .shifted(let inner, _, _): try require(inner)
    case .concatenation(let parts): for part in parts { try require(part) }
    default: break
    }
  }

  private mutating func require(_ field: HeaderField) throws(StatementError) {
    switch field.header {
    case .ether: try requireLink(field)
    case .vlan:
      if context.link == .vlan { return }
      try requireLink(field)
      try match(.field(.etherType), .equal, .value([0x81, 0x00]))
    case .ip, .ip6, .arp: try requireNetwork(field)
    case .th: break
    default:
      guard let number = field.header.transportProtocol else { break }
      try requireTransport(number, for: field)
      try requireICMPType(field)
    }
  }

  private mutating func requireLink(_ field: HeaderField) throws(StatementError) {
    if context.link != nil { return }
    guard context.family != .arp else { throw .conflictingProtocols(field) }
    try match(.meta(.inputInterfaceType), .equal, .value(hostBytes(UInt16(1))))
  }

  private mutating func requireNetwork(_ field: HeaderField) throws(StatementError) {
    if let known = context.network {
      guard known == field.header else { throw .conflictingProtocols(field) }
      return
    }
    switch (context.family, field.header) {
    case (.inet, .ip): try match(.nfProto, .equal, .family(.ipv4))
    case (.inet, .ip6): try match(.nfProto, .equal, .family(.ipv6))
    case (.bridge, .ip), (.netdev, .ip): try match(.meta(.etherProtocol), .equal, .value([0x08, 0x00]))
    case (.bridge, .ip6), (.netdev, .ip6): try match(.meta(.etherProtocol), .equal, .value([0x86, 0xdd]))
    case (.bridge, .arp), (.netdev, .arp): try match(.meta(.etherProtocol), .equal, .value([0x08, 0x06]))
    default: throw .conflictingProtocols(field)
    }
  }

  mutating func requireTransport(
    _ number: UInt8, for field: HeaderField
  ) throws(StatementError) {
    if let known = context.transport {
      guard known == number else { throw .conflictingProtocols(field) }
      return
    }
    // ICMP is of one family each, so in a table of both its number alone would say too little.
    if context.family == .inet, context.network == nil {
      switch field.header {
      case .icmp: try match(.nfProto, .equal, .family(.ipv4))
      case .icmpv6: try match(.nfProto, .equal, .family(.ipv6))
      default: break
      }
    }
    try match(.l4Proto, .equal, .byte(number))
  }

  private mutating func requireICMPType(_ field: HeaderField) throws(StatementError) {
    guard let types = field.icmpTypes else { return }
    if let known = context.icmpTypes {
      guard known.allSatisfy(types.contains) else { throw .conflictingProtocols(field) }
      return
    }
    let operand = Operand.field(field.header == .icmp ? .icmpType : .icmpv6Type)
    if types.count == 1 {
      try match(operand, .equal, .value(types))
    } else {
      try match(operand, .equal, .icmpTypes(field.header == .icmp ? .ipv4 : .ipv6, types))
    }
  }
}
