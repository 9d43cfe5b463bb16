/// The ICMP message types a policy may name, with the names that nft(8) prints.
///
/// The same word may mean another number in each family: `echo-request` is 8 and 128.
public enum ICMPType {
  /// ICMP for IPv4 (IANA "ICMP Type Numbers"), in order of number.
  public static let ipv4: [(name: String, value: UInt8)] = [
    ("echo-reply", 0), ("destination-unreachable", 3), ("source-quench", 4), ("redirect", 5),
    ("echo-request", 8), ("router-advertisement", 9), ("router-solicitation", 10), ("time-exceeded", 11),
    ("parameter-problem", 12), ("timestamp-request", 13), ("timestamp-reply", 14), ("info-request", 15),
    ("info-reply", 16), ("address-mask-request", 17), ("address-mask-reply", 18),
  ]

  /// ICMPv6 (IANA "ICMPv6 type Numbers"), in order of number.
  public static let ipv6: [(name: String, value: UInt8)] = [
    ("destination-unreachable", 1), ("packet-too-big", 2), ("time-exceeded", 3), ("parameter-problem", 4),
    ("echo-request", 128), ("echo-reply", 129), ("mld-listener-query", 130), ("mld-listener-report", 131),
    ("mld-listener-done", 132), ("nd-router-solicit", 133), ("nd-router-advert", 134),
    ("nd-neighbor-solicit", 135), ("nd-neighbor-advert", 136), ("nd-redirect", 137),
    ("router-renumbering", 138), ("ind-neighbor-solicit", 141), ("ind-neighbor-advert", 142),
    ("mld2-listener-report", 143),
  ]

  /// The table of one family.
  public static func names(_ family: AddressFamily) -> [(name: String, value: UInt8)] {
    family == .ipv4 ? ipv4 : ipv6
  }

  /// The name of a type, or its number where there is none.
  package static func text(_ type: UInt8, _ family: AddressFamily) -> String {
    names(family).first { $0.value == type }?.name ?? "\(type)"
  }
}

extension IPProtocol {
  /// What is asked for at the other end: `tcp/5432`, `icmp/echo-request`, `esp`.
  package func text(port: UInt16?, type: UInt8?, _ family: AddressFamily) -> String {
    guard let kind = port.map({ "\($0)" }) ?? type.map({ ICMPType.text($0, family) }) else {
      return "\(self)"
    }
    return "\(self)/\(kind)"
  }
}
