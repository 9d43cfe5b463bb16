package import Addressing

extension Routes {
  /// Destinations that the routing tables keep for this machine.
  package struct Kept: Hashable, Sendable {
    /// What it takes as its own, the loopback's addresses among it.
    package var own = AddressSet()
    /// What goes to everybody on a link.
    package var broadcasts = AddressSet()
  }

  /// What packets are asked for as they come: addresses of links are only a part of it (AnyIP).
  package static func kept() -> Kept {
    kept(
      ipv4: Files.text("/proc/self/net/fib_trie") ?? "", ipv6: Files.text("/proc/self/net/ipv6_route") ?? "")
  }

  /// - Parameters:
  ///   - ipv4: the tables as the kernel shows them (net/ipv4/fib_trie.c, `fib_trie_seq_show`).
  ///   - ipv6: likewise (net/ipv6/ip6_fib.c, `ipv6_route_native_seq_show`).
  static func kept(ipv4: String, ipv6: String) -> Kept {
    var kept = Kept()
    // `Main:`, `Local:`, which are one where no rule tells them apart, or `Id 100:`, which packets with a mark ask.
    var isUsual = false
    var address: Address?
    for line in ipv4.split(separator: "\n") {
      let words = line.split(separator: " ")
      if line.first != " " {
        isUsual = line == "Main:" || line == "Local:"
      } else if words.count == 2, words[0] == "|--" {
        address = try? Address(parsing: String(words[1]))
      } else if isUsual, words.count >= 3, words[0].first == "/", let address,
        let length = Int(words[0].dropFirst()), (0...32).contains(length)
      {
        let prefix = AddressSet([Prefix(containing: address, length: length)])
        if words[2] == "LOCAL" { kept.own = kept.own.union(prefix) }
        if words[2] == "BROADCAST" { kept.broadcasts = kept.broadcasts.union(prefix) }
      }
    }
    for line in ipv6.split(separator: "\n") {
      let words = line.split(whereSeparator: \.isWhitespace)
      // RTF_UP and RTF_LOCAL (linux/ipv6_route.h). Which table it is of is not shown: a route for everything is none of
      // the usual ones, but how packets with a mark are led to sockets.
      guard words.count == 10, let destination = UInt128(words[0], radix: 16),
        let length = Int(words[1], radix: 16), (1...128).contains(length), UInt8(words[3], radix: 16) == 0,
        let flags = UInt32(words[8], radix: 16), flags & 0x8000_0001 == 0x8000_0001
      else { continue }
      let prefix = Prefix(containing: Address(.ipv6, destination), length: length)
      kept.own = kept.own.union(AddressSet([prefix]))
    }
    kept.own = kept.own.subtracting(kept.broadcasts)
    return kept
  }
}
