import Testing

/// What somebody else did to a host since its ruleset was confirmed.
@Suite(.enabled(if: Shell.obstacle == nil, "\(Shell.obstacle ?? "")"))
struct DriftTests {
  private static let inventory = """
    version: 1
    services: {ssh: tcp/22, web: tcp/80}
    hosts: {a: {addresses: [10.0.0.1]}, b: {addresses: [10.0.0.2]}}
    flows: {b-to-a: {from: b, to: a, service: ssh, why: test}}

    """

  private func drift(_ change: String, _ checks: String) throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      let result = try shell.run(
        """
        ip link set lo up; ip address add 10.0.0.1 dev lo
        sekisho apply --no-trial --local --host a --yes -q
        sekisho drift; sekisho drift --local --host a
        \(change)
        nft list ruleset | sed 's,expires [^ ]*,,' > before
        status=0; sekisho drift > told || status=$?; cat told
        sekisho drift --json > json || true
        nft list ruleset | sed 's,expires [^ ]*,,' > after; cmp before after
        \(checks)
        """)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test func `a rule that somebody slipped in is told with what it lets pass`() throws {
    try drift(
      "nft insert rule inet sekisho input tcp dport 23 accept",
      """
      test $status = 3; grep 'not as confirmed: this host (revision 1)' told
      grep -F -e '- any other IPv4 → this host  tcp/23' told; grep -e '- tcp dport 23 accept' told
      grep '"status" : "drifted"' json; grep '"revision" : 1' json
      sekisho status | grep '! not as it was confirmed: revision 1, of '
      sekisho status --json | grep '"is_drifted" : true'
      """)
  }

  @Test func `a table that is gone is told`() throws {
    try drift(
      "nft flush ruleset", "test $status = 3; grep 'in .*b-to-a' told; grep '\"installed\" : false' json")
  }

  @Test func `counters, records and tables of others are no drift`() throws {
    try drift(
      "nft reset counters > /dev/null; nft add table inet other; nft add chain inet other c",
      "test $status = 0; grep '\"status\" : \"as-confirmed\"' json")
  }

  /// The inventory may have moved on: what was confirmed counts.
  @Test func `what is wanted meanwhile is no drift, and neither is a trial`() throws {
    try drift(
      """
      sed -i 's/service: ssh/service: web/' inventory/all.yaml
      status=0; sekisho diff --local --host a || status=$?; test $status = 2
      (sekisho apply --confirm-within 1h --local --host a --yes --allow-lockout a > tried 2>&1 || true) & trial=$!
      until nft list table inet sekisho | grep -q expires; do sleep 0.1; done
      """,
      """
      test $status = 0; grep '"status" : "as-confirmed"' json
      sekisho rollback; wait $trial || true; sekisho drift
      """)
  }

  /// The rule is the same in another chain, to which other ports lead.
  @Test func `a flow that goes over to another service is told as its own`() throws {
    try drift(
      "sed -i 's/service: ssh/service: web/' inventory/all.yaml",
      """
      sekisho diff --local --host a > told || true; cat told; (! grep 'of no flow' told)
      grep 'b → a  ssh (tcp/22)  b-to-a' told; grep 'b → a  web (tcp/80)  b-to-a' told
      """)
  }

  @Test func `where nothing was ever confirmed there is nothing to compare with`() throws {
    try withShell { shell in
      let result = try shell.run(
        """
        status=0; sekisho drift > told 2> said || status=$?; cat told said; test $status = 1
        grep 'nothing was ever confirmed' said
        """)
      #expect(result.status == 0, "\(result.all)")
    }
  }
}
