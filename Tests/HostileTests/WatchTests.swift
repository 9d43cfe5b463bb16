import Testing

/// Who changes a host's ruleset is told, and undone where that is asked for.
@Suite(.enabled(if: Shell.obstacle == nil, "\(Shell.obstacle ?? "")"))
struct WatchTests {
  private static let inventory = """
    version: 1
    services: {ssh: tcp/22, web: tcp/80}
    hosts: {a: {addresses: [10.0.0.1]}, b: {addresses: [10.0.0.2]}}
    flows: {b-to-a: {from: b, to: a, service: ssh, why: test}}

    """

  /// What `told` says is waited for: nothing here depends on how fast anything is.
  private static let begin = """
    ip link set lo up; ip address add 10.0.0.1 dev lo
    # Whoever listens makes every change of every host here slower: none stays behind where a command fails.
    trap 'test -z "${watch-}" || kill "$watch" 2> /dev/null || true' EXIT
    apply() { sekisho apply --local --host a --yes --allow-lockout a -q "$@"; }
    until_told() { until grep -q -e "$1" told; do kill -0 $watch; sleep 0.1; done; }
    until_told_times() { until test "$(grep -c -e "$2" told)" -ge "$1"; do kill -0 $watch; sleep 0.1; done; }
    watch() { sekisho watch "$@" > told 2> said & watch=$!; }
    ended() { kill "$1" $watch; status=0; wait $watch || status=$?; cat told said; test $status = 0; }

    """

