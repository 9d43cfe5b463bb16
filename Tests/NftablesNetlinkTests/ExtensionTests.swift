import ChildProcess
import Foundation
import Goldens
import Netlink
import Nftables
import NftablesNetlink
import Testing

/// Matches and targets of iptables, from the rule that people write to the bytes that the kernel tells and back to
/// words. `Tests/Golden/extensions` holds all three; the kernel confirms the bytes wherever iptables is there.
@Suite struct ExtensionTests {
  private static let families: [(name: String, family: Family, restore: String)] = [
    ("ipv4", .ipv4, "iptables-nft-restore"), ("ipv6", .ipv6, "ip6tables-nft-restore"),
  ]

  static let isIptablesHere = ChildProcess.run(["iptables-nft", "--version"]).status == 0

  /// Rules that are asked of the kernel: one extension each, in the chain that may have it.
  static func rules(_ family: Family) -> [String] {
    let address = family == .ipv4 ? "192.0.2.1" : "2001:db8::1"
    let prefix = family == .ipv4 ? "192.0.2.0/24" : "2001:db8::/32"
    let range = family == .ipv4 ? "192.0.2.1-192.0.2.9" : "2001:db8::1-2001:db8::9"
    let target = family == .ipv4 ? "192.0.2.1:8080" : "[2001:db8::1]:8080"
    let icmp = family == .ipv4 ? "icmp -m icmp --icmp-type" : "icmpv6 -m icmp6 --icmpv6-type"
    let notIcmp = family == .ipv4 ? "icmp -m icmp ! --icmp-type" : "icmpv6 -m icmp6 ! --icmpv6-type"
    let both = [
      "filter INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
      "filter INPUT -m conntrack ! --ctstate NEW,SNAT,DNAT,UNTRACKED,INVALID -j ACCEPT",
      "filter INPUT -m conntrack --ctstatus ASSURED,SEEN_REPLY -j ACCEPT",
      "filter INPUT -m conntrack --ctproto tcp --ctdir REPLY -j ACCEPT",
      "filter INPUT -m conntrack --ctorigsrc \(prefix) ! --ctorigdst \(address) -j ACCEPT",
      "filter INPUT -m conntrack --ctproto tcp --ctorigsrcport 1:10 ! --ctorigdstport 80 -j ACCEPT",
      "filter INPUT -m conntrack --ctproto tcp --ctreplsrcport 2 --ctrepldstport 3:4 -j ACCEPT",
      "filter INPUT -m conntrack --ctreplsrc \(address) --ctrepldst \(address) --ctexpire 1:2 -j ACCEPT",
      "filter INPUT -m state --state NEW,ESTABLISHED -j ACCEPT",
      "filter INPUT -p tcp -m tcp --dport 22 --tcp-option 8 -j ACCEPT",
      "filter INPUT -p tcp -m tcp ! --tcp-option 8 ! --sport 1:3 ! --tcp-flags SYN,ACK SYN -j ACCEPT",
      "filter INPUT -p tcp -m multiport --dports 22,80:90 -j ACCEPT",
      "filter INPUT -p udp -m multiport --sports 53 -j ACCEPT",
      "filter INPUT -p tcp -m multiport ! --ports 22,80:90 -j ACCEPT",
      "filter INPUT -p sctp -m sctp --dport 5:7 ! --sport 9 -j ACCEPT",
      "filter INPUT -m addrtype --dst-type LOCAL -j ACCEPT",
      "filter INPUT -m addrtype ! --src-type LOCAL --dst-type MULTICAST --limit-iface-in -j ACCEPT",
      "filter INPUT -p \(icmp) 3 -j ACCEPT", "filter INPUT -p \(icmp) 3/1 -j ACCEPT",
      "filter INPUT -p \(notIcmp) 3/1 -j ACCEPT",
      "filter INPUT -m iprange --src-range \(range) ! --dst-range \(range) -j ACCEPT",
      "filter INPUT -m connmark ! --mark 1/3 -j ACCEPT", "filter INPUT -m length --length 100:200 -j ACCEPT",
      "filter INPUT -m dscp --dscp 10 -j ACCEPT", "filter INPUT -m pkttype ! --pkt-type host -j ACCEPT",
      "filter INPUT -m comment --comment why -j ACCEPT",
      "filter OUTPUT -m owner --uid-owner 7-9 ! --gid-owner 5 -j ACCEPT",
      "filter INPUT -m recent --name x --rcheck -j ACCEPT",
      "filter INPUT -m statistic --mode random --probability 0.5 -j ACCEPT",
      "filter INPUT -m hashlimit --hashlimit-name x --hashlimit-upto 3/s -j ACCEPT",
      "filter INPUT -m mac --mac-source 02:00:00:00:00:01 -j ACCEPT",
      "filter INPUT -j LOG --log-prefix x", "filter INPUT -j MARK --set-mark 1", "filter INPUT -j REJECT",
      "filter INPUT -p tcp -j REJECT --reject-with tcp-reset", "filter INPUT -j CONNMARK --set-mark 1",
      "nat PREROUTING -p tcp -j DNAT --to-destination \(target)",
      "nat PREROUTING -j DNAT --to-destination \(address)",
      "nat PREROUTING -p tcp -j REDIRECT --to-ports 80-90", "nat POSTROUTING -j SNAT --to-source \(range)",
      "nat POSTROUTING -j MASQUERADE", "nat POSTROUTING -p tcp -j MASQUERADE --to-ports 7 --random",
      "raw PREROUTING -j CT --notrack", "raw PREROUTING -j CT --zone 3", "raw PREROUTING -j NOTRACK",
      "mangle PREROUTING -p tcp -j TPROXY --on-port 99 --on-ip \(address)",
      "mangle FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu",
      "mangle POSTROUTING -j CLASSIFY --set-class 1:2",
    ]
    return family == .ipv4
      ? both + [
        "filter INPUT -p icmp -m icmp --icmp-type any -j ACCEPT", "filter INPUT -m ttl --ttl-lt 5 -j ACCEPT",
        "filter INPUT -m addrtype --src-type BLACKHOLE,UNICAST -j ACCEPT",
        "filter INPUT -j REJECT --reject-with icmp-admin-prohibited",
        "nat PREROUTING -d 198.51.100.0/24 -j NETMAP --to 192.0.2.0/24",
      ]
      : both + [
        "filter INPUT -m hl --hl-eq 255 -j ACCEPT", "filter INPUT -m frag --fragfirst -j ACCEPT",
        "filter INPUT -j REJECT --reject-with icmp6-adm-prohibited",
      ]
  }

