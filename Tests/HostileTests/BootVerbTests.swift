import Testing

/// A boot is another network namespace with the same state directory.
@Suite(.enabled(if: Shell.obstacle == nil, "\(Shell.obstacle ?? "")"))
struct BootVerbTests {
  private static let apply = """
    \(OneHost.start)
    sekisho apply --local --host a --yes --allow-lockout a -q

    """

  /// Each text is what is done in one boot.
  private func run(_ boots: String...) throws { try OneHost.run(boots) }

  @Test(.timeLimit(.minutes(60))) func `what was confirmed stands after a boot, beside tables of others`()
    throws
  {
    try run(
      """
      sekisho boot 2>&1 | grep 'nothing was ever confirmed'; test -z "$(nft list tables)"
      """,
      Self.apply.replacing("-q\n", with: "--no-trial -q\n") + "nft list table inet sekisho > before",
      """
      nft add table ip theirs; test "$(nft list tables)" = 'table ip theirs'
      sekisho boot --json | grep '"status" : "confirmed"'
      nft list table inet sekisho > after; cmp before after; nft list tables | grep theirs
      sekisho drift
      """)
  }

  @Test(.timeLimit(.minutes(60))) func `a trial does not outlive a boot`() throws {
    try run(
      Self.apply.replacing("-q\n", with: "--no-trial -q\n") + """
        sed -i 's/service: .web, ssh./service: web/' inventory/all.yaml
        sekisho apply --local --host a --yes --allow-lockout a --confirm-within 1h -q 2> said & apply=$!
        until grep -q 'sekisho confirm' said; do sleep 0.1; done
        kill -9 $apply
        """,
      """
      sekisho boot 2>&1 | grep 'revision 1 stands'
      nft list table inet sekisho > table; grep in.ssh table; test -z "$(grep trial table)"
      sekisho history --json > told; grep '"rebooted"' told
      """)
  }

  @Test(
    .timeLimit(.minutes(60)),
    arguments: [
      "echo nonsense > state/confirmed", "rm state/confirmed", "rm -r state/revisions/1",
      "echo '{}' > state/revisions/1/ruleset.json", "chmod 755 state", "rm -r state; touch state",
    ])
  func `where what was confirmed cannot be loaded the fallback stands, and is told`(_ damage: String) throws {
    try run(
      Self.apply.replacing("-q\n", with: "--no-trial -q\n") + damage,
      """
      nft add table ip theirs
      status=0; sekisho boot > out 2> said || status=$?; test $status = 7; grep 'the fallback stands' said
      sekisho boot --json > told || test $? = 7; grep '"status" : "fallback"' told
      sekisho status | grep 'this is the fallback'; sekisho status --json | grep '"status" : "fallback"'
      nft list tables | grep theirs
      """)
  }

  /// The kernel did not take what was confirmed, or its books cannot be read.
  @Test(.timeLimit(.minutes(60)), arguments: ["cp -r state kept; rm state/confirmed", "rm state/confirmed"])
  func `that the fallback stands is told as drift, and an apply over it works`(_ damage: String) throws {
    try run(
      Self.apply.replacing("-q\n", with: "--no-trial -q\n") + damage,
      """
      ip link set lo up; ip address add 10.0.0.1/32 dev lo
      sekisho boot || test $? = 7
      if test -e kept; then
        rm -r state; mv kept state
        status=0; sekisho drift > told 2>&1 || status=$?; test $status = 3
        grep 'not as confirmed: this host (revision 1)' told; grep 'orders' told
        sekisho drift --json > json || true; grep '"fallback" : true' json; grep '"status" : "drifted"' json
      else
        status=0; sekisho drift > told 2>&1 || status=$?; test $status = 1
        grep 'do not say which revision is confirmed' told
        sekisho drift --json > json || true; grep '"fallback" : true' json
        sekisho history > told || true
        head -n 2 told | grep 'Z  the fallback was put in force: the books do not say which revision is confirmed'
        sekisho drift > told 2>&1 || true
      fi
      grep 'the fallback stands, which only ssh passes: this host' told
      sekisho diff --local --host a | grep 'b → a  web'
      # On trial beside the fallback, which judges again when it ends.
      sekisho apply --local --host a --yes --allow-lockout a --confirm-within 1h -q 2> said & apply=$!
      until grep -q 'sekisho confirm' said; do sleep 0.1; done
      sekisho rollback; wait $apply || test $? = 5
      sekisho status | grep 'this is the fallback'
      sekisho apply --local --host a --yes --allow-lockout a --no-trial -q
      sekisho drift 2>&1 | grep 'as confirmed'; sekisho status > told; sekisho history >> told
      (! grep fallback told)
      """,
      "sekisho boot 2>&1 | grep 'revision . stands'; sekisho drift")
  }

  @Test(.timeLimit(.minutes(60))) func `the fallback lets in ssh and nothing else, in or out`() throws {
    try run(
      Self.apply.replacing("-q\n", with: "--no-trial -q\n") + "rm state/confirmed",
      """
      sekisho boot || test $? = 7

      # Somebody outside, in another namespace.
      ip link set lo up
      unshare -n sleep 600 & outside=$!
      until test "$(readlink /proc/$outside/ns/net)" != "$(readlink /proc/$$/ns/net)"; do sleep 0.1; done
      ip link add here type veth peer name there netns $outside
      ip address add 192.0.2.1/24 dev here; ip address add 2001:db8::1/64 dev here nodad; ip link set here up
      out() { nsenter -t $outside -n "$@"; }
      out ip address add 192.0.2.2/24 dev there; out ip address add 2001:db8::2/64 dev there nodad
      out ip link set there up; out ip link set lo up

      # Nobody listens: who is let in is refused at once, who is denied hears nothing. `!` would not end this shell.
      knock='timeout 2 bash -c "exec 3<> /dev/tcp/$0/$1" 2>&1 | grep refused'
      from_here() { sh -c "$knock" "$@"; }
      from_outside() { out sh -c "$knock" "$@"; }
      for address in 192.0.2.1 2001:db8::1; do
        until from_outside $address 22; do sleep 0.1; done
        for port in 23 443; do if from_outside $address $port; then exit 1; fi; done
      done
      for address in 192.0.2.2 2001:db8::2; do
        for port in 22 53; do if from_here $address $port; then exit 1; fi; done
      done
      from_here 127.0.0.1 443
      # What was not heard was denied, not lost.
      nft delete table inet sekisho
      for address in 192.0.2.1 2001:db8::1; do until from_outside $address 443; do sleep 0.1; done; done
      for address in 192.0.2.2 2001:db8::2; do until from_here $address 53; do sleep 0.1; done; done
      kill $outside
      """)
  }
}
