/// Flags of a TCP header (RFC 9293, 3.1) under nft's names.
public struct TCPFlags: OptionSet, Hashable, Sendable {
  public let rawValue: UInt8

  public init(rawValue: UInt8) { self.rawValue = rawValue }

  public static let fin = Self(rawValue: 0x01)
  public static let syn = Self(rawValue: 0x02)
  public static let rst = Self(rawValue: 0x04)
  public static let psh = Self(rawValue: 0x08)
  public static let ack = Self(rawValue: 0x10)
  public static let urg = Self(rawValue: 0x20)
  public static let ecn = Self(rawValue: 0x40)
  public static let cwr = Self(rawValue: 0x80)
}
