/// How the values of an operand are read: their type, width and byte order.
struct ValueType: Hashable, Sendable {
  let type: DataType
  let bits: Int
  let order: ByteOrder
  /// Numbers without a name of their own are written in hexadecimal, as those of raw header bits.
  var isRaw = false

  var byteCount: Int { (bits + 7) / 8 }

  /// Bytes in registers and in keys of concatenations.
  var paddedByteCount: Int { (byteCount + 3) & ~3 }

  init(_ type: DataType, bits: Int, order: ByteOrder, isRaw: Bool = false) {
    self.type = type
    self.bits = bits
    self.order = order
    self.isRaw = isRaw
  }

  /// A type of fixed width by itself, as in the key of a named set; `nil` for `integer` and its like.
  init?(_ type: DataType) {
    guard let properties = type.properties, properties.bits > 0 else { return nil }
    self.init(type, bits: properties.bits, order: properties.order)
  }

  var isBitmask: Bool { type.properties?.isBitmask ?? false }

  /// Whether interval sets and comparisons by size turn the value to network order first.
  var needsByteSwap: Bool { order == .host && bits > 8 }
}

extension MetaKey {
  /// nft's word, type and width.
  var properties: (name: String, value: ValueType)? {
    guard let entry = Self.table.first(where: { $0.key == self }) else { return nil }
    return (entry.name, entry.value)
  }

  /// The key of that name.
  init?(name: String) {
    guard let entry = Self.table.first(where: { $0.name == name }) else { return nil }
    self = entry.key
  }

  /// Written without the word `meta` in front.
  var standsAlone: Bool {
    switch self {
    case .inputInterface, .outputInterface, .inputInterfaceName, .outputInterfaceName,
      .inputInterfaceGroup, .outputInterfaceGroup:
      true
    default: false
    }
  }

  private static let table: [(key: MetaKey, name: String, value: ValueType)] = [
    (.length, "length", .init(.integer, bits: 32, order: .host)),
    (.etherProtocol, "protocol", .init(.etherType, bits: 16, order: .network)),
    (.priority, "priority", .init(.classID, bits: 32, order: .host)),
    (.mark, "mark", .init(.mark, bits: 32, order: .host)),
    (.inputInterface, "iif", .init(.interfaceIndex, bits: 32, order: .host)),
    (.outputInterface, "oif", .init(.interfaceIndex, bits: 32, order: .host)),
    (.inputInterfaceName, "iifname", .init(.interfaceName, bits: 128, order: .text)),
    (.outputInterfaceName, "oifname", .init(.interfaceName, bits: 128, order: .text)),
    (.inputInterfaceType, "iiftype", .init(.arpHardware, bits: 16, order: .host)),
    (.outputInterfaceType, "oiftype", .init(.arpHardware, bits: 16, order: .host)),
    (.socketUserID, "skuid", .init(.userID, bits: 32, order: .host)),
    (.socketGroupID, "skgid", .init(.groupID, bits: 32, order: .host)),
    (.nftrace, "nftrace", .init(.integer, bits: 1, order: .host)),
    (.routingClassID, "rtclassid", .init(.realm, bits: 32, order: .host)),
    (.securityMark, "secmark", .init(.integer, bits: 32, order: .host)),
    (.nfProto, "nfproto", .init(.nfProto, bits: 8, order: .host)),
    (.l4Proto, "l4proto", .init(.inetProto, bits: 8, order: .network)),
    (.bridgeInputName, "ibrname", .init(.interfaceName, bits: 128, order: .text)),
    (.bridgeOutputName, "obrname", .init(.interfaceName, bits: 128, order: .text)),
    (.packetType, "pkttype", .init(.packetType, bits: 8, order: .host)),
    (.cpu, "cpu", .init(.integer, bits: 32, order: .host)),
    (.inputInterfaceGroup, "iifgroup", .init(.deviceGroup, bits: 32, order: .host)),
    (.outputInterfaceGroup, "oifgroup", .init(.deviceGroup, bits: 32, order: .host)),
    (.cgroup, "cgroup", .init(.integer, bits: 32, order: .host)),
    (.random, "random", .init(.integer, bits: 32, order: .network)),
    (.securityPath, "ipsec", .init(.boolean, bits: 8, order: .host)),
    (.inputInterfaceKind, "iifkind", .init(.interfaceName, bits: 128, order: .text)),
    (.outputInterfaceKind, "oifkind", .init(.interfaceName, bits: 128, order: .text)),
    (.bridgeInputPVID, "ibrpvid", .init(.integer, bits: 16, order: .host)),
    (.bridgeInputVLANProtocol, "ibrvproto", .init(.etherType, bits: 16, order: .network)),
    (.timeNanoseconds, "time", .init(.timeDate, bits: 64, order: .host)),
    (.timeDay, "day", .init(.timeDay, bits: 8, order: .host)),
    (.timeHour, "hour", .init(.timeHour, bits: 32, order: .host)),
    (.slaveInputInterface, "sdif", .init(.interfaceIndex, bits: 32, order: .host)),
    (.slaveInputInterfaceName, "sdifname", .init(.interfaceName, bits: 128, order: .text)),
  ]
}

