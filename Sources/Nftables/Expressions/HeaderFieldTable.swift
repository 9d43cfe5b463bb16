extension HeaderField {
  /// Every field that nft 1.0.6 names, each header's in order of place.
  static let all: [HeaderField] = [
    Self(.ether, "daddr", 0, 48, .etherAddress), Self(.ether, "saddr", 48, 48, .etherAddress),
    Self(.ether, "type", 96, 16, .etherType),
    Self(.vlan, "pcp", 112, 3, .integer), Self(.vlan, "dei", 115, 1, .integer),
    Self(.vlan, "id", 116, 12, .integer), Self(.vlan, "type", 128, 16, .etherType),
    Self(.arp, "htype", 0, 16, .integer), Self(.arp, "ptype", 16, 16, .etherType),
    Self(.arp, "hlen", 32, 8, .integer), Self(.arp, "plen", 40, 8, .integer),
    Self(.arp, "operation", 48, 16, .arpOperation), Self(.arp, "saddr ether", 64, 48, .etherAddress),
    Self(.arp, "saddr ip", 112, 32, .ipv4Address), Self(.arp, "daddr ether", 144, 48, .etherAddress),
    Self(.arp, "daddr ip", 192, 32, .ipv4Address),
    Self(.ip, "version", 0, 4, .integer), Self(.ip, "hdrlength", 4, 4, .integer),
    Self(.ip, "dscp", 8, 6, .dscp), Self(.ip, "ecn", 14, 2, .ecn), Self(.ip, "length", 16, 16, .integer),
    Self(.ip, "id", 32, 16, .integer), Self(.ip, "frag-off", 48, 16, .integer),
    Self(.ip, "ttl", 64, 8, .integer), Self(.ip, "protocol", 72, 8, .inetProto),
    Self(.ip, "checksum", 80, 16, .integer), ipSaddr, ipDaddr,
    Self(.ip6, "version", 0, 4, .integer), Self(.ip6, "dscp", 4, 6, .dscp), Self(.ip6, "ecn", 10, 2, .ecn),
    Self(.ip6, "flowlabel", 12, 20, .integer), Self(.ip6, "length", 32, 16, .integer),
    Self(.ip6, "nexthdr", 48, 8, .inetProto), ip6Hoplimit, ip6Saddr, ip6Daddr,
    icmpType, Self(.icmp, "code", 8, 8, .icmpCode), Self(.icmp, "checksum", 16, 16, .integer),
    Self(.icmp, "id", 32, 16, .integer), Self(.icmp, "sequence", 48, 16, .integer),
    Self(.icmp, "gateway", 32, 32, .integer), Self(.icmp, "mtu", 48, 16, .integer),
    icmpv6Type, Self(.icmpv6, "code", 8, 8, .icmpv6Code), Self(.icmpv6, "checksum", 16, 16, .integer),
    Self(.icmpv6, "parameter-problem", 32, 32, .integer), Self(.icmpv6, "mtu", 32, 32, .integer),
    Self(.icmpv6, "id", 32, 16, .integer), Self(.icmpv6, "sequence", 48, 16, .integer),
    Self(.icmpv6, "max-delay", 32, 16, .integer),
    Self(.igmp, "type", 0, 8, .igmpType), Self(.igmp, "mrt", 8, 8, .integer),
    Self(.igmp, "checksum", 16, 16, .integer), Self(.igmp, "group", 32, 32, .integer),
    tcpSport, tcpDport, Self(.tcp, "sequence", 32, 32, .integer), Self(.tcp, "ackseq", 64, 32, .integer),
    Self(.tcp, "doff", 96, 4, .integer), Self(.tcp, "reserved", 100, 4, .integer), tcpFlags,
    Self(.tcp, "window", 112, 16, .integer), Self(.tcp, "checksum", 128, 16, .integer),
    Self(.tcp, "urgptr", 144, 16, .integer),
    udpSport, udpDport, Self(.udp, "length", 32, 16, .integer), Self(.udp, "checksum", 48, 16, .integer),
    Self(.udplite, "sport", 0, 16, .inetService), Self(.udplite, "dport", 16, 16, .inetService),
    Self(.udplite, "csumcov", 32, 16, .integer), Self(.udplite, "checksum", 48, 16, .integer),
    sctpSport, sctpDport, Self(.sctp, "vtag", 32, 32, .integer), Self(.sctp, "checksum", 64, 32, .integer),
    Self(.dccp, "sport", 0, 16, .inetService), Self(.dccp, "dport", 16, 16, .inetService),
    Self(.dccp, "type", 67, 4, .dccpPacketType),
    Self(.ah, "nexthdr", 0, 8, .inetProto), Self(.ah, "hdrlength", 8, 8, .integer),
    Self(.ah, "reserved", 16, 16, .integer), Self(.ah, "spi", 32, 32, .integer),
    Self(.ah, "sequence", 64, 32, .integer),
    Self(.esp, "spi", 0, 32, .integer), Self(.esp, "sequence", 32, 32, .integer),
    Self(.comp, "nexthdr", 0, 8, .inetProto), Self(.comp, "flags", 8, 8, .bitmask),
    Self(.comp, "cpi", 16, 16, .integer),
    thSport, thDport,
  ]

  private static let byHeader: [[HeaderField]] = Header.allCases.map { header in
    all.filter { $0.header == header }
  }

  /// The fields of a header in order of place.
  static func fields(of header: Header) -> [HeaderField] {
    Header.allCases.firstIndex(of: header).map { byHeader[$0] } ?? []
  }

  /// The field under nft's names, such as `tcp` and `dport`.
  public init?(header: String, name: String) {
    guard let header = Header(rawValue: header),
      let field = Self.fields(of: header).first(where: { $0.name == name })
    else { return nil }
    self = field
  }

  /// First byte that holds a bit of the field, behind the beginning of the header's base.
  var byteOffset: Int { offset / 8 }
  /// Bytes that hold a bit of the field.
  var byteCount: Int { (offset + length - 1) / 8 - byteOffset + 1 }
  /// Whether the bytes hold nothing but the field.
  var isAligned: Bool { offset.isMultiple(of: 8) && length.isMultiple(of: 8) }
  /// Bits of the last byte behind the field.
  var shift: Int { (byteOffset + byteCount) * 8 - offset - length }

  /// Which of the bits are the field's.
  var mask: [UInt8] { shifted(Bits.ones(length)) }

  /// A value of the field as it stands in its bytes.
  func shifted(_ value: [UInt8]) -> [UInt8] { Bits.shiftLeft(value, by: shift, count: byteCount) }

  /// The field's value out of its bytes; `nil` when a bit beside the field is set.
  func unshifted(_ bytes: [UInt8]) -> [UInt8]? {
    guard bytes.count == byteCount, zip(bytes, mask).allSatisfy({ $0 & ~$1 == 0 }) else { return nil }
    return Bits.shiftRight(bytes, by: shift, count: (length + 7) / 8)
  }
}

