import Testing

/// A saved diff: what was shown is what is applied, or nothing is.
@Suite(.enabled(if: Shell.obstacle == nil, "\(Shell.obstacle ?? "")"))
struct PlanTests {
  private static let inventory = """
    version: 1
    services: {ssh: tcp/22, https: tcp/443}
    hosts:
      a: {addresses: [10.0.0.1]}
      b: {addresses: [10.0.0.2]}
    flows:
      b-to-a: {from: b, to: a, service: ssh, why: test}

    """

  /// What happens between the diff and the apply, and what is said of it.
  static let moves: [(command: String, status: Int32, words: String)] = [
    ("true", 0, "1 host applied"),
    ("nft add table ip somebody", 0, "1 host applied"),
    (
      "nft 'add table ip x; add set ip x s { type ipv4_addr; }; add element ip x s { 6.6.6.6 }'", 0,
      "1 host applied"
    ),
    (
      "nft 'add table ip x; add chain ip x c { type filter hook input priority 0; }'", 3,
      "not what it was when the plan was made: table ip x changed"
    ),
    (
      "nft delete table inet sekisho", 3,
      "a: the running ruleset is not what it was when the plan was made: Sekisho's table changed"
    ),
    (
      "nft add element inet sekisho b.v4 '{ 6.6.6.6 }' || nft flush chain inet sekisho in.ssh", 3,
      "a: the running"
    ),
    ("echo '# a comment' >> inventory/all.yaml", 3, "the inventory is not what it was"),
    (
      "echo '  more: {from: b, to: a, service: ssh, why: test}' >> inventory/all.yaml", 3,
      "the inventory is not"
    ),
    (
      "sed -i 's/\"ruleset\": \"[0-7]/\"ruleset\": \"8/;t;s/\"ruleset\": \"./\"ruleset\": \"0/' plan", 3,
      "a: the ruleset that is compiled is not"
    ),
    (
      "sed -i 's/\"running\": \"[0-7]/\"running\": \"8/;t;s/\"running\": \"./\"running\": \"0/' plan", 3,
      "a: the running ruleset is not what it was"
    ),
    ("sed -i 's/\"place\": \"./\"place\": \"x/' plan", 3, "the host was started anew, or is another"),
    ("sed -i 's/^\"a\":/\"b\":/' plan", 3, "b: the ruleset that is compiled is not"),
    ("sed -i 's/^\"a\":/\"all\":/' plan", 64, "this machine is one of them"),
    ("sed -i 's/\"format_version\": 4/\"format_version\": 1/' plan", 1, "not a plan of this version"),
    ("head -c 40 plan > cut; mv cut plan", 1, "not a plan of this version"),
    (": > plan", 1, "not a plan of this version"),
    ("rm plan; mkfifo plan", 1, "not a plain file"),
    ("mv plan other; ln -s other plan", 1, "cannot open the file"),
    ("rm plan", 1, "no such plan; sekisho diff --out plan makes one"),
    ("mv inventory was", 1, "inventory"),
  ]

  @Test(arguments: moves)
  func `a plan is applied as it was shown, or refused`(command: String, status: Int32, words: String) throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      let result = try shell.run(
        """
        ip address add 10.0.0.1 dev lo
        sekisho apply --no-trial --local --host a --yes -q
        echo '  https-to-a: {from: b, to: a, service: https, why: test}' >> inventory/all.yaml
        status=0; sekisho diff --out plan || status=$?; test $status = 2
        \(command)
        nft -s list ruleset > before
        status=0; sekisho apply --no-trial plan || status=$?; test $status = \(status)
        nft -s list ruleset > after
        if test $status = 0; then grep https-to-a after; else cmp before after; fi
        """)
      #expect(result.status == 0, "\(result.all)")
      #expect(result.all.contains(words), "\(result.all)")
    }
  }

  @Test func `a plan that was applied is not applied again, and one of nothing does nothing`() throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      let result = try shell.run(
        """
        ip address add 10.0.0.1 dev lo
        sekisho diff --out plan || test $? = 2
        sekisho apply --no-trial plan
        status=0; sekisho apply --no-trial plan || status=$?; test $status = 3
        sekisho diff --out plan; sekisho apply --no-trial plan
        # Of compiled rulesets, whose directory has to be given again.
        sekisho compile -q -o out; nft flush ruleset
        sekisho diff --from out --local --host a --out plan || test $? = 2
        status=0; sekisho apply --no-trial plan || status=$?; test $status = 3
        sekisho apply --no-trial plan --from out
        """)
      #expect(result.status == 0, "\(result.all)")
      #expect(result.all.contains("0 hosts applied, 1 had it already"), "\(result.all)")
      #expect(result.all.contains("give --from with the directory"), "\(result.all)")
    }
  }

  @Test(arguments: [
    ("diff --out plan/", 1, "not a name of a file"),
    ("diff --out nowhere/plan", 1, "cannot open the directory"),
    ("diff --out plan inventory inventory", 64, "two sources have none"),
    ("diff --out plan --base HEAD", 64, "two sources have none"),
    ("diff --out plan --lab", 1, "no lab is up"),
    ("apply plan --lab", 64, "a plan says which hosts"), ("apply plan --local --host a", 64, "a plan says"),
  ])
  func `a plan that cannot be is refused with what to do`(command: String, status: Int32, words: String)
    throws
  {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      let result = try shell.run("ip address add 10.0.0.1 dev lo; exec sekisho \(command)")
      #expect(result.status == status, "\(result.all)")
      #expect(result.all.contains(words), "\(result.all)")
    }
  }
}