extension ConntrackKey {
  /// nft's word, type and width.
  var properties: (name: String, value: ValueType)? {
    guard let entry = Self.table.first(where: { $0.key == self }) else { return nil }
    return (entry.name, entry.value)
  }

  /// The key of that name.
  init?(name: String) {
    guard let entry = Self.table.first(where: { $0.name == name }) else { return nil }
    self = entry.key
  }

  /// Keys whose values depend on the family of the connection (`saddr`) are left out.
  private static let table: [(key: ConntrackKey, name: String, value: ValueType)] = [
    (.state, "state", .init(.ctState, bits: 32, order: .host)),
    (.direction, "direction", .init(.ctDirection, bits: 8, order: .host)),
    (.status, "status", .init(.ctStatus, bits: 32, order: .host)),
    (.mark, "mark", .init(.mark, bits: 32, order: .host)),
    (.securityMark, "secmark", .init(.integer, bits: 32, order: .host)),
    (.expiration, "expiration", .init(.time, bits: 32, order: .host)),
    (.helper, "helper", .init(.string, bits: 128, order: .text)),
    (.l3Protocol, "l3proto", .init(.nfProto, bits: 8, order: .host)),
    (.transportProtocol, "protocol", .init(.inetProto, bits: 8, order: .network)),
    (.sourcePort, "proto-src", .init(.inetService, bits: 16, order: .network)),
    (.destinationPort, "proto-dst", .init(.inetService, bits: 16, order: .network)),
    (.labels, "label", .init(.ctLabel, bits: 128, order: .host)),
    (.packets, "packets", .init(.integer, bits: 64, order: .host)),
    (.bytes, "bytes", .init(.integer, bits: 64, order: .host)),
    (.averagePacket, "avgpkt", .init(.integer, bits: 64, order: .host)),
    (.zone, "zone", .init(.integer, bits: 16, order: .host)),
    (.eventMask, "event", .init(.ctEventBit, bits: 32, order: .host)),
    (.sourceIPv4, "ip saddr", .init(.ipv4Address, bits: 32, order: .network)),
    (.destinationIPv4, "ip daddr", .init(.ipv4Address, bits: 32, order: .network)),
    (.sourceIPv6, "ip6 saddr", .init(.ipv6Address, bits: 128, order: .network)),
    (.destinationIPv6, "ip6 daddr", .init(.ipv6Address, bits: 128, order: .network)),
    (.identifier, "id", .init(.integer, bits: 32, order: .network)),
  ]
}

extension FibResult {
  var value: ValueType? {
    switch self {
    case .outputInterface: .init(.interfaceIndex, bits: 32, order: .host)
    case .outputInterfaceName: .init(.interfaceName, bits: 128, order: .text)
    case .addressType: .init(.fibAddressType, bits: 32, order: .host)
    default: nil
    }
  }

  var name: String? {
    switch self {
    case .outputInterface: "oif"
    case .outputInterfaceName: "oifname"
    case .addressType: "type"
    default: nil
    }
  }
}

extension Operand {
  /// How its values are read; `nil` for a concatenation and for keys that nft has no word for.
  var value: ValueType? {
    switch self {
    case .meta(let key): key.properties?.value
    case .conntrack(let key, _): key.properties?.value
    case .field(let field): ValueType(field.type, bits: field.length, order: .network)
    case .raw(_, _, let length): ValueType(.integer, bits: length, order: .network, isRaw: true)
    case .fib(let flags, let result):
      flags.contains(.present) ? ValueType(.boolean, bits: 32, order: .host) : result.value
    case .masked(let inner, _, _), .shifted(let inner, _, _): inner.value
    case .concatenation: nil
    }
  }

  /// The operands of a concatenation, or the operand alone.
  var parts: [Operand] {
    if case .concatenation(let parts) = self { return parts }
    return [self]
  }
}
