import Testing

/// What `diff` and `read` say of the connections that a kernel lets pass.
@Suite(.enabled(if: Shell.obstacle == nil, "\(Shell.obstacle ?? "")"))
struct RunningMeaningTests {
  private static let inventory = """
    version: 1
    services: {ssh: tcp/22, https: tcp/443}
    networks: {office: {prefixes: [203.0.113.0/24]}}
    hosts:
      a: {addresses: [10.0.0.1, "2001:db8::1"]}
      b: {addresses: [10.0.0.2, "2001:db8::2"], groups: [b-group]}
      c: {addresses: [10.0.0.3], groups: [b-group]}
    flows:
      b-to-a: {from: b-group, to: a, service: ssh, why: test}

    """
  private static let office = "  office-to-a: {from: office, to: a, service: https, why: test}\n"

  /// What somebody does to the table of an enforced host, and what is said of it.
  static let meddlings: [(command: String, words: [String])] = [
    (
      "nft insert rule inet sekisho input tcp dport 4444 accept",
      [
        "- b-group (2 hosts) → a  tcp/4444", "- any other IPv4 → a  tcp/4444",
        "- any other IPv6 → a  tcp/4444",
      ]
    ),
    (
      "nft add element inet sekisho b-group.v4 '{ 6.6.6.6 }'",
      ["- 6.6.6.6 → a  ssh (tcp/22)  b-to-a"]
    ),
    ("nft delete element inet sekisho in '{ tcp . 22 }'", ["+ b-group (2 hosts) → a  ssh (tcp/22)"]),
    (
      "nft insert rule inet sekisho in.ssh ip saddr 6.6.6.6 counter accept comment '\"odd\"'",
      ["- 6.6.6.6 → a  ssh (tcp/22)  odd"]
    ),
    ("nft flush chain inet sekisho in.ssh", ["+ b-group (2 hosts) → a  ssh (tcp/22)"]),
    (
      "nft insert rule inet sekisho input tcp dport 4444 limit rate 5/second accept",
      [
        "May open or close, depending on more than the connection",
        "- b-group (2 hosts) → a  tcp/4444", "- any other IPv4 → a  tcp/4444",
      ]
    ),
    ("nft insert rule inet sekisho in/deny counter comment '\"odd\"'", ["no change in meaning"]),
    (
      "nft 'add table ip other; add chain ip other i { type filter hook input priority 5; policy accept; }; "
        + "add rule ip other i tcp dport 22 drop'; nft delete element inet sekisho in '{ tcp . 22 }'",
      ["+ b → a  ssh (tcp/22), IPv6 only", "table ip other filters too, on a"]
    ),
  ]

  @Test(arguments: meddlings)
  func `what somebody changed on a host is told by what it lets pass`(command: String, words: [String]) throws
  {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      let result = try shell.run(
        """
        ip address add 10.0.0.1 dev lo
        sekisho apply --no-trial --local --host a --yes -q
        \(command)
        status=0; sekisho diff --local --host a || status=$?; test $status = 2
        sekisho diff --local --host a --json > json || true; grep -c '"meaning"' json
        sekisho apply --no-trial --local --host a --yes -q; sekisho diff --local --host a
        """)
      #expect(result.status == 0, "\(result.all)")
      for word in words { #expect(result.all.contains(word), "\(result.all)") }
    }
  }

