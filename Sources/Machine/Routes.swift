package import Addressing

/// Which links lead where, as the main routing table of this machine says.
package enum Routes {
  /// A link with the addresses to which packets leave by it.
  package struct Exit: Hashable, Sendable {
    package let link: String
    package let destinations: AddressSet
  }

  /// More routes than a host with containers has; a router of the internet is not asked by which link it sends.
  private static let most = 2000

  /// By name of the link, disjoint; without what more than one link may lead to, and what a route refuses. Empty where
  /// there is no such table, or it has more than 2000 routes. Of one route for IPv4 with several next hops the kernel shows
  /// only the first.
  package static func exits() -> [Exit] {
    exits(
      ipv4: Files.text("/proc/self/net/route") ?? "", ipv6: Files.text("/proc/self/net/ipv6_route") ?? "")
  }

  /// - Parameters:
  ///   - ipv4: the table as the kernel shows it (net/ipv4/fib_trie.c, `fib_route_seq_show`).
  ///   - ipv6: likewise (net/ipv6/ip6_fib.c, `ipv6_route_native_seq_show`).
  static func exits(ipv4: String, ipv6: String) -> [Exit] {
    var routes: [Prefix: [(link: String?, metric: UInt32)]] = [:]
    var count = 0
    for (text, read) in [(ipv4, route4), (ipv6, route6)] {
      for line in text.split(separator: "\n") {
        guard let (prefix, link, metric) = read(line.split(whereSeparator: \.isWhitespace)) else { continue }
        routes[prefix, default: []].append((link, metric))
        count += 1
        if count > most { return [] }
      }
    }
    // The longest prefix decides, and of one prefix the lowest metric.
    var taken = AddressSet()
    var exits: [String: AddressSet] = [:]
    for (prefix, ways) in routes.sorted(by: { ($1.key.length, $0.key) < ($0.key.length, $1.key) }) {
      let rest = AddressSet([prefix]).subtracting(taken)
      taken = taken.union(AddressSet([prefix]))
      let lowest = ways.map(\.metric).min()
      let links = Set(ways.filter { $0.metric == lowest }.map(\.link))
      if links.count == 1, case let link?? = links.first {
        exits[link, default: AddressSet()] = exits[link, default: AddressSet()].union(rest)
      }
    }
    return exits.sorted { $0.key < $1.key }.map { Exit(link: $0.key, destinations: $0.value) }
  }

  /// A route without a link takes what it covers from wider ones, and leads nowhere.
  private typealias Route = (Prefix, link: String?, metric: UInt32)

  /// RTF_UP, or RTF_REJECT, which IPv6 shows alone (linux/route.h).
  private static func isUsed(_ flags: UInt32) -> Bool { flags & 0x201 != 0 }

  /// The link of a route; `nil` of one that refuses, or that drops, which IPv4 shows as one without a link.
  private static func link(_ word: Substring, _ flags: UInt32) -> String? {
    flags & 0x200 != 0 || word == "*" ? nil : String(word)
  }

  /// `Iface Destination Gateway Flags RefCnt Use Metric Mask …`: addresses as the memory of this machine has them.
  private static func route4(_ words: [Substring]) -> Route? {
    guard words.count >= 8, let destination = UInt32(words[1], radix: 16),
      let flags = UInt32(words[3], radix: 16), let metric = UInt32(words[6]),
      let mask = UInt32(words[7], radix: 16), isUsed(flags)
    else { return nil }
    let bits = UInt128(mask.bigEndian)
    let length = bits.nonzeroBitCount
    guard mask.bigEndian.leadingZeroBitCount == 0 || mask == 0,
      (~mask.bigEndian & (~mask.bigEndian &+ 1)) == 0
    else { return nil }
    let address = Address(.ipv4, UInt128(destination.bigEndian))
    return (Prefix(containing: address, length: length), link(words[0], flags), metric)
  }

  /// `destination length source length gateway metric references uses flags link`.
  private static func route6(_ words: [Substring]) -> Route? {
    guard words.count == 10, let destination = UInt128(words[0], radix: 16),
      let length = Int(words[1], radix: 16), (0...128).contains(length), UInt8(words[3], radix: 16) == 0,
      let metric = UInt32(words[5], radix: 16), let flags = UInt32(words[8], radix: 16), isUsed(flags)
    else { return nil }
    let prefix = Prefix(containing: Address(.ipv6, destination), length: length)
    return (prefix, link(words[9], flags), metric)
  }
}
