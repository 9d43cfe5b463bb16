import Testing

/// A host that is stopped and comes back, as it is done on the machine itself.
@Suite(.enabled(if: Shell.obstacle == nil, "\(Shell.obstacle ?? "")"))
struct StopVerbTests {
  private static let start = """
    \(OneHost.start)
    apply="sekisho apply --no-trial --local --host a --yes -q"
    stop="sekisho stop --local --host a --stop-host a"
    there() { nft list tables | grep 'inet sekisho'; }
    gone() { test -z "$(nft list tables)"; }
    # The process that waits for the end, which is of this namespace and of no other.
    keeper() {
      for process in /proc/[0-9]*; do
        test "$(readlink $process/ns/net)" = "$(readlink /proc/self/ns/net)" || continue
        tr '\\0' ' ' < $process/cmdline 2>/dev/null | grep -qx '[^ ]*sekisho agent --keep ' && echo ${process#/proc/} || true
      done
    }
    $apply

    """

  private func run(_ commands: String) throws { try OneHost.run([Self.start + commands]) }

  @Test(.timeLimit(.minutes(60))) func `it comes back by itself when the time is over`() throws {
    try run(
      """
      $stop --until 5s --why 'a trace' 2>&1 | grep 'nothing is enforced; at 2.*Z revision 1 is put back'
      i=0; until there || [ $i = 600 ]; do i=$((i+1)); sleep 0.5; done; there
      # Whoever put it back may still have to write that down.
      i=0; until sekisho history --json | grep '"event" : "resumed"' || [ $i = 600 ]; do i=$((i+1)); sleep 0.5; done
      sekisho history --json | grep '"why" : "a trace"'; sekisho history --verify 2>&1 | grep 'holds together'
      sekisho status > said; (! grep stopped said)
      """)
  }

  @Test(.timeLimit(.minutes(60))) func `books that cannot be read for a time end no waiting`() throws {
    try run(
      """
      $stop --until 5s -q; chmod 755 state
      # Long enough for what waits to have come by.
      sleep 15; chmod 700 state
      i=0; until there || [ $i = 600 ]; do i=$((i+1)); sleep 0.5; done; there
      """)
  }

  @Test(.timeLimit(.minutes(60)))
  func `where what waits for it was killed, the next command puts it back`() throws {
    try run(
      """
      $stop --until 1h -q; gone
      # Started and not waited for: it may not be there yet.
      i=0; until test -n "$(keeper)" || [ $i = 600 ]; do i=$((i+1)); sleep 0.1; done
      test -n "$(keeper)"
      for process in $(keeper); do kill -9 $process; done
      over() { sed -E -i 's/("until" ?: ?)[0-9]+/\\11/' state/stopped; }
      # Whoever may not lead out of it says what does.
      over; flock state/lock sekisho status > said
      cat said; grep 'a time that is over, and what was confirmed is not back (sekisho start puts it back)' said; gone
      for attempt in 1 2 3 4 5 6 7 8 9; do
        status=0; sekisho rollback 2> said || status=$?; cat said
        test $status = 1 || break; sleep 1
      done
      test $status = 5; there; nft list table inet sekisho | grep in.ssh
      # A question is a command, too.
      for ask in status drift history usage denied sessions 'status --local --host a'; do
        $stop --until 1h -q; gone; for process in $(keeper); do kill -9 $process; done
        over; sekisho $ask > said 2>&1 || { cat said; exit 9; }; there
      done
      """)
  }

  @Test(.timeLimit(.minutes(60))) func `it is said who stopped it, and start ends it`() throws {
    try run(
      """
      $stop --until 1h --why INC-7 -q; gone
      sekisho status | grep 'stopped until 2.*Z, by .*: INC-7'; sekisho status --json | grep '"status" : "stopped"'
      sekisho status --local --host a | grep 'stopped until'
      sekisho drift > said || test $? = 3; grep 'stopped until 2.*INC-7' said
      sekisho diff --local --host a > said || test $? = 2; grep 'a: stopped until 2.*INC-7' said
      sekisho watch --json | head -n 1 > said || true
      grep '"event":"stopped".*"is_over":false.*"stopped_by":"[a-z].*"until":[0-9]' said
      sekisho start 2>&1 | grep 'revision 1 is in force again'; there
      status=0; sekisho start 2> said || status=$?; test $status = 1; grep 'not stopped' said
      $stop --until for-good -q; gone; sekisho status | grep 'stopped for good'
      sekisho boot 2>&1 | grep 'has stopped it for good'; gone
      $apply; there; sekisho status > said; (! grep stopped said)
      for process in $(keeper); do kill -9 $process; done
      """)
  }

  @Test(.timeLimit(.minutes(60))) func `nothing is stopped whose name was not said`() throws {
    try run(
      """
      refused() { status=0; "$@" > said 2>&1 || status=$?; cat said; test $status = $code; there; }
      code=64; refused sekisho stop --until 10m --local --host a
      grep 'nobody is there to type the name of a; --stop-host says it without asking' said
      refused sekisho stop --until 10m --local --host a --yes; refused sekisho stop --local --host a --stop-host a
      refused sekisho stop --until 10m --local --host a --stop-host b; grep 'names b, which is no host' said
      refused sekisho stop --until 10m --local --host a --json
      refused $stop --until 1s; refused $stop --until 800h; refused $stop --until never
      echo b | script -qec 'sekisho stop --until 10m --local --host a' /dev/null > said || status=$?
      test $status = 1; grep 'this is not the name of a' said; there
      echo a | script -qec 'sekisho stop --until for-good --local --host a' /dev/null > said; gone
      """)
  }

  @Test(.timeLimit(.minutes(60))) func `a start is guarded like an apply`() throws {
    try run(
      """
      $stop --until for-good -q; export SSH_CONNECTION='192.0.2.7 40000 10.0.0.1 22'
      status=0; sekisho start --local --host a -q > missing 2> said || status=$?; test $status = 6; gone
      grep 'no flow would let you in again' said; grep 'login-192-0-2-7' missing
      status=0; sekisho start --local --host a --allow-lockout b 2> said || status=$?; test $status = 64; gone
      sekisho start --local --host a --allow-lockout a -q; there
      """)
  }

  @Test(.timeLimit(.minutes(60))) func `a host that could not be judged is not started`() throws {
    try run(
      """
      $stop --until for-good -q; mkdir bin; PATH=$PWD/bin:$PATH
      # The way to a leads here, but for who asks first what would come back.
      printf '#!/bin/sh\\ntest -e asked || { touch asked; exit 1; }\\nexec sekisho agent\\n' > bin/ssh; chmod +x bin/ssh
      status=0; sekisho start --host a --allow-lockout a 2> said || status=$?; test $status = 1; gone; test -e asked
      sekisho start --host a --allow-lockout a -q; there
      """)
  }

  @Test(.timeLimit(.minutes(60)))
  func `a stop of a host on which nothing was ever confirmed is ended`() throws {
    try run(
      """
      rm -rf $SEKISHO_STATE_DIR; status=0; $stop --until 10m 2> said || status=$?; test $status = 1; there
      grep 'rules that are there without one go by --until for-good' said; $stop --until for-good -q; gone
      sekisho start --local --host a 2>&1 | grep 'nothing was ever confirmed; the stop is over'; gone
      for time in 10m for-good; do
        status=0; $stop --until $time 2> said || status=$?; test $status = 1; gone
        grep 'a: nothing is enforced on this host, and there is nothing to stop' said; (! grep for-good said)
      done
      """)
  }
}
