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
