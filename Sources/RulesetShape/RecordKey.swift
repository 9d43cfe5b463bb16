package import Addressing
package import Nftables

/// Who wanted what, as the key of an element says it in a set of records.
package struct RecordKey: Hashable, Sendable {
  /// The other end; of what is forwarded, the source.
  package let peer: Address
  /// The destination of what is forwarded; `nil`: the host itself is the other end.
  package let destination: Address?
  package let ipProtocol: IPProtocol
  /// Destination port.
  package let port: UInt16?
  /// Type of a message, where the set keeps it.
  package let type: UInt8?

  /// Reads the parts of a key as the set declares them, each in four bytes or more (`nft_set_ext_key`,
  /// net/netfilter/nf_tables_api.c).
  ///
  /// - Returns: `nil` of a set that holds no records, and of a key that is none of its own.
  package init?(_ key: [UInt8], of set: NamedSet) {
    guard let side = set.recordedSide, key.count == DataType.paddedLength(of: set.key) else { return nil }
    var addresses: [Address] = []
    var (ipProtocol, port, type): (IPProtocol?, UInt16?, UInt8?) = (nil, nil, nil)
    var place = 0
    for part in set.key {
      guard let length = part.byteCount else { return nil }
      let bytes = key[place..<(place + length)]
      place += DataType.paddedLength(of: [part])
      let number = bytes.prefix(2).reduce(UInt16(0)) { $0 << 8 | UInt16($1) }
      switch part {
      case .ipv4Address, .ipv6Address:
        guard let address = Address(networkBytes: bytes) else { return nil }
        addresses.append(address)
      case .inetProto: ipProtocol = bytes.first.map { IPProtocol(rawValue: $0) }
      case .inetService: port = number
      case .icmpType, .icmpv6Type:
        type = bytes.first
        // Such a set needs no part for the protocol.
        ipProtocol = ipProtocol ?? (part == .icmpType ? .icmp : .icmpv6)
      default: return nil
      }
    }
    guard let ipProtocol, addresses.count == (side == .forward ? 2 : 1),
      addresses.allSatisfy({ $0.family == addresses[0].family })
    else { return nil }
    peer = addresses[0]
    destination = addresses.count == 2 ? addresses[1] : nil
    self.ipProtocol = ipProtocol
    self.port = port
    self.type = type
  }
}

extension NamedSet {
  /// The side whose rules record in the set what nothing has allowed; `nil` of any other set.
  package var recordedSide: Side? {
    guard flags.contains(.dynamic), case .records(let side, _, _)? = SetMeaning(TrialName.settled(name))
    else {
      return nil
    }
    return side
  }
}