  @Test func `what the kernel tells of an extension is said in its words`() throws {
    for (name, family, _) in Self.families {
      let cases = try ExtensionCase.all(name)
      #expect(cases.count == Self.rules(family).count)
      for held in cases {
        let rule = Rule([held.expression(family)])
        #expect(try rule.text(in: family) == held.words, "\(held.rule)")
      }
    }
  }

  @Test(
    .rootNamespace, .enabled(if: isIptablesHere && KernelTrait.isPossibleAsRoot, "no iptables, or no root"))
  func `the kernel tells these bytes of these rules`() throws {
    let connection = try NftablesConnection()
    for (name, family, restore) in Self.families {
      var text = ""
      for rule in Self.rules(family) {
        let parts = rule.split(separator: " ", maxSplits: 1)
        let input = "*\(parts[0])\n-A \(parts[1])\nCOMMIT\n"
        let result = ChildProcess.run([restore], input: input)
        try #require(result.status == 0, "\(rule): \(result.output)")
        let table = try #require(try connection.table(family, try TableName(String(parts[0]))))
        let found = table.table.chains.flatMap(\.rules).flatMap(\.expressions).compactMap(ExtensionCase.bytes)
        let only = try #require(found.count == 1 ? found[0] : nil, "\(rule): \(found.count)")
        let words = try Rule([only.expression]).text(in: family)
        text += "\(rule)\n\t\(only.text)\n\t\(words)\n"
        _ = try nft("delete", "table", family == .ipv4 ? "ip" : "ip6", String(parts[0]))
      }
      if let fault = Golden.fault(text, "extensions/\(name).txt") { Issue.record("\(fault)") }
    }
  }

  @Test func `no structure is too short or too long to be read`() throws {
    for (name, family, _) in Self.families {
      for held in try ExtensionCase.all(name) {
        for revision in 0...4 {
          for count in 0...held.structure.count + 9 {
            let padded = held.structure + [UInt8](repeating: 0xff, count: 9)
            let expression = ExtensionCase(
              rule: held.rule, kind: held.kind, name: held.name, revision: UInt32(revision),
              structure: Array(padded.prefix(count)), words: ""
            ).expression(family)
            // A size that is not the structure's own says nothing: the match may hold.
            if case .matchExtension(let match) = expression, match.conditions == nil {
              #expect(!match.isExact && match.ways == [[]])
            }
          }
        }
      }
    }
  }
}

/// A rule, the extension in it, and what it is called.
struct ExtensionCase {
  let rule: String
  let kind: String
  let name: String
  let revision: UInt32
  let structure: [UInt8]
  let words: String

  static func all(_ name: String) throws -> [ExtensionCase] {
    let text = try String(
      contentsOfFile: "\(Golden.root)/Tests/Golden/extensions/\(name).txt", encoding: .utf8)
    let lines = text.split(separator: "\n")
    return try stride(from: 0, to: lines.count - 2, by: 3).map { index in
      let parts = lines[index + 1].trimmingCharacters(in: .whitespaces).split(
        separator: " ", omittingEmptySubsequences: false)
      try #require(parts.count == 4)
      return ExtensionCase(
        rule: String(lines[index]), kind: String(parts[0]), name: String(parts[1]),
        revision: try #require(UInt32(parts[2])),
        structure: NftablesNetlinkTests.bytes(hex: String(parts[3])),
        words: lines[index + 2].trimmingCharacters(in: .whitespaces))
    }
  }

  func expression(_ family: Family) -> Nftables.Expression {
    kind == "match"
      ? .matchExtension(MatchExtension(name: name, revision: revision, structure: structure, family: family))
      : .targetExtension(
        TargetExtension(name: name, revision: revision, structure: structure, family: family))
  }

  /// An extension as a line of the golden has it; `nil` for another expression.
  static func bytes(of expression: Nftables.Expression) -> (expression: Nftables.Expression, text: String)? {
    switch expression {
    case .matchExtension(let held):
      (expression, "match \(held.name) \(held.revision) \(hex(held.structure))")
    case .targetExtension(let held):
      (expression, "target \(held.name) \(held.revision) \(hex(held.structure))")
    default: nil
    }
  }

  private static func hex(_ bytes: [UInt8]) -> String {
    bytes.map { String($0 >> 4, radix: 16) + String($0 & 0xf, radix: 16) }.joined()
  }
}
