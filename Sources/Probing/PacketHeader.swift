internal import Addressing
internal import Attempts

/// What a packet says at its beginning.
struct PacketHeader {
  let ipProtocol: IPProtocol
  let source: Address
  let destination: Address
  /// Behind the IP header, as much as was kept.
  let transport: ArraySlice<UInt8>

  /// Reads an IP packet; `nil`: cut off, a later fragment, or with IPv6 headers in between, which no attempt has.
  init?(_ bytes: [UInt8]) {
    guard let first = bytes.first else { return nil }
    switch first >> 4 {
    case 4:
      let length = Int(first & 0xf) * 4
      guard length >= 20, bytes.count >= length, bytes[6] & 0x1f == 0, bytes[7] == 0,
        let source = Address(networkBytes: bytes[12..<16]),
        let destination = Address(networkBytes: bytes[16..<20])
      else { return nil }
      self.init(IPProtocol(rawValue: bytes[9]), source, destination, bytes[length...])
    case 6:
      guard bytes.count >= 40, let source = Address(networkBytes: bytes[8..<24]),
        let destination = Address(networkBytes: bytes[24..<40])
      else { return nil }
      self.init(IPProtocol(rawValue: bytes[6]), source, destination, bytes[40...])
    default: return nil
    }
  }

  init(
    _ ipProtocol: IPProtocol, _ source: Address, _ destination: Address, _ transport: ArraySlice<UInt8>
  ) {
    self.ipProtocol = ipProtocol
    self.source = source
    self.destination = destination
    self.transport = transport
  }

  /// `nil`: it ends before it says which port or type.
  func sighting(_ place: Sighting.Place) -> Sighting? {
    let bytes = Array(transport.prefix(4))
    switch ipProtocol {
    case .icmp, .icmpv6:
      guard let type = bytes.first else { return nil }
      return Sighting(place, ipProtocol, from: source, to: destination, .type(type))
    case _ where ipProtocol.hasPorts:
      guard bytes.count == 4 else { return nil }
      return Sighting(
        place, ipProtocol, from: source, sourcePort: UInt16(bytes[0]) << 8 | UInt16(bytes[1]),
        to: destination, .port(UInt16(bytes[2]) << 8 | UInt16(bytes[3])))
    default:
      return Sighting(place, ipProtocol, from: source, to: destination, .plain)
    }
  }
}
