import ChildProcess
import Foundation
import Testing

/// What exists becomes a part of an inventory, and nothing that a person has written changes.
@Suite struct ImportCommandTests {
  private func run(_ script: String) throws -> (status: Int32, output: String) {
    let directory = FileManager.default.temporaryDirectory.appending(path: "import-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let told = ChildProcess.run(
      ["sh", "-c", "cd '\(directory.path)' && PATH='\(ChildProcess.products)':$PATH; \(script)"])
    return (told.status, told.output)
  }

  private static let inventory =
    "mkdir inventory; printf 'version: 1\\nhosts:\\n  db-1: {addresses: [10.0.3.11]}\\n' > inventory/mine.yaml;"

  @Test func `what is written to standard output is an inventory`() throws {
    let told = try run(
      "printf '127.0.0.1 localhost\\n10.0.3.11 DB-1\\n' > hosts; sekisho import hosts hosts > made.yaml && sekisho check -i made.yaml"
    )
    #expect(told.status == 0)
    #expect(told.output.contains("hosts:1:1: left out: 127.0.0.1"), "\(told.output)")
    #expect(told.output.contains("hosts:2:1: `DB-1` is named `db-1`"), "\(told.output)")
    #expect(told.output.hasSuffix("sound: 1 host, 0 flows, 0 services\n"), "\(told.output)")
  }

  @Test(arguments: [
    ("sockets", "sekisho suggest --of sockets"),
    ("yaml", "there are hosts, csv, ansible, terraform and nft"),
  ])
  func `what is no kind of file leads to what is meant`(kind: String, help: String) throws {
    let told = try run("touch file; sekisho import \(kind) file")
    #expect(told.status == 64 && told.output.contains(help), "\(told.output)")
  }

