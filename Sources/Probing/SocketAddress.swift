internal import Addressing
internal import Glibc

/// An address with a port, as sockets take and give it: `sockaddr_in` and `sockaddr_in6`.
struct SocketAddress: Hashable {
  let address: Address
  let port: UInt16
  /// Interface index of a link-local or multicast IPv6 address, else 0.
  let scope: UInt32

  init(_ address: Address, port: UInt16 = 0, scope: UInt32 = 0) {
    self.address = address
    self.port = port
    self.scope = scope
  }

  /// Every address of the family.
  static func any(_ family: AddressFamily, port: UInt16 = 0) -> Self { Self(Address(family, 0), port: port) }

  /// The bytes of the C structure.
  var bytes: [UInt8] {
    switch address.family {
    case .ipv4:
      return withNative(UInt16(AF_INET)) + network(port) + address.networkBytes
        + [UInt8](repeating: 0, count: 8)
    case .ipv6:
      return withNative(UInt16(AF_INET6)) + network(port) + [0, 0, 0, 0] + address.networkBytes
        + withNative(scope)
    }
  }

  /// Reads the C structure; `nil`: too short, or of another family.
  init?(bytes: ArraySlice<UInt8>) {
    let bytes = Array(bytes)
    guard bytes.count >= 8, let family = native(bytes, at: 0, as: UInt16.self) else { return nil }
    let port = UInt16(bytes[2]) << 8 | UInt16(bytes[3])
    switch Int32(family) {
    case AF_INET:
      self.init(Address(.ipv4, bytes[4..<8].reduce(0) { $0 << 8 | UInt128($1) }), port: port)
    case AF_INET6:
      guard let address = Address(networkBytes: bytes.dropFirst(8).prefix(16)), address.family == .ipv6 else {
        return nil
      }
      self.init(address, port: port, scope: native(bytes, at: 24, as: UInt32.self) ?? 0)
    default:
      return nil
    }
  }

  private func network(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(truncatingIfNeeded: value)] }
}

/// The bytes of an integer in this machine's order.
func withNative(_ value: some FixedWidthInteger) -> [UInt8] {
  unsafe withUnsafeBytes(of: value) { unsafe Array($0) }
}

/// An integer in this machine's order at an offset; `nil` when the bytes end before.
func native<Value: FixedWidthInteger>(_ bytes: [UInt8], at offset: Int, as: Value.Type) -> Value? {
  let size = MemoryLayout<Value>.size
  guard offset >= 0, offset + size <= bytes.count else { return nil }
  var value: Value = 0
  for index in 0..<size { value |= Value(truncatingIfNeeded: bytes[offset + index]) << Value(index * 8) }
  return Value(littleEndian: value)
}
