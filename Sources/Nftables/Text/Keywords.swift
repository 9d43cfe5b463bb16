/// nft's own words, which it does not read as names of tables, chains and sets.
enum Keywords {
  /// - Throws: ``TextError/notAName(_:)``.
  static func check(_ name: String) throws(TextError) {
    guard ChainName(checked: name).isIdentifier, !words.contains(name) else { throw .notAName(name) }
  }

  /// The words that nft 1.0.6 refuses as names.
  private static let words: Set<String> = [
    "accept", "add", "ah", "all", "and", "arp", "auto-merge", "bridge", "cgroup", "chain", "comment",
    "comp", "constant", "continue", "counter", "cpu", "create", "ct", "day", "dccp", "define", "delete",
    "describe", "device", "devices", "dnat", "drop", "dst", "dup", "dynamic", "ecn", "element", "elements",
    "eq", "esp", "ether", "exists", "expires", "export", "exthdr", "fib", "flags", "flow", "flowtable",
    "flush", "frag", "fwd", "gc-interval", "get", "goto", "gt", "handle", "hbh", "hook", "hour", "ibriport",
    "ibrname", "icmp", "icmpv6", "igmp", "iif", "iifgroup", "iifname", "iiftype", "import", "include",
    "index", "inet", "insert", "interval", "ip", "ip6", "ipsec", "jhash", "jump", "limit", "list", "log",
    "lt", "map", "mark", "masquerade", "meta", "meter", "mh", "missing", "monitor", "ne", "netdev",
    "nftrace", "not", "notrack", "numgen", "obriport", "obrname", "offload", "oif", "oifgroup", "oifname",
    "oiftype", "or", "osf", "pkttype", "policy", "position", "priority", "queue", "quota", "random",
    "redefine", "redirect", "reject", "rename", "replace", "reset", "return", "rt", "rt0", "rt2",
    "rtclassid", "rule", "ruleset", "sctp", "secmark", "set", "size", "skgid", "skuid", "snat", "socket",
    "srh", "symhash", "synproxy", "table", "tcp", "th", "time", "timeout", "tproxy", "type", "typeof",
    "udp", "udplite", "undefine", "update", "vlan", "vmap", "xor", "xt",
  ]
}