  @Test func `what is new is a file of its own, shown as a change and written when it is asked for`() throws {
    let told = try run(
      """
      \(Self.inventory) cp -r inventory before
      printf 'name,ip,groups\\ndb-1,10.0.3.11,db\\nweb-1,10.0.1.11,web\\n' > a.csv
      sekisho import csv a.csv --into inventory -q > change; echo $?; ls inventory
      git apply -p0 --check change && echo applies; cat change
      sekisho import csv a.csv --into inventory --write -q > /dev/null; echo $?; ls inventory
      diff before/mine.yaml inventory/mine.yaml && sekisho check -i inventory
      printf 'name,ip\\nweb-2,10.0.1.12\\n' | sekisho import csv - --into inventory --write -q > /dev/null; ls inventory
      sekisho import csv a.csv --into inventory --write; ls inventory
      """)
    let parts = told.output.components(separatedBy: "\n")
    #expect(parts.prefix(3) == ["0", "mine.yaml", "applies"], "\(told.output)")
    #expect(
      told.output.contains("+++ inventory/imported-csv.yaml\n@@ -0,0 +1,4 @@\n+# Imported from a.csv.\n"),
      "\(told.output)")
    #expect(told.output.contains("0\nimported-csv.yaml\nmine.yaml\n"), "\(told.output)")
    #expect(told.output.contains("sound: 2 hosts"), "\(told.output)")
    #expect(told.output.contains("0 new hosts; 2 there already with the same addresses"), "\(told.output)")
    #expect(told.output.hasSuffix("imported-csv-2.yaml\nimported-csv.yaml\nmine.yaml\n"), "\(told.output)")
  }

  @Test func `a contradiction is an error with both places, and nothing is written`() throws {
    let told = try run(
      """
      \(Self.inventory) printf '10.0.3.12 db-1\\n10.0.1.11 web-1\\n' > hosts
      sekisho import hosts hosts --into inventory --write; echo $?; ls inventory
      sekisho import hosts hosts --into inventory --write --json 2> /dev/null | jq -c '[.error.code, .error.diagnostics[0].line]'
      """)
    #expect(
      told.output.contains(
        "hosts:1:1: error: `db-1` has 10.0.3.12 here, and 10.0.3.11 at inventory/mine.yaml:3:3\n   1 | 10.0.3.12 db-1\n"
      ),
      "\(told.output)")
    #expect(told.output.hasSuffix("1\nmine.yaml\n[\"mistakes\",1]\n"), "\(told.output)")
  }

  @Test func `an inventory with mistakes, or none, is not added to`() throws {
    let told = try run(
      """
      \(Self.inventory) echo 'flows: {a: {}}' > inventory/b.yaml; printf '10.0.1.11 web-1\\n' > hosts
      sekisho import hosts hosts --into inventory --write > /dev/null 2>&1; echo $?; ls inventory
      sekisho import hosts hosts --into nowhere --write; echo $?
      sekisho import hosts hosts --into inventory/mine.yaml --write; echo $?; cat inventory/mine.yaml
      """)
    #expect(told.output.hasPrefix("1\nb.yaml\nmine.yaml\n"), "\(told.output)")
    #expect(
      told.output.hasSuffix("1\nversion: 1\nhosts:\n  db-1: {addresses: [10.0.3.11]}\n"), "\(told.output)")
  }

  @Test func `programs are told the same`() throws {
    let told = try run(
      """
      printf '127.0.0.1 localhost\\n10.0.3.11 DB-1\\n' > hosts
      sekisho import hosts hosts --json 2> /dev/null | jq -c '[.hosts[0].name, .hosts[0].place, (.remarks | length), .is_written, .format_version]'
      sekisho import hosts hosts --json 2> /dev/null | jq -r .inventory
      """)
    #expect(
      told.output.hasPrefix("[\"db-1\",\"hosts:2:1\",2,false,1]\n# Imported from hosts.\n"), "\(told.output)")
  }

  @Test func `a file that is no JSON is given to ansible-inventory, without a shell`() throws {
    let told = try run(
      """
      mkdir bin; printf '#!/bin/sh\\necho "$#:$1:$2:$3" >&2; cat list.json\\n' > bin/ansible-inventory; chmod +x bin/ansible-inventory
      echo '{"_meta": {"hostvars": {"web-1": {"ansible_host": "10.0.1.11"}}}, "web": {"hosts": ["web-1"]}}' > list.json
      printf '[web]\\nweb-1 ansible_host=10.0.1.11\\n' > 'si te;.ini'
      PATH=$PWD/bin:$PATH sekisho import ansible 'si te;.ini' 2> /dev/null
      sekisho import ansible list.json > other; tail -1 other
      PATH=$(dirname "$(command -v sekisho)") sekisho import ansible 'si te;.ini'; echo $?
      """)
    let line = "  web-1: {addresses: [\"10.0.1.11\"], groups: [web], ssh: \"10.0.1.11\"}\n"
    #expect(
      told.output.hasPrefix("# Imported from si te;.ini.\nversion: 1\nhosts:\n\(line)"), "\(told.output)")
    #expect(told.output.contains("1 new host\n\(line)"), "\(told.output)")
    #expect(told.output.contains("ansible-inventory -i FILE --list > list.json"), "\(told.output)")
    #expect(told.output.hasSuffix("\n1\n"), "\(told.output)")
  }

  @Test func `input that is too long, or not there, is refused`() throws {
    let told = try run("sekisho import csv /dev/zero; echo $?; sekisho import csv nosuch; echo $?")
    #expect(told.output.contains("error: /dev/zero: cannot read: "), "\(told.output)")
    #expect(told.output.contains("error: nosuch: cannot read: "), "\(told.output)")
  }

  /// As somebody has written it, in a kernel of its own.
  private static let ruleset = """
    table inet filter {
      set admins { type ipv4_addr; flags interval; elements = { 203.0.113.0/24, 198.51.100.7 } }
      chain input {
        type filter hook input priority filter; policy drop;
        ct state established,related accept
        iif lo accept
        tcp dport { 80, 443 } accept
        ip saddr @admins tcp dport 22 accept
        iifname "eth1" udp dport 161 accept
        icmp type echo-request limit rate 5/second accept
      }
      chain forward { type filter hook forward priority filter; policy drop; }
      chain output {
        type filter hook output priority filter; policy drop;
        ct state established,related accept
        ip daddr 10.0.0.0/8 meta l4proto { tcp, udp } th dport 53 accept
      }
    }
    """

  @Test func `a ruleset of the kernel is read by its meaning, and what it says beyond is told with the rule`()
    throws
  {
    let told = try run(
      """
      cat > rules.nft <<'END'
      \(Self.ruleset)
      END
      unshare --user --map-root-user --net sh -c 'nft -f rules.nft && nft -j list ruleset' > dump.json
      sekisho import nft dump.json --host web-1 --address 10.0.1.11 > made.yaml 2> said; echo $?; cat made.yaml
      grep -c 'dump.json: inet filter input rule 5: iifname "eth1" udp dport 161 accept: left out' said
      grep -c 'input rule 6: .*limit.*: left out, because it depends on more than the connection: in icmp from' said
      sekisho check -i made.yaml | grep -c 'why'; sed -i 's/why: ""/why: It is so today/' made.yaml; sekisho check -i made.yaml
      sekisho compile -i made.yaml -o out -q && sekisho diff dump.json out --host web-1 | grep -c '^ *+ '
      """)
    let made = """
      0
      # Imported from dump.json, by what it means. Each flow awaits its `why`.
      version: 1
      hosts:
        web-1: {addresses: ["10.0.1.11"], forwarding: deny}
      networks:
        admins: {prefixes: ["198.51.100.7", "203.0.113.0/24"]}
        anywhere: {prefixes: ["0.0.0.0/0"]}
        net-10-0-0-0-8: {prefixes: ["10.0.0.0/8"]}
      services:
        tcp-22: tcp/22
        tcp-443: tcp/443
        tcp-53: tcp/53
        tcp-80: tcp/80
        udp-53: udp/53
      flows:
        admins-to-web-1:
          from: admins
          to: web-1
          service: tcp-22
          why: ""
        anywhere-to-web-1:
          from: anywhere
          to: web-1
          service: [tcp-80, tcp-443]
          why: ""
        web-1-to-net-10-0-0-0-8:
          from: web-1
          to: net-10-0-0-0-8
          service: [tcp-53, udp-53]
          why: ""

      """
    #expect(told.output.hasPrefix(made), "\(told.output)")
    #expect(told.output.contains("sound: 1 host, 3 flows"), "\(told.output)")
    #expect(told.output.hasSuffix("0\n"), "\(told.output)")
  }

  @Test func `a ruleset needs a host with an address`() throws {
    let told = try run(
      """
      \(Self.inventory) echo '{"nftables": []}' > none.json
      sekisho import nft none.json; echo $?
      sekisho import nft none.json --host web-1; echo $?
      sekisho import nft none.json --host db-1 --address 10.0.3.12 --into inventory; echo $?
      sekisho import nft none.json --host db-1 --into inventory -q > change; echo $?; grep -c '^+    to: db-1' change
      sekisho import hosts none.json --host web-1; echo $?
      """)
    for words in [
      "name it with --host", "`web-1` has no address",
      "`db-1` has 10.0.3.12 here, and 10.0.3.11 at inventory/mine.yaml:3:3",
      "0\n1\n", "belong to nft",
    ] {
      #expect(told.output.contains(words), "\(words): \(told.output)")
    }
  }
}