  @Test func `a change of the inventory is told with its flow and its place, both ways`() throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      try shell.write("more.yaml", Self.office)
      let result = try shell.run(
        """
        ip address add 10.0.0.1 dev lo
        sekisho apply --no-trial --local --host a --yes -q
        cp inventory/all.yaml was; cat more.yaml >> inventory/all.yaml
        sekisho diff || test $? = 2; sekisho apply --no-trial --local --host a --yes
        cp was inventory/all.yaml
        sekisho diff || test $? = 2
        """)
      #expect(result.status == 0, "\(result.all)")
      let opened = "+ office → a  https (tcp/443)  office-to-a, inventory/all.yaml:10"
      #expect(
        result.output.split(separator: opened, omittingEmptySubsequences: false).count == 3, "\(result.all)")
      #expect(result.output.contains("- office → a  https (tcp/443)  office-to-a"), "\(result.all)")
    }
  }

  @Test func `an apply after which nobody could log in is refused, unless it is told otherwise`() throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      let result = try shell.run(
        """
        ip address add 10.0.0.1 dev lo; ip address add 2001:db8::1 dev lo
        sed -i 's/service: ssh/service: https/' inventory/all.yaml
        refused() {
          status=0; sekisho apply --no-trial --local --host a --yes > said 2>&1 || status=$?; test $status = 6
          grep '^nobody can log in to a by ssh (tcp/22) any more$' said
          grep 'nobody can log in to a by ssh (tcp/22) any more; nothing was applied; add a flow, or give --allow-lockout a' said
          status=0; sekisho apply --no-trial --local --host a --yes --json > json || status=$?; test $status = 6
          grep '"code" : "lockout"' json
        }
        refused; test -z "$(nft list tables)"; grep 'Findings about what changes' said
        sed -i 's/service: https/service: ssh/' inventory/all.yaml; sekisho apply --no-trial --local --host a --yes -q
        sed -i 's/service: ssh/service: https/' inventory/all.yaml; nft -s list ruleset > before
        refused; grep '! nobody can log in' said; nft -s list ruleset | cmp - before
        sekisho diff --out plan || test $? = 2; status=0; sekisho apply --no-trial plan || status=$?; test $status = 6
        sekisho apply --no-trial --local --host a --yes --allow-lockout a; nft list ruleset | grep in.https
        """)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test func `a kernel's own ruleset is read, ours and others'`() throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      let result = try shell.run(
        """
        ip address add 10.0.0.1 dev lo; ip address add 2001:db8::1 dev lo
        nft 'add table inet hand; add chain inet hand i { type filter hook input priority 0; policy drop; };
          add rule inet hand i ct state established,related accept; add rule inet hand i tcp dport 22-23 accept'
        sekisho read --allows
        sekisho apply --no-trial --local --host a --yes -q
        sekisho read --allows; sekisho read --allows -i inventory
        nft -j list ruleset > hand.json; sekisho read --allows --json > kernel; sekisho read hand.json > text
        sekisho read > own; cmp own text
        """)
      #expect(result.status == 0, "\(result.all)")
      #expect(result.output.contains("+ any IPv4 → here  tcp/22-23"), "\(result.all)")
      #expect(result.output.contains("+ @b-group.v4 → here  tcp/22"), "\(result.all)")
      #expect(result.output.contains("+ b-group (2 hosts) → a  tcp/22"), "\(result.all)")
    }
  }

  /// A chain ahead of the IP layer may drop anything: what is behind it is no longer certain.
  @Test(arguments: [
    "table netdev x { chain i { type filter hook ingress device lo priority 0; RULE }; }",
    "table bridge x { chain i { type filter hook input priority 0; RULE }; }",
  ])
  func
    `beside a rule ahead of the IP layer nothing is told as certain, and beside a chain without rules all is`(
      table: String
    ) throws
  {
    try withShell { shell in
      let result = try shell.run(
        """
        # A file says nothing of it.
        for setting in ipv4/ip_forward ipv6/conf/all/forwarding; do echo 1 >/proc/sys/net/$setting; done
        nft 'table inet mine { chain i { type filter hook input priority 0; policy drop; tcp dport 22 accept; }; }'
        sekisho read --allows > before; grep '+ any IPv4 → any IPv4  tcp/22' before; (! grep perhaps before)
        nft '\(table.replacing("RULE", with: ""))'
        sekisho read --allows > after; cmp before after; nft flush ruleset
        nft 'table inet mine { chain i { type filter hook input priority 0; policy drop; tcp dport 22 accept; }; }'
        nft '\(table.replacing("RULE", with: "meta l4proto udp drop;"))'
        sekisho read --allows > after; grep '~ any IPv4 → any IPv4  tcp/22' after; (! grep '  + ' after)
        nft -j list ruleset > dump.json; sekisho read dump.json --allows | diff - after
        """)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test func `a damaged dump is judged as a dump, and an observing host is not called closed`() throws {
    try withShell { shell in
      try shell.write(
        "inventory/all.yaml", Self.inventory.replacing("::1\"]}", with: "::1\"], mode: observe}"))
      let result = try shell.run(
        """
        ip address add 10.0.0.1 dev lo
        echo '{"nftables": [{"table": {"family": "inet", "name": "t"}}, {"chain": {"family": "inet",' \\
          '"table": "t", "name": "c", "type": "filter", "hook": "nowhere", "prio": 0}}]}' > bad.json
        sed 's/"table": "t"/"table": "u"/' bad.json > worse.json
        status=0; sekisho diff worse.json inventory --host a 2> said || status=$?; test $status = 1
        grep 'there is no table inet u' said; (! grep version: said)
        status=0; sekisho diff bad.json inventory --host a 2> said > told || status=$?; test $status = 2
        grep 'no hook is called' said; grep 'May open or close' told
        status=0; sekisho diff --local --host a > first || status=$?; test $status = 2
        grep -c 'everything: what no flow allows is only recorded' first | grep -x 2
        """)
      #expect(result.status == 0, "\(result.all)")
    }
  }
}
