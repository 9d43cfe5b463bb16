import Testing

/// Trials as they are used on the machine itself.
@Suite(.enabled(if: Shell.obstacle == nil, "\(Shell.obstacle ?? "")"))
struct TrialVerbsTests {
  private static let start = """
    \(OneHost.start)
    apply="sekisho apply --local --host a --yes --allow-lockout a"

    """

  private func run(_ commands: String) throws { try OneHost.run([Self.start + commands]) }

  @Test(.timeLimit(.minutes(60)))
  func `without a terminal somebody confirms from elsewhere, or it is rolled back`()
    throws
  {
    try run(
      """
      $apply --confirm-within 1h -q 2> said & apply_process=$!
      until grep -q 'sekisho confirm' said; do sleep 0.1; done
      token=$(sed -n 's/.*sekisho confirm //p' said)
      status=0; sekisho confirm wrong 2> refused || status=$?; test $status = 1; grep 'not the token' refused
      status=0; $apply 2> refused || status=$?; test $status = 1; grep 'is on trial by' refused
      sekisho extend 2h 2>&1 | grep 'for 7200 s more'
      sekisho confirm $token 2>&1 | grep 'revision 1 is confirmed'
      wait $apply_process; nft list table inet sekisho > table; (! grep trial table)
      status=0; sekisho confirm $token 2> refused || status=$?; test $status = 5
      sekisho history --verify 2>&1 | grep 'holds together'
      sekisho history --json | grep '"confirmed_by" : "token"'
      sed -i 's/service: .web, ssh./service: web/' inventory/all.yaml
      status=0; $apply --confirm-within 5s > out 2> said || status=$?; test $status = 5; grep 'is rolled back' said
      for attempt in 1 2 3 4 5 6 7 8 9; do
        status=0; sekisho rollback 2> said || status=$?; cat said
        test $status = 1 || break; grep 'another apply is running' said
      done
      test $status = 5 -o $status = 0
      nft list table inet sekisho > after; (! grep trial after); grep in.ssh after
      """)
  }

  @Test(.timeLimit(.minutes(60)))
  func `a terminal that is gone is asked no more, and how to confirm is said`()
    throws
  {
    try run(
      """
      status=0; script -qec "$apply --confirm-within 5s" /dev/null < /dev/null > said || status=$?
      test $status = 5; grep 'NEW connection' said; grep 'to keep it, from a new connection: sekisho confirm' said
      # What cleans up may be at it.
      for attempt in 1 2 3 4 5 6 7 8 9; do
        status=0; sekisho rollback 2> said || status=$?; cat said
        test $status = 1 || break; grep 'another apply is running' said
      done
      test $status = 5 -o $status = 0; test -z "$(nft list tables)"
      """)
  }

  /// Whoever was at it has died, or is at it still.
  @Test(.timeLimit(.minutes(60))) func `a confirmation that has begun is no trial that has time`() throws {
    try run(
      """
      $apply --no-trial -q
      echo '{"format_version": 1, "value": {"revision": 1, "phase": "accepted", "place": "x", "token": "",
        "seconds": 0, "by": {"user": "root"}}}' > state/trial; nft flush ruleset
      sekisho history | tee said; grep '^ *1  .*  being made the confirmed one$' said
      """)
  }

  @Test(.timeLimit(.minutes(60))) func `rules that somebody takes away meanwhile are not said to be back`()
    throws
  {
    try run(
      """
      $apply --no-trial -q
      sed -i 's/service: .web, ssh./service: web/' inventory/all.yaml
      for stranger in 'nft delete table inet sekisho' 'nft flush ruleset' 'sekisho stop --until 1h --stop-host a --local --host a'; do
        : > said; $apply --confirm-within 1h 2>> said & process=$!
        until grep -q 'sekisho confirm' said; do sleep 0.1; done
        $stranger; status=0; wait $process || status=$?; cat said; test $status = 1
        grep 'nothing is enforced' said; grep '0 hosts applied, .*, 1 failed' said
        (! grep 'rolled back' said); test -z "$(nft list tables)"
        # What the error names.
        grep '"sekisho start" puts back what was confirmed' said
        sekisho start 2>&1 | grep 'in force again'; sekisho drift
      done
      # Its own rules, made something else.
      : > said; $apply --confirm-within 1h 2>> said & process=$!
      until grep -q 'sekisho confirm' said; do sleep 0.1; done
      nft flush chain inet sekisho input; sekisho rollback || true
      status=0; wait $process || status=$?; cat said; test $status = 1; grep 'not what was' said
      sekisho boot; sekisho drift
      status=0; sekisho start 2> said || status=$?; test $status = 1; grep 'not stopped; "sekisho boot" on it' said
      """)
  }

  @Test(.timeLimit(.minutes(60))) func `rules that came by other means are taken into the books`() throws {
    try run(
      """
      sekisho compile -o build -q; nft -f build/a.nft
      sekisho diff --local --host a 2> said | tee told; cat said; grep 'would not boot with them' told
      $apply --why CHG-1 2> said | tee told; grep '^1 host applied, 0 had it already' told said
      sekisho drift; sekisho history | grep CHG-1
      $apply 2> said | tee told; grep '0 hosts applied, 1 had it already' told said
      nft flush ruleset; sekisho boot; nft list table inet sekisho | grep in.ssh
      # And so is what books have that are damaged.
      for file in confirmed revisions/1/ruleset.json revisions/1/about.json; do
        revision=$(sed -n 's/.*"value" : //p' state/confirmed)
        file=$(echo $file | sed "s/1/$revision/"); echo garbage > state/$file
        status=0; sekisho status > told 2> said || status=$?; test $status = 1; grep 'what it boots with is not known' told
        status=0; sekisho history --verify 2> said || status=$?; test $status = 4; grep "$file is damaged" said
        status=0; sekisho drift 2> said || status=$?; test $status = 1
        $apply -q; sekisho drift
        nft flush ruleset; sekisho boot; nft list table inet sekisho | grep in.ssh
        rm -rf state/revisions/$revision
      done
      """)
  }

  @Test(.timeLimit(.minutes(60))) func `going back to a revision is asked like an apply`() throws {
    try run(
      """
      $apply --no-trial -q --why first
      sed -i 's/service: .web, ssh./service: web/' inventory/all.yaml; $apply --no-trial -q
      status=0; sekisho rollback 1 --no-trial 2> said || status=$?; test $status = 64
      sekisho rollback --help > help; (! grep -e --no-trial help)
      status=0; sekisho rollback --keep-sessions 2> said || status=$?; test $status = 64
      grep 'are about a revision to go back to' said
      sekisho rollback 1 -q 2> said & rollback=$!
      until grep -q 'sekisho confirm' said; do sleep 0.1; done
      sekisho confirm $(sed -n 's/.*sekisho confirm //p' said); wait $rollback
      nft list table inet sekisho | grep in.ssh
      sekisho history | grep 'back to revision 1'
      status=0; sekisho rollback 9 2> said || status=$?; test $status = 1; grep 'no revision 9' said
      """)
  }
}
