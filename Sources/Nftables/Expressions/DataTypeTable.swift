/// Order of a number's bytes in a register.
enum ByteOrder: Hashable, Sendable {
  case host
  case network
  /// A text, in reading order and padded with NUL.
  case text
}

/// What a data type is called, how wide it is, and how its numbers stand in registers.
struct DataTypeProperties: Sendable {
  let name: String
  /// Bits; 0 for types whose width depends on what is read.
  let bits: Int
  let order: ByteOrder
  /// Bits that nft(8) writes one by one: `established,related`.
  var isBitmask = false
  /// Elements that a listing puts on one line of a named set.
  var perLine = 1
}

extension DataType {
  /// `enum datatypes` of nft's datatype.h, by number.
  private static let table: [DataTypeProperties] = [
    .init(name: "invalid", bits: 0, order: .network),
    .init(name: "verdict", bits: 0, order: .network),
    .init(name: "nf_proto", bits: 8, order: .host, perLine: 5),
    .init(name: "bitmask", bits: 0, order: .host, isBitmask: true),
    .init(name: "integer", bits: 0, order: .network, perLine: 5),
    .init(name: "string", bits: 0, order: .text),
    .init(name: "ll_addr", bits: 0, order: .network),
    .init(name: "ipv4_addr", bits: 32, order: .network, perLine: 2),
    .init(name: "ipv6_addr", bits: 128, order: .network),
    .init(name: "ether_addr", bits: 48, order: .network),
    .init(name: "ether_type", bits: 16, order: .network),
    .init(name: "arp_op", bits: 16, order: .network, perLine: 5),
    .init(name: "inet_proto", bits: 8, order: .network, perLine: 5),
    .init(name: "inet_service", bits: 16, order: .network, perLine: 5),
    .init(name: "icmp_type", bits: 8, order: .network),
    .init(name: "tcp_flag", bits: 8, order: .network, isBitmask: true, perLine: 5),
    .init(name: "dccp_pkttype", bits: 4, order: .network, perLine: 5),
    .init(name: "mh_type", bits: 8, order: .network),
    .init(name: "time", bits: 64, order: .host),
    .init(name: "mark", bits: 32, order: .host, perLine: 5),
    .init(name: "iface_index", bits: 32, order: .host, perLine: 5),
    .init(name: "iface_type", bits: 16, order: .host),
    .init(name: "realm", bits: 32, order: .host),
    .init(name: "classid", bits: 32, order: .host, perLine: 5),
    .init(name: "uid", bits: 32, order: .host, perLine: 5),
    .init(name: "gid", bits: 32, order: .host, perLine: 5),
    .init(name: "ct_state", bits: 32, order: .host, isBitmask: true, perLine: 2),
    .init(name: "ct_dir", bits: 8, order: .host, perLine: 5),
    .init(name: "ct_status", bits: 32, order: .host, isBitmask: true, perLine: 2),
    .init(name: "icmpv6_type", bits: 8, order: .network),
    .init(name: "ct_label", bits: 128, order: .host, isBitmask: true),
    .init(name: "pkt_type", bits: 8, order: .host, perLine: 2),
    .init(name: "icmp_code", bits: 8, order: .network),
    .init(name: "icmpv6_code", bits: 8, order: .network),
    .init(name: "icmpx_code", bits: 8, order: .network),
    .init(name: "devgroup", bits: 32, order: .host),
    .init(name: "dscp", bits: 6, order: .network),
    .init(name: "ecn", bits: 2, order: .network),
    .init(name: "fib_addrtype", bits: 32, order: .host),
    .init(name: "boolean", bits: 1, order: .host),
    .init(name: "ct_event", bits: 32, order: .host, isBitmask: true),
    .init(name: "ifname", bits: 128, order: .text),
    .init(name: "igmp_type", bits: 8, order: .network),
    .init(name: "time", bits: 64, order: .host),
    .init(name: "hour", bits: 32, order: .host),
    .init(name: "day", bits: 8, order: .network),
    .init(name: "cgroupsv2", bits: 64, order: .host),
  ]

  /// `nil` for a number that nft 1.0.6 does not have.
  var properties: DataTypeProperties? {
    rawValue < UInt32(Self.table.count) ? Self.table[Int(rawValue)] : nil
  }

  /// The word nft(8) uses in `type …`.
  public var name: String? { properties?.name }

  /// The type of that name.
  public init?(name: some StringProtocol) {
    guard let index = Self.table.firstIndex(where: { $0.name == name }) else { return nil }
    self.init(rawValue: UInt32(index))
  }

  /// Whether `type …` in a set's declaration takes the name; the others come from `typeof …` only.
  var isDeclarable: Bool {
    guard let properties, properties.bits > 0 else { return false }
    return self != .timeDate && self != .timeHour && self != .timeDay && self != .boolean
  }

  /// Bytes of keys or data that `type …` declares with these fields; `nil` where it cannot.
  static func declaredLength(_ fields: [DataType]) -> Int? {
    var length = 0
    for type in fields {
      guard type.isDeclarable, let value = ValueType(type) else { return nil }
      length += fields.count == 1 ? value.byteCount : value.paddedByteCount
    }
    return length
  }

  /// Whether a number of the type stands in registers in the host's order; of a text, and of the day of the week, which is
  /// one byte, nft(8) says so too.
  package var isHostOrdered: Bool { self == .timeDay || properties.map { $0.order != .network } ?? false }

  /// Bytes of a concatenation of these types, whose fields are padded to four each; those that do not say count nothing.
  package static func paddedLength(of fields: [DataType]) -> Int {
    fields.reduce(0) { $0 + (($1.byteCount ?? 0) + 3) & ~3 }
  }

  /// Bytes of one value alone; `nil` where the type does not say.
  public var byteCount: Int? {
    guard let bits = properties?.bits, bits > 0 else { return nil }
    return (bits + 7) / 8
  }
}
