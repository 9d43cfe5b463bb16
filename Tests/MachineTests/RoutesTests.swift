import Addressing
import Testing

@testable import Machine

@Suite struct RoutesTests {
  private static let ipv4 = """
    Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
    eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
    wlan0\t00000000\t0103A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
    eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
    docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
    *\t0000FE0A\t00000000\t0201\t0\t0\t0\t0000FFFF\t0\t0\t0
    *\t0000FD0A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
    eth0\t000000\t00
    """
  private static let ipv6 = """
    20010db8000000010000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
    20010db8000000020000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001  docker0
    20010db8000000030000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000400 00000001 00000000 00200200       lo
    fe800000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000002 00000000 00000001     eth0
    fe800000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000002 00000000 00000001  docker0
    00000000000000000000000000000000 00 00000000000000000000000000000000 00 fd000000000000000000000000000001 00000400 00000003 00000000 00000003     eth0
    00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
    """

  private func link(to address: String, ipv4: String = ipv4, ipv6: String = ipv6) throws -> String? {
    let address = try Address(parsing: address)
    let exits = Routes.exits(ipv4: ipv4, ipv6: ipv6).filter { $0.destinations.contains(address) }
    #expect(exits.count < 2, "\(exits.map(\.link))")
    return exits.first?.link
  }

  @Test(
    arguments: [
      ("8.8.8.8", "eth0"), ("192.0.2.9", "eth0"), ("172.17.255.255", "docker0"), ("172.18.0.0", "eth0"),
      // A route that refuses is no way, nor is one that drops, and a wider one is no way around it.
      ("10.254.0.1", nil), ("10.253.0.1", nil), ("2001:db8:0:3::9", nil), ("10.252.0.1", "eth0"),
      ("2001:db8:0:1::9", "eth0"), ("2001:db8:0:2::9", "docker0"), ("2000::", "eth0"),
      // On every link: no route says on which.
      ("fe80::9", nil),
    ] as [(String, String?)])
  func `the longest prefix says by which link a packet leaves`(address: String, expected: String?) throws {
    #expect(try link(to: address) == expected)
  }

  @Test func `what no table says is not known`() throws {
    #expect(Routes.exits(ipv4: "", ipv6: "").isEmpty)
    #expect(try link(to: "8.8.8.8", ipv4: "eth0 00000000 0 zz 0 0 0 00000000") == nil)
    // A mask with holes.
    #expect(try link(to: "8.8.8.8", ipv4: "eth0 00000000 00000000 0001 0 0 0 00FF00FF", ipv6: "") == nil)
  }

  private static let tries = """
    Main:
      +-- 0.0.0.0/0 3 0 5
         |-- 0.0.0.0
            /0 universe UNICAST
         +-- 10.50.0.0/24 2 0 2
            |-- 10.50.0.0
               /24 host LOCAL
            |-- 10.50.0.255
               /32 link BROADCAST
    Local:
      +-- 0.0.0.0/0 3 0 5
         |-- 10.9.1.1
            /32 host LOCAL
         |-- 127.0.0.0
            /8 host LOCAL
    Id 100:
      +-- 0.0.0.0/0 3 0 5
         |-- 0.0.0.0
            /0 host LOCAL
         |-- 10.9.1
            /99 host LOCAL
    """
  private static let kept6 = """
    20010db8000000010000000000000001 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000003 00000000 80200001       lo
    20010db8000000050000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000400 00000001 00000000 80000001       lo
    00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 00000400 00000001 00000000 80000001       lo
    """

  @Test func `what routes keep for the machine is its own, but for broadcasts and what marks lead to`() throws
  {
    let kept = Routes.kept(ipv4: Self.tries, ipv6: Self.ipv6 + "\n" + Self.kept6)
    let own = ["10.50.0.0/24", "10.9.1.1/32", "127.0.0.0/8", "2001:db8:0:1::1/128", "2001:db8:0:5::/64"]
    let broadcast = AddressSet([try Prefix(parsing: "10.50.0.255/32")])
    #expect(kept.own == AddressSet(try own.map { try Prefix(parsing: $0) }).subtracting(broadcast))
    #expect(kept.broadcasts == broadcast)
    #expect(Routes.kept(ipv4: "", ipv6: "") == Routes.Kept())
  }

  @Test func `a table of the whole internet is not asked`() {
    let many = (0..<3000).map { "eth0 0000\(String(format: $0))0A 00000000 0001 0 0 0 00FFFFFF" }
    #expect(Routes.exits(ipv4: many.joined(separator: "\n"), ipv6: "").isEmpty)
  }
}

extension String {
  fileprivate init(format number: Int) {
    let digits = Swift.String(number & 0xff, radix: 16)
    self = Swift.String(repeating: "0", count: 2 - digits.count) + digits
  }
}