  private func run(_ commands: String) throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      let result = try shell.run(Self.begin + commands)
      let told = try shell.run("cat told said 2> /dev/null || true", inNamespace: false)
      #expect(result.status == 0, "\(commands)\n\(result.all)\n\(told.all)")
    }
  }

  @Test(.timeLimit(.minutes(60))) func `a change by somebody else is told with what it is and who it was`()
    throws
  {
    try run(
      """
      apply --no-trial
      watch; until_told 'revision 1 stands, as it was confirmed'
      nft insert rule inet sekisho input tcp dport 23 accept
      until_told 'altered, added rule in input { tcp dport 23 accept }, by .*nft (pid [0-9]'
      nft flush ruleset
      until_told 'not as confirmed (revision 1): the table is gone, by .*nft (pid [0-9]'
      test -z "$(nft list tables)"
      sekisho boot; until_told_times 2 'revision 1 stands, as it was confirmed'
      ended -TERM; grep 'ended' told; test -z "$(cat said)"
      """)
  }

  @Test(.timeLimit(.minutes(60))) func `it is put back three times, and a fourth time only told`() throws {
    try run(
      """
      watch --restore; until_told 'nothing was ever confirmed'
      apply --no-trial; until_told 'revision 1 stands'
      nft list table inet sekisho > before
      nft flush ruleset; until_told_times 1 'restored: revision 1 stands again'
      grep 'counters began anew (they were at 0 allowed and 0 denied' told
      nft list table inet sekisho > after; cmp before after
      nft delete table inet sekisho; until_told_times 2 'restored: revision 1 stands again'
      nft insert rule inet sekisho input accept; until_told_times 3 'restored: revision 1 stands again'
      nft list table inet sekisho > after; cmp before after; sekisho drift
      nft flush ruleset; until_told 'is left so'
      # It goes on watching.
      nft add table ip theirs; until_told 'table ip theirs changed, by nft'
      test "$(nft list tables)" = 'table ip theirs'; test "$(grep -c 'restored:' told)" = 3
      sekisho history --json > books; test "$(grep -c '"event" : "restored"' books)" = 3
      grep '"detail" : "gone, .*nft (pid [0-9]*)"' books; sekisho history --verify
      ended -INT
      # Started again it begins to count anew.
      nft monitor > monitored & monitor=$!
      until test -s monitored; do nft add table ip m; nft delete table ip m; sleep 0.1; done
      watch --restore --json; until_told '"event":"restored"'
      until grep 'generation .* (sekisho)' monitored; do sleep 0.1; done; kill $monitor
      grep '"kind":"gone".*"event":"not-as-confirmed".*"then":"restoring"' told
      test "$(grep -c '"format_version":1' told)" = "$(wc -l < told)"
      sekisho drift; ended -TERM
      """)
  }

  @Test(.timeLimit(.minutes(60))) func `commands of Sekisho are no alarm, and neither is a trial`() throws {
    try run(
      """
      watch --restore; until_told 'nothing was ever confirmed'
      apply --confirm-within 1h 2> first & apply=$!
      until_told 'revision 1 is on trial'
      until grep -q 'sekisho confirm' first; do sleep 0.1; done
      sekisho confirm $(sed -n 's/.*sekisho confirm \\([0-9a-f]*\\).*/\\1/p' first | head -1); wait $apply
      until_told 'revision 1 stands, as it was confirmed'
      sed -i 's/service: ssh/service: web/' inventory/all.yaml
      apply --confirm-within 1h & apply=$!
      until_told 'revision 1 stands, as it was confirmed; revision 2 is on trial'
      sekisho extend 2h; sekisho rollback; wait $apply || true
      apply --no-trial; until_told 'revision 3 stands, as it was confirmed'
      (! grep -e 'not as confirmed' -e 'restored' -e 'inet sekisho' told)
      # During a trial the table is put back when that has gone with it.
      apply --confirm-within 1h & apply=$!
      until_told 'is on trial$'
      nft flush ruleset; until_told 'restored: revision 3 stands again'
      wait $apply || true; sekisho drift; test "$(grep -c 'not as confirmed' told)" = 1
      ended -TERM
      """)
  }

  @Test(.timeLimit(.minutes(60))) func `beside a trial nothing is put back, and behind it everything is`()
    throws
  {
    try run(
      """
      apply --no-trial
      sed -i 's/service: ssh/service: web/' inventory/all.yaml
      watch --restore; until_told 'revision 1 stands'
      apply --confirm-within 1h & apply=$!
      until_told 'is on trial'
      nft insert rule inet sekisho input tcp dport 23 accept
      until_told 'altered, added rule in input { tcp dport 23 accept }.*when the trial is over'
      nft list table inet sekisho | grep 'goto trial/input'; (! grep restored told)
      sekisho rollback; wait $apply || true
      until_told 'restored: revision 1 stands again'; sekisho drift
      ended -TERM
      """)
  }

  @Test(.timeLimit(.minutes(60))) func `what is slipped into a trial is told, and gone with it`() throws {
    try run(
      """
      watch --restore; until_told 'nothing was ever confirmed'
      # The first trial of a host stands beside nothing.
      for round in 1 2; do
        apply --confirm-within 1h & apply=$!
        until_told_times $round 'is on trial'; sekisho extend 2h
        nft insert rule inet sekisho trial/input tcp dport 23 accept
        until_told_times $round 'not as tried (revision .): the rules on trial were altered, added rule'
        sekisho rollback; wait $apply || true
        apply --no-trial
        sed -i 's/service: ssh/service: web/' inventory/all.yaml
      done
      until_told 'revision 4 stands, as it was confirmed$'; (! grep -e 'not as confirmed' -e restored told)
      grep 'added rule in trial/input { tcp dport 23 accept }, by .*nft (pid' told; sekisho drift
      ended -TERM
      """)
  }

  @Test(.timeLimit(.minutes(60))) func `CAP_NET_ADMIN is all that it needs`() throws {
    try run(
      """
      apply --no-trial
      setpriv --bounding-set=-all,+net_admin --inh-caps=-all --no-new-privs \
        sekisho watch --restore > told 2> said & watch=$!
      until_told 'revision 1 stands'; grep 'CapEff:.*0000000000001000' /proc/$watch/status
      nft flush ruleset; until_told 'gone, by .*nft (pid'; until_told 'restored: revision 1 stands again'
      ended -TERM
      """)
  }

  @Test(.timeLimit(.minutes(60))) func `what was stopped is not put back`() throws {
    try run(
      """
      apply --no-trial
      echo '{"format_version": 1, "value": {"by": {"user": "root"}}}' > state/stopped
      watch --restore; until_told 'nothing is enforced: root has stopped it for good'
      nft flush ruleset; nft add table ip theirs; until_told 'table ip theirs'
      rm state/stopped; nft add table inet sekisho; until_told 'restored: revision 1'
      test "$(grep -c restored told)" = 1
      ended -TERM
      """)
  }

  @Test(.timeLimit(.minutes(60))) func `what is put back is what was confirmed, not what had its number`()
    throws
  {
    try run(
      """
      apply --no-trial
      watch --restore; until_told 'revision 1 stands'
      rm -r state/*; sed -i 's/service: ssh/service: web/' inventory/all.yaml
      apply --no-trial; nft list table inet sekisho | grep 'tcp \\. 80'
      nft insert rule inet sekisho input tcp dport 23 accept; until_told 'restored: revision 1'
      nft list table inet sekisho | grep 'tcp \\. 80'; sekisho drift; (! grep 'tcp \\. 80' told)
      ended -TERM
      """)
  }

  @Test(.timeLimit(.minutes(60))) func `what was accepted while the host was stopped is carried on`() throws {
    try run(
      """
      apply --no-trial
      echo '{"format_version": 1, "value": {"by": {"user": "root"}}}' > state/stopped
      nft delete table inet sekisho
      echo '{"format_version": 1, "value": {"revision": 1, "phase": "accepted", "place": "", "token": "",
        "seconds": 0, "by": {"user": "root"}}}' > state/trial
      watch --restore; until_told 'has ended in the middle'; until_told 'revision 1 stands'
      sekisho drift; test ! -e state/stopped; test ! -e state/trial
      ended -TERM
      """)
  }

  @Test(.timeLimit(.minutes(60))) func `a flood of changes is counted, and what was not heard is looked at`()
    throws
  {
    try run(
      """
      apply --no-trial
      watch; until_told 'revision 1 stands'
      kill -STOP $watch
      echo 'add table ip big; add set ip big s { type mark; }' > big
      for from in 0 1 2 3; do
        echo "add element ip big s { $(seq -s, ${from}00000 ${from}20000) }" >> big
      done
      nft -f big
      nft insert rule inet sekisho input tcp dport 23 accept
      kill -CONT $watch
      until_told 'changes came faster than they were heard'
      until_told 'altered, added rule in input { tcp dport 23 accept }'
      for number in $(seq 100); do nft add table ip t$number; done
      nft flush ruleset; until_told 'the table is gone'
      test "$(grep -c '^table ip t' told)" -ge 1; test "$(grep -c '^table' told)" -le 20
      until_told '[0-9]* more changes of tables of others.* within a minute'
      ended -TERM
      """)
  }

  /// Whoever changes something says himself what he is called.
  @Test(.timeLimit(.minutes(60))) func `a name cannot write on the terminal`() throws {
    try run(
      """
      apply --no-trial
      watch; until_told 'revision 1 stands'
      name=$(printf '\\033[2J\\nended'); cp "$(command -v nft)" "./$name"
      "./$name" add table ip theirs; until_told 'table ip theirs'
      "./$name" flush ruleset; until_told 'is gone'
      (! grep "$(printf '\\033')" told); (! grep '^ended' told)
      grep 'by <U+001B>\\[2J ended (pid' told
      ended -TERM
      watch --json; until_told '"gone"'; "./$name" add table ip theirs; until_told '"foreign"'
      (! grep "$(printf '\\033')" told); grep -F '"program":"\\u001b[2J\\nended"' told
      ended -TERM
      """)
  }

  @Test(.timeLimit(.minutes(60))) func `where nobody reads it any more, it fails`() throws {
    try run(
      """
      mkfifo pipe
      sekisho watch > pipe 2> said & watch=$!
      head -n 1 < pipe; status=0; wait $watch || status=$?; test $status = 1
      grep 'Broken pipe' said
      status=0; sekisho watch >&- 2> said || status=$?; test $status = 1; grep 'cannot write' said
      touch told
      """)
  }

  @Test(.timeLimit(.minutes(60)))
  func `a trial or a stop that is damaged keeps no table from being put back`()
    throws
  {
    try run(
      """
      apply --no-trial
      echo nonsense > state/trial
      watch --restore; until_told 'state/trial is damaged'; until_told 'revision 1 stands'
      nft flush ruleset; until_told 'restored: revision 1'
      test "$(grep -c 'is damaged' told)" = 1; nft flush ruleset
      rm state/trial; echo nonsense > state/stopped
      nft add table inet sekisho; until_told 'state/stopped is damaged'
      until nft list chain inet sekisho input; do kill -0 $watch; sleep 0.1; done
      until test ! -e state/stopped; do kill -0 $watch; sleep 0.1; done; sekisho drift
      ended -TERM
      """)
  }

  @Test(.timeLimit(.minutes(60))) func `what cannot be told is told as that, and looked at again`() throws {
    try run(
      """
      apply --no-trial; cp state/confirmed kept; echo nonsense > state/confirmed
      watch --restore; until_told 'cannot be told whether .* is damaged'
      nft flush ruleset; until_told 'cannot be told whether .* is damaged.*the table is gone'
      sekisho boot || test $? = 7
      until_told 'the fallback stands, which only ssh passes'
      mv kept state/confirmed; nft add set inet sekisho x '{ type mark; }'
      until_told 'not as confirmed (revision 1): the fallback stands'; until_told 'restored: revision 1'
      sekisho drift; ended -TERM
      """)
  }
}
