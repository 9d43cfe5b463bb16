import Addressing

/// Whole packets as no honest program sends them, in the hexadecimal form that the lab's injector takes.
struct WirePacket {
  /// Flags of TCP, RFC 9293.
  struct Flags: OptionSet, Hashable, CustomStringConvertible {
    let rawValue: UInt8

    static let fin = Self(rawValue: 1)
    static let syn = Self(rawValue: 2)
    static let rst = Self(rawValue: 4)
    static let ack = Self(rawValue: 16)

    var description: String {
      let names: [(Self, String)] = [(.fin, "FIN"), (.syn, "SYN"), (.rst, "RST"), (.ack, "ACK")]
      let set = names.filter { contains($0.0) }.map(\.1).joined(separator: "+")
      return set.isEmpty ? "no flags" : set
    }
  }

  /// Extension headers of IPv6 that may stand ahead of a transport header, RFC 8200.
  enum Extension: UInt8, CaseIterable {
    case hopByHop = 0
    case destinationOptions = 60
  }

  let source: Address
  let destination: Address
  private var payload: [UInt8]
  private var next: IPProtocol
  private let hopLimit: UInt8

  init(_ source: String, _ destination: String, hopLimit: UInt8 = 64) throws {
    self.source = try Address(parsing: source)
    self.destination = try Address(parsing: destination)
    self.hopLimit = hopLimit
    payload = []
    next = IPProtocol(rawValue: 59)
  }

  func tcp(_ flags: Flags, from: UInt16, to: UInt16) -> Self {
    let header: [UInt8] =
      words(from, to) + [0, 0, 0, 1, 0, 0, 0, flags.contains(.ack) ? 1 : 0, 0x50, flags.rawValue, 0x20, 0]
      + [0, 0, 0, 0]
    return carrying(header, .tcp, checksumAt: 16)
  }

  func udp(from: UInt16, to: UInt16) -> Self {
    carrying(words(from, to, 12, 0) + Array("hi!\n".utf8), .udp, checksumAt: 6)
  }

  /// An ICMP message that quotes another packet's start, or stands alone.
  func icmp(type: UInt8, code: UInt8, rest: [UInt8], quoting other: WirePacket? = nil) -> Self {
    let message = [type, code, 0, 0] + rest + (other?.bytes ?? [])
    if source.family == .ipv6 { return carrying(message, .icmpv6, checksumAt: 2) }
    var result = self
    result.payload = message
    result.payload.replaceSubrange(2..<4, with: words(checksum(message)))
    result.next = .icmp
    return result
  }

  /// The same behind an extension header that says nothing.
  func behind(_ header: Extension) -> Self {
    var result = self
    // Next header, no further eight bytes, PadN over the four that are left.
    result.payload = [next.rawValue, 0, 1, 4, 0, 0, 0, 0] + payload
    result.next = IPProtocol(rawValue: header.rawValue)
    return result
  }

  var bytes: [UInt8] {
    switch source.family {
    case .ipv4:
      var header: [UInt8] =
        [0x45, 0] + words(UInt16(20 + payload.count), 0x1234, 0) + [hopLimit, next.rawValue, 0, 0]
        + source.networkBytes + destination.networkBytes
      header.replaceSubrange(10..<12, with: words(checksum(header)))
      return header + payload
    case .ipv6:
      return [0x60, 0, 0, 0] + words(UInt16(payload.count)) + [next.rawValue, hopLimit]
        + source.networkBytes + destination.networkBytes + payload
    }
  }

  /// A line for the injector.
  var line: String {
    let digits = Array("0123456789abcdef")
    return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }

  private func carrying(_ segment: [UInt8], _ ipProtocol: IPProtocol, checksumAt offset: Int) -> Self {
    var result = self
    result.next = ipProtocol
    result.payload = segment
    // The pseudo header is summed up with the segment, in whichever order.
    let pseudo = source.networkBytes + destination.networkBytes + words(UInt16(segment.count))
    let sum = checksum(pseudo + [0, ipProtocol.rawValue] + segment)
    result.payload.replaceSubrange(offset..<offset + 2, with: words(sum))
    return result
  }

  private func words(_ values: UInt16...) -> [UInt8] {
    values.flatMap { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] }
  }

  /// RFC 1071.
  private func checksum(_ bytes: [UInt8]) -> UInt16 {
    var sum: UInt32 = 0
    for index in stride(from: 0, to: bytes.count, by: 2) {
      sum += UInt32(bytes[index]) << 8 | UInt32(index + 1 < bytes.count ? bytes[index + 1] : 0)
    }
    while sum > 0xffff { sum = sum >> 16 + sum & 0xffff }
    return ~UInt16(sum)
  }
}
