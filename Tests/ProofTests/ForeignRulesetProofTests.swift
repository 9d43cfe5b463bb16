import ConnectionSpace
import LabHarness
import RulesetSpace
import Testing

extension KernelProof {
  /// Rulesets of others in which what a chain sees is not what the client has sent, or keys are not what they seem.
  @Suite struct ForeignRulesetProofTests {
    private static let usual = "ct state established,related accept; meta l4proto ipv6-icmp accept;"

    /// A ruleset of the gate, and whether it is known for certain what it does.
    struct Case: CustomTestStringConvertible, Sendable {
      let name: String
      let isCertain: Bool
      /// The link that packets are said to come by; `nil`: any.
      let input: String?
      /// Of what comes in.
      let replies: RepliesPass
      let rules: String

      init(
        _ name: String, isCertain: Bool = true, input: String? = "eth0", replies: RepliesPass = .all,
        _ rules: String
      ) {
        (self.name, self.isCertain, self.input) = (name, isCertain, input)
        (self.replies, self.rules) = (replies, rules)
      }

      var testDescription: String { name }
    }

    private static let cases = [
      Case(
        "chains behind translation of sources", replies: .notAll,
        """
        table inet t {
        chain nat { type nat hook postrouting priority 100; ip daddr 10.0.9.1 tcp dport { 80, 443, 8080 } snat ip to 10.0.0.254; }
        chain post { type filter hook postrouting priority 150; ip saddr 10.0.0.1 tcp dport { 80, 81 } drop; ip saddr 10.0.0.254 tcp dport 8080 drop; }
        chain mine { type nat hook input priority 100; tcp dport { 80, 443 } snat ip to 10.0.0.77; }
        chain in { type filter hook input priority 150; ip saddr 10.0.0.1 tcp dport { 80, 8080 } drop; ip saddr 10.0.0.77 tcp dport 443 drop; }
        chain ahead { type filter hook input priority 50; ip saddr 10.0.0.77 drop; }
        }
        """),
      Case(
        "masquerading",
        """
        table ip n { chain p { type nat hook postrouting priority 100; tcp dport != 8443 masquerade; }; }
        table ip t { chain p { type filter hook postrouting priority 150; ip saddr 10.0.0.1 tcp dport { 80, 8443 } drop; ip saddr 10.0.0.254 tcp dport 81 drop; }; }
        """),
      Case(
        "the link that forwarded packets came by, behind the last hook",
        """
        table inet t { chain p { type filter hook postrouting priority 0; iifname "eth0" tcp dport 80 drop; iifname != "eth0" tcp dport 443 drop; iifname "eth0" tcp dport 8080 accept; tcp dport 8080 drop; }; }
        """),
      Case(
        "ranges of concatenated keys, and masks ahead of them",
        """
        table inet t {
        set s { typeof ip saddr . tcp dport; elements = { 10.0.0.1 . 80, 10.0.0.0 . 81 }; }
        chain pre { type nat hook prerouting priority -100; ip6 daddr 2001:db8::fe tcp dport 8080 dnat ip6 to [2001:db8:9::1]:80; }
        chain on { type filter hook forward priority 0; policy drop; \(usual) ip6 daddr . tcp dport { 2001:db8:9::1-2001:db8:9::1:0:0 . 80 } accept; }
        chain in { type filter hook input priority 0; policy drop; \(usual) ip saddr & 255.255.255.0 . tcp dport @s accept; }
        }
        """),
      Case(
        "fragments, further headers, and what is written into headers that nobody asks for",
        """
        table inet t {
        counter c { }
        chain early { type filter hook prerouting priority -300; ip frag-off & 0x1fff != 0 drop; exthdr frag exists drop; rt type 0 drop; ip dscp set cs1; tcp flags syn tcp option maxseg size set 1300; counter name "c"; }
        chain in { type filter hook input priority 0; policy drop; \(usual) tcp dport 80 accept; }
        chain on { type filter hook forward priority 0; policy drop; \(usual) tcp dport 81 accept; }
        }
        """),
      Case(
        "what no reply looks like", input: nil,
        """
        table inet t {
        chain in { type filter hook input priority 0; policy drop; iif != "lo" ip saddr 127.0.0.0/8 drop; tcp flags & (fin|syn) == (fin|syn) drop; tcp flags & (fin|syn|rst|psh|ack|urg) == 0x0 drop; ip saddr { 0.0.0.0/8, 224.0.0.0/4, 240.0.0.0/4 } drop; fib saddr . iif oif missing drop; \(usual) tcp dport 80 accept; }
        chain on { type filter hook forward priority 0; policy drop; fib saddr . iif oif missing drop; \(usual) tcp dport 81 accept; }
        }
        """),
      Case(
        "replies that do not pass", replies: .notAll,
        """
        table inet t { chain in { type filter hook input priority 0; policy drop; tcp flags & (fin|ack) == (fin|ack) drop; \(usual) tcp dport 80 accept; }; }
        """),
      Case(
        "replies of which it is not known", isCertain: false, replies: .perhaps,
        """
        table inet t { chain in { type filter hook input priority 0; policy drop; ip ttl < 5 drop; \(usual) tcp dport 80 accept; }; }
        """),
      Case(
        "a chain that is called ahead of translation, or behind it", isCertain: false, replies: .notAll,
        """
        table ip n { chain p { type nat hook prerouting priority -100; ip daddr 10.0.0.254 tcp dport { 8080, 8443 } redirect to :80; }; }
        table inet t {
        chain p { type filter hook prerouting priority -100; ip daddr 10.0.0.254 tcp dport 8080 drop; }
        chain in { type filter hook input priority 0; policy drop; \(usual) tcp dport 80 accept; }
        }
        """),
      Case(
        "of two that translate at one priority, either is first", isCertain: false,
        """
        table ip n1 { chain p { type nat hook prerouting priority -100; ip daddr 10.0.0.254 tcp dport { 8080, 8443 } redirect to :80; }; }
        table ip n2 { chain p { type nat hook prerouting priority -100; ip daddr 10.0.0.254 tcp dport 8080 redirect to :81; }; }
        table inet t { chain in { type filter hook input priority 0; policy drop; \(usual) tcp dport 80 accept; }; }
        """),
      Case(
        "sets and maps whose elements are counted",
        """
        table inet t {
        set a { type ipv4_addr; flags interval; counter; elements = { 10.0.0.1, 10.0.3.0/24 }; }
        map d { type inet_service : verdict; counter; elements = { 81 : accept, 443 : drop }; }
        chain in { type filter hook input priority 0; policy drop; \(usual) tcp dport 80 ip saddr @a accept; tcp dport vmap @d; tcp dport 8080 accept; }
        }
        """),
      Case(
        "limits and quotas that have names", isCertain: false,
        """
        table inet t {
        limit l { rate 1/hour burst 1 packets; }
        quota q { over 1 bytes; }
        quota u { until 1 bytes; }
        chain in { type filter hook input priority 0; policy drop; \(usual) tcp dport 80 limit name "l" accept; tcp dport 81 quota name "q" drop; tcp dport 81 accept; tcp dport 443 quota name "u" accept; tcp dport 8080 accept; }
        }
        """),
      Case(
        "what connection tracking has seen of a header that was written ahead of it", isCertain: false,
        replies: .perhaps,
        """
        table ip raw { chain p { type filter hook prerouting priority -300; ip daddr 10.0.0.254 tcp dport 8080 tcp dport set 81; }; }
        table inet t { chain in { type filter hook input priority 0; policy drop; \(usual) meta l4proto tcp ct original proto-dst 81 accept; }; }
        """),
      Case(
        "headers that an earlier chain writes", isCertain: false, replies: .perhaps,
        """
        table ip raw { chain p { type filter hook prerouting priority -300; ip daddr 10.0.0.254 tcp dport 8080 tcp dport set 80; ip daddr 10.0.9.1 tcp dport 80 ip saddr set 10.0.0.2; }; }
        table inet t {
        chain in { type filter hook input priority 0; policy drop; \(usual) tcp dport 80 accept; }
        chain on { type filter hook forward priority 0; policy drop; \(usual) ip saddr 10.0.0.1 accept; }
        }
        """),
    ]

    @Test(arguments: cases) func `packets do what the space of a ruleset says`(one: Case) async throws {
      try await withProofLab(try loaded(GateProof.inventory), try labRights()) { proof in
        let gate = try await GateProof(one.rules, input: one.input, in: proof)
        let replies = try RepliesPass(gate.tables, .ingress, gate.circumstances, in: gate.universe)
        #expect(replies == one.replies, "\(one.name)")
        let certain = try await gate.hold(one.name, isCertain: one.isCertain, in: proof)
        #expect(one.isCertain || certain > 0 && certain < GateProof.attempts.count, "\(one.name)")
      }
    }
  }
}
