import Foundation
import Testing

/// What is said of a policy and of a host that enforces it.
@Suite(.enabled(if: Shell.obstacle == nil, "\(Shell.obstacle ?? "")"))
struct AnswerTests {
  /// Networks within networks, and hosts within networks: what holds for one address need not for another.
  @Test func `no verdict on a network holds for one of its addresses alone`() throws {
    try withShell { shell in
      try shell.write(
        "inventory/all.yaml",
        """
        version: 1
        services: {ssh: tcp/22, web: tcp/80, dns: udp/53}
        networks:
          world: {prefixes: [0.0.0.0/0, "::/0"], except: [managed]}
          site: {prefixes: [10.0.0.0/16]}
          desks: {prefixes: [198.51.100.0/24]}
          desk: {prefixes: [198.51.100.7]}
        hosts:
          a: {addresses: [10.0.0.1, "2001:db8::1"]}
          b: {addresses: [10.0.0.2]}
          c: {addresses: [10.0.0.3]}
        flows:
          all: {from: world, to: a, service: web, why: test}
          few: {from: desk, to: a, service: ssh, why: test}
          more: {from: desks, to: b, service: ssh, why: test}
          near: {from: site, to: a, service: dns, why: test}
          host: {from: b, to: a, service: ssh, why: test}
        """)
      func question(_ from: String, _ to: String, _ protocol: String, _ port: Int) -> String {
        #"{"from":"\#(from)","to":"\#(to)","protocol":"\#(`protocol`)","port":\#(port)}"# + "\n"
      }
      try shell.write(
        "questions",
        question("world", "a", "tcp", 80) + question("world", "a", "tcp", 22)
          + question("desks", "a", "tcp", 22) + question("desk", "a", "tcp", 22)
          + question("desks", "a", "tcp", 23) + question("site", "a", "tcp", 22)
          + question("site", "b", "tcp", 22) + question("desks", "b", "tcp", 22)
          + question("site", "a", "udp", 53))
      let batch = try shell.run("sekisho explain --batch questions")
      #expect(batch.status == 1)
      let lines = batch.output.split(separator: "\n").map(String.init)
      for line in lines {
        #expect((try? JSONSerialization.jsonObject(with: Data(line.utf8))) != nil, "\(line)")
      }
      let verdicts = lines.map { line in
        line.contains("allowed in part")
          ? "part" : line.contains(#""verdict":"allowed""#) ? "allowed" : "denied"
      }
      // The hosts of the site have no flow to ask a for names: only b may speak to it, by ssh.
      #expect(
        verdicts == ["allowed", "part", "part", "allowed", "denied", "part", "denied", "allowed", "part"],
        "\(batch.all)")
      #expect(lines[2].contains("198.51.100.7 → 10.0.0.1 tcp/22 is allowed"))
      #expect(lines[2].contains("198.51.100.1 → 10.0.0.1 tcp/22 is denied"))
      #expect(lines[5].contains("10.0.0.2 → 10.0.0.1 tcp/22 is allowed"))
      #expect(lines[8].contains("10.0.0.2 → 10.0.0.1 udp/53 is denied"))

      let one = try shell.run("sekisho explain desks a ssh; sekisho explain desks a ssh --json")
      #expect(one.output.contains("in part  desks → a ssh"), "\(one.all)")
      #expect(one.output.contains("allowed  198.51.100.7 → 10.0.0.1"), "\(one.all)")
      #expect(one.output.contains("denied  198.51.100.1 → 10.0.0.1"), "\(one.all)")
      #expect(one.output.contains(#""verdict" : "in part""#), "\(one.all)")
      let whole = try shell.run("sekisho explain world a web")
      #expect(whole.output.hasPrefix("allowed") && !whole.output.contains("denied"), "\(whole.all)")
      // A way to itself is no part of a host's question about the network it is in.
      let own = try shell.run("sekisho explain c site ssh")
      #expect(own.output.hasPrefix("denied") && !own.output.contains("loopback"), "\(own.all)")
    }
  }

  @Test func `status says what is loaded, in which mode, and what it has denied`() throws {
    try withShell { shell in
      try shell.write(
        "inventory/all.yaml",
        CommandLineTests.inventory.replacingOccurrences(
          of: "groups: [left]}", with: "groups: [left], mode: {egress: observe}, deny: reject}"))
      let result = try shell.run(
        """
        ip link set lo up; ip address add 10.0.0.1 dev lo
        sekisho status | grep "no table, nothing is enforced"
        sekisho status -i inventory | grep "a: no table"
        sekisho apply --no-trial --local --host a --yes -q
        sekisho status > alone; grep "input    enforce  0 packets denied, 0 peers and ports recorded" alone
        grep "output   observe  0 packets would be denied" alone; (! grep should alone)
        sekisho status --local --host a > same; grep "as it should be" same; grep "sets, .* elements" same
        # Somebody is denied.
        ip link add v0 type veth peer name v1; ip address add 192.0.2.1/24 dev v0; ip link set v0 up
        ip link set v1 up
        echo '{"id":1,"request":"probe","attempts":[{"protocol":17,"to":"192.0.2.9","port":99}]}' | sekisho agent > probed
        sekisho status | grep "output   observe  [1-9].* would be denied, 1 peer and port recorded"
        nft insert rule inet sekisho input accept
        sekisho status -i inventory | grep "a: differs in 1 object "
        nft add table inet sekisho '{ flags dormant; }'; sekisho status | grep "switched off"
        nft add table ip other; nft add chain ip other c '{ type filter hook input priority 0; }'
        sekisho status | grep "other tables filter too: ip other"
        status=0; sekisho status --local --host b > said 2>&1 || status=$?; test $status = 1
        grep "not b" said
        """)
      #expect(result.status == 0, "\(result.all)")
      let json = try shell.run(
        "ip address add 10.0.0.1 dev lo; sekisho apply --no-trial -q --local --host a --yes; sekisho status --json -i inventory"
      )
      let file = try #require(
        try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any], "\(json.all)")
      let host = try #require((file["hosts"] as? [[String: Any]])?.first)
      #expect(host["status"] as? String == "same")
      let directions = try #require((host["table"] as? [String: Any])?["directions"] as? [[String: Any]])
      #expect(directions.map { $0["mode"] as? String } == ["enforce", "observe"])
    }
  }
}