/// Numbers of any width as bytes in network order.
enum Bits {
  /// The number whose lowest `count` bits are set.
  static func ones(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0xff, count: (count + 7) / 8)
    if !count.isMultiple(of: 8) { bytes[0] = 0xff >> UInt8(8 - count % 8) }
    return bytes
  }

  /// The number shifted to the left in a field of `count` bytes; `bits` below 8.
  static func shiftLeft(_ value: [UInt8], by bits: Int, count: Int) -> [UInt8] {
    var out = [UInt8](repeating: 0, count: count)
    var carry: UInt16 = 0
    for position in 0..<count {
      let byte = position < value.count ? value[value.count - 1 - position] : 0
      let shifted = UInt16(byte) << UInt16(bits) | carry
      out[count - 1 - position] = UInt8(truncatingIfNeeded: shifted)
      carry = shifted >> 8
    }
    return out
  }

  /// The number shifted to the right, its lowest `count` bytes; `bits` below 8.
  static func shiftRight(_ value: [UInt8], by bits: Int, count: Int) -> [UInt8] {
    var out = [UInt8](repeating: 0, count: count)
    for position in 0..<count {
      let low = value.count - 1 - position
      guard low >= 0 else { break }
      let high = low > 0 ? UInt16(value[low - 1]) << 8 : 0
      out[count - 1 - position] = UInt8(truncatingIfNeeded: (high | UInt16(value[low])) >> UInt16(bits))
    }
    return out
  }

  /// The number of leading set bits when no other bit is set.
  static func prefixLength(_ mask: [UInt8]) -> Int? {
    var length = 0
    var ended = false
    for byte in mask {
      let leading = (~byte).leadingZeroBitCount
      if ended {
        guard byte == 0 else { return nil }
      } else {
        guard leading == 8 || byte << UInt8(leading) == 0 else { return nil }
        length += leading
        ended = leading < 8
      }
    }
    return length
  }

  /// The mask of so many leading bits.
  static func prefixMask(_ length: Int, count: Int) -> [UInt8] {
    (0..<count).map { index in
      let bits = min(max(length - index * 8, 0), 8)
      return bits == 0 ? 0 : 0xff << UInt8(8 - bits)
    }
  }
}
