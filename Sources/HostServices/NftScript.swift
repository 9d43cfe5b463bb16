/// What a text of nft(8), or a shell's that calls it, takes away.
enum NftScript {
  /// Whether it flushes the whole ruleset, or takes away Sekisho's own table or anything in it.
  ///
  /// Comments are left out. Variables and included files are not followed.
  static func flushes(_ text: String) -> Bool {
    text.split(whereSeparator: \.isNewline).contains { line in
      line.prefix { $0 != "#" }.split(whereSeparator: { ";|&()`".contains($0) }).contains { takesAway($0) }
    }
  }

  private static func takesAway(_ statement: Substring) -> Bool {
    let words = statement.split(whereSeparator: { $0.isWhitespace || $0 == "\"" || $0 == "'" })
    for (index, word) in words.enumerated() {
      let rest = words[(index + 1)...].prefix(3).map(String.init)
      switch word {
      // Of one family: `flush ruleset ip`.
      case "flush" where rest.first == "ruleset":
        if rest.count == 1 || !["ip", "ip6", "arp", "bridge", "netdev"].contains(rest[1]) { return true }
      case "flush", "delete", "destroy":
        if let kind = rest.first, ["table", "chain", "rule", "set", "map"].contains(kind),
          rest.dropFirst() == ["inet", "sekisho"]
        {
          return true
        }
      default: break
      }
    }
    return false
  }
}
