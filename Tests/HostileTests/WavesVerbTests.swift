import Testing

/// Hosts of a lab that change in waves, on the kernel: all of them, or none.
@Suite(.serialized, .enabled(if: Shell.obstacle == nil, "\(Shell.obstacle ?? "")")) struct WavesVerbTests {
  private static let inventory = """
    version: 1
    services: {web: tcp/443, old: tcp/80}
    hosts:
      desk: {addresses: [10.0.0.1]}
      web-1: {addresses: [10.0.0.2], groups: [web]}
      web-2: {addresses: [10.0.0.3], groups: [web]}
      web-3: {addresses: [10.0.0.4], groups: [web]}
    flows:
      served: {from: desk, to: web, service: web, why: a test}

    """

  /// A lab that has the rules of `inventory`; those of `new` open more on every host.
  private static let start = """
    export XDG_STATE_HOME="$PWD/home"; mkdir home
    ends() { wanted=$1; shift; status=0; "$@" || status=$?; test $status = $wanted || { echo "$@: $status"; exit 9; }; }
    mkdir new; sed 's/service: web, why/service: [web, old], why/' inventory/all.yaml > new/all.yaml
    # A check that goes on, and outlives a controller that is killed.
    hangs='echo $$ > checking; touch waits; exec sleep 300'
    unhang() { ! grep -qsx sleep /proc/$(cat checking 2> /dev/null)/comm || kill -KILL $(cat checking); }
    sekisho lab up -q; trap 'unhang; sekisho lab down -q' EXIT
    sekisho apply --lab --yes -q
    # Every host has exactly what an inventory says, and nothing is on trial.
    has() {
      ends 0 sekisho diff --lab -i $1 -q
      sekisho history --lab --json > books; (! grep '"left"' books)
    }
    waves="sekisho apply -i new --lab --yes -q --waves 1,50%,100%"

    """

  private func run(_ commands: String) throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      try shell.write(
        "checks",
        """
        #!/bin/sh
        # Notes each wave, and does to it what the file of its number says.
        echo "$SEKISHO_WAVE/$SEKISHO_WAVES $(paste -sd' ' -)" >> "$HERE/checked"
        cd "$HERE"; [ ! -e "wave$SEKISHO_WAVE" ] || . "./wave$SEKISHO_WAVE"
        """)
      let result = try shell.run(Self.start + commands, inNamespace: false)
      #expect(result.status == 0, "\(commands)\n\(result.all)")
    }
  }

  @Test(.timeLimit(.minutes(60))) func `waves go through, each behind its check, and say so`() throws {
    try run(
      """
      ends 1 sekisho apply --resume --yes 2> said; grep 'no run was left before its end' said
      ends 1 env -u XDG_STATE_HOME $waves 2> said; grep 'the journal of a run has to be kept' said
      ends 0 sekisho apply -i new --lab --yes --waves 50%,100% --canary web-2 --check ./checks 2> said; has new
      printf '1/3 web-2\\n2/3 desk\\n3/3 web-1 web-3\\n' | diff - checked
      grep 'wave 2 of 3: confirmed' said; grep '^4 hosts confirmed in 3 waves, 0 had it already$' said
      # A check may take longer than a trial.
      echo 'sleep 20' > wave2; ends 0 sekisho apply --lab --yes -q --waves 1,100% --check ./checks --confirm-within 15s
      has inventory; ends 0 $waves; ends 1 sekisho apply --revert --yes 2> said; grep 'no run was left before its end' said
      ends 0 sekisho apply --lab --yes --canary web --json > events; has inventory
      grep -c '"state":"proven"' events | grep -x 4; tail -n 1 events | grep '"outcome":"confirmed"'
      head -n 1 events | grep -F '"planned":[["web-1","web-2","web-3"],["desk"]]'
      """)
  }

  @Test(.timeLimit(.minutes(60))) func `one host or check that fails takes everything back`() throws {
    try run(
      """
      # The check says no.
      echo 'exit 7' > wave2; ends 5 $waves --check ./checks 2> said; has inventory
      grep 'every host has what it had: the check (.*/checks) ended with 7' said
      # A check that takes too long is one that says no, and goes with all that it started.
      echo 'sleep 300 & echo $! > slept; wait' > wave2
      ends 5 $waves --check ./checks --check-within 1s 2> said; has inventory; grep 'took longer than 1 s' said
      # Who was ended is gone once its new parent has looked after it.
      soon '! kill -0 $(cat slept) 2> /dev/null'
      # A host of the last wave goes back while the check runs, so that there is nothing to confirm any more.
      rm wave2; echo 'sekisho rollback --lab --host web-3 -q' > wave3
      ends 5 $waves --check ./checks 2> said; has inventory; grep '^error: web-3: ' said
      # Within what may fail the others stay.
      ends 1 $waves --check ./checks --max-failures 1 2> said; grep '^error: web-3: .*; it has what it had$' said
      ends 0 sekisho diff --lab -i new -q --host 'all & !web-3'; ends 0 sekisho diff --lab -q --host web-3
      ends 0 sekisho apply --lab --yes -q; has inventory
      # Somebody else changes a host before its wave comes: that stays, and the run has nothing to take back there.
      mkdir other; sed 's/service: web, why/service: old, why/' inventory/all.yaml > other/all.yaml
      rm wave3; echo 'sekisho apply -i other --lab --host web-3 --yes -q' > wave1
      ends 5 $waves --check ./checks 2> said; grep '^error: web-3: ' said
      ends 0 sekisho diff --lab -q --host 'all & !web-3'; ends 0 sekisho diff --lab -i other -q --host web-3
      """)
  }

  @Test(.timeLimit(.minutes(60))) func `what others take away or stop meanwhile is named, and left`() throws {
    try run(
      """
      echo 'sekisho lab exec web-1 -- nft flush ruleset; exit 1' > wave2
      ends 1 $waves --check ./checks 2> said; cat said
      grep '^error: web-1: it is not known to have what it had: .*nothing is enforced' said; (! grep '^error: every host has' said)
      sekisho start --lab --host web-1; ends 5 sekisho apply --revert --yes -q; has inventory
      # Of a wave that was confirmed.
      echo 'sekisho stop --until 1h --lab --host desk --stop-host desk; exit 1' > wave2
      ends 1 $waves --check ./checks 2> said; cat said
      grep '^error: desk: it is not known to have what it had: .* has stopped it, and not this run' said
      test -z "$(sekisho lab exec desk -- nft list tables)"
      """)
  }

  @Test(.timeLimit(.minutes(60))) func `what cannot be written is told, and is no reason to do it again`()
    throws
  {
    try run(
      """
      # Nobody could read how a run goes on: it does not begin, and none was left.
      ends 1 sekisho apply -i new --lab --yes --waves 1,100% --json > /dev/full 2> said; has inventory
      grep 'cannot write the output' said; ends 1 sekisho apply --revert --yes 2> said; grep 'no run was left' said
      # Whoever cannot read an answer is told what was done.
      ends 1 sekisho apply -i new --lab --yes --json > /dev/full 2> said; has new
      grep '^4 hosts applied' said; grep 'cannot write the output' said
      ends 0 sekisho apply --lab --yes -q
      # A disk that is full while everything goes back: the journal has only that the run goes on.
      mkdir -p home/sekisho/runs; journal='chattr +i "$HERE"/home/sekisho/runs/*.jsonl'
      touch home/probe; if chattr +i home/probe; then
        chattr -i home/probe
        echo "$journal; exit 1" > wave2
        ends 5 $waves --check ./checks 2> said; has inventory; cat said
        grep 'every host has what it had' said; grep 'does not say that it has ended: .*sekisho apply --revert' said
        chattr -i home/sekisho/runs/*.jsonl
        ends 1 $waves 2> said; grep 'was left before its end' said
        ends 5 sekisho apply --revert --yes -q; has inventory; rm wave2
      fi
      # What a run was begun with is not there any more.
      echo 'kill -KILL $PPID; exit 1' > wave2
      status=0; $waves --check ./checks 2> said || status=$?; test $status = 137; soon 'sekisho status --lab > /dev/null'
      mv new gone
      ends 1 sekisho apply --resume --yes 2> said; grep 'put it back where the run had it, or sekisho apply --revert' said
      # What was begun goes back whether anybody can read of it or not.
      ends 1 sekisho apply --revert --yes --json > /dev/full 2> said; has inventory
      grep 'every host has what it had' said; grep 'cannot write the output' said
      ends 1 sekisho apply --revert --yes 2> said; grep 'no run was left' said
      """)
  }

  @Test(.timeLimit(.minutes(60))) func `an interrupted run goes back, and a second is refused`() throws {
    try run(
      """
      echo "$hangs" > wave2
      $waves --check ./checks 2> said & run=$!
      soon 'test -e waits' $run
      ends 1 $waves 2> refused; grep 'another run goes on, of .* since 20.*Z (process ' refused
      ends 1 sekisho apply --resume --yes 2> refused; grep 'another run goes on' refused
      kill -INT $run; ends 5 wait $run; has inventory; grep 'every host has what it had: it was interrupted' said
      ends 1 sekisho apply --revert --yes 2> refused; grep 'no run was left' refused
      """)
  }

  @Test(.timeLimit(.minutes(60)))
  func `who hangs while all goes back is left by a second interrupt, and named`()
    throws
  {
    try run(
      """
      echo "$hangs" > wave2
      $waves --check ./checks --confirm-within 10m 2> said & run=$!
      soon 'test -e waits' $run
      # As long as somebody else is at it, the host cannot go back.
      cat > hold <<'END'
      i=0; touch held; until [ -e free ] || [ $i = 3000 ]; do i=$((i+1)); sleep 0.1; done
      END
      sekisho lab exec web-1 -- sh -c 'exec flock -nF "$SEKISHO_RUNTIME_DIR"/apply-*.lock sh hold' &
      soon 'test -e held' $!
      kill -INT $run; soon 'grep "once more leaves hosts that hang" said' $run
      kill -INT $run; soon 'grep "interrupted again" said' $run
      ends 1 wait $run; grep '^error: web-1: it is not known to have what it had: it hung' said
      (! grep '^error: desk: ' said); touch free
      ends 5 sekisho apply --revert --yes -q; has inventory
      """)
  }

  @Test(.timeLimit(.minutes(60)), arguments: ["resume", "revert"])
  func `a controller that is killed at any line of its journal leaves what can be ended`(end: String) throws {
    try run(
      """
      from=inventory; to=new
      # What is killed at its second line has put nobody on trial yet, at its tenth confirmed the last wave.
      for line in 1 2 3 4 5 6 7 8 9 10; do
        sekisho apply -i $to --lab --yes -q --waves 1,50%,100% & run=$!
        soon 'journal=$(ls home/sekisho/runs/*-$run.jsonl 2> /dev/null)' $run
        soon 'test $(wc -l < $journal) -ge $line' $run
        # Right behind the line, or within what it says.
        test $((line % 2)) = 0 || sleep 0.3
        kill -9 $run || true; wait $run || true
        if grep -q '"act":"ended"' $journal; then
          has $to
        else
          ends 1 sekisho apply -i $to --lab --yes -q --waves 1,100% 2> refused
          grep 'was left before its end' refused
          if test \(end) = resume; then
            ends 0 sekisho apply --resume --yes -q; has $to
          else
            ends 5 sekisho apply --revert --yes -q; has $from; continue
          fi
        fi
        swap=$from; from=$to; to=$swap
      done
      """)
  }

  @Test(.timeLimit(.minutes(60)))
  func `a run goes on with what it was of, and trials that are over begin anew`()
    throws
  {
    try run(
      """
      echo "$hangs" > wave2
      $waves --check ./checks --confirm-within 15s & run=$!
      soon 'test -e waits' $run
      kill -9 $run; wait $run || true; unhang
      # The kernel goes back by itself.
      soon '! sekisho history --lab --json | grep "\\"left\\""'
      cp new/all.yaml kept; sed -i 's/service: .web, old./service: old/' new/all.yaml
      ends 3 sekisho apply --resume --yes 2> said; grep 'not those that the run was of' said
      cp kept new/all.yaml; rm wave2
      ends 64 sekisho apply --resume --lab --yes; ends 64 sekisho apply --resume --waves 1,100% --yes
      cd /; ends 0 sekisho apply --resume --yes -q; cd "$HERE"; has new
      tail -n 1 checked | grep '^3/3 '
      """)
  }

  @Test(.timeLimit(.minutes(60)))
  func `what was signed goes through in waves, behind the death of its controller too`() throws {
    try run(
      """
      umask 022; ssh-keygen -q -t ed25519 -N '' -f ada; { printf 'ada '; cat ada.pub; } > signers
      for host in desk web-1 web-2 web-3; do
        sekisho lab exec $host -- sh -c 'mkdir -p "$SEKISHO_CONFIG_DIR"; cp signers "$SEKISHO_CONFIG_DIR/allowed_signers"'
      done
      ends 1 $waves 2> said; grep 'takes only what is signed' said; has inventory
      ends 2 sekisho diff -i new --lab --out plan -q; sekisho sign -q plan --key ada
      # What hosts have was never approved: they would not go back to it.
      ends 1 sekisho apply -i new plan --waves 1,100% -q 2> said; grep 'was not, so that it could not go back' said
      has inventory; ends 0 sekisho apply -i new plan -q; has new; sleep 1
      ends 2 sekisho diff --lab --out plan -q; sekisho sign -q plan --key ada
      signed="sekisho apply plan --waves 1,100% -q"
      ends 64 $signed --base new 2> said; grep 'leave --base out' said
      echo 'exit 1' > wave2; ends 5 $signed --check ./checks; has new
      # What a host has confirmed once it does not take again, as a replay: there has to be a newer index.
      ends 5 $signed 2> said; grep 'what is older is not taken again' said; has new; sleep 1
      ends 2 sekisho diff --lab --out plan -q; sekisho sign -q plan --key ada
      echo "$hangs" > wave2
      $signed --check ./checks & run=$!
      soon 'test -e waits' $run
      kill -9 $run; wait $run || true; unhang; rm wave2
      ends 0 sekisho apply --resume --yes -q; has inventory
      sekisho history --lab --host web-1 | grep 'approved by ada'
      """)
  }

  @Test(.timeLimit(.minutes(60))) func `hosts that had nothing have nothing again`() throws {
    try run(
      """
      sekisho lab down -q; sekisho lab up -q
      echo 'exit 1' > wave2; ends 5 $waves --check ./checks
      for host in desk web-1 web-2 web-3; do
        sekisho lab exec $host -- nft list ruleset > rules; test ! -s rules
      done
      """)
  }

  @Test(.timeLimit(.minutes(60))) func `waves that leave hosts out, or have none, are refused`() throws {
    try run(
      """
      ends 64 sekisho apply -i new --lab --yes -q --waves 1,2 2> said; grep 'reaches 2 of 4 hosts' said
      ends 64 sekisho apply -i new --lab --yes -q --canary nobody 2> said; grep 'canary: no host, group or zone' said
      ends 0 sekisho apply -i new --lab --host web-1 --yes -q
      ends 64 sekisho apply -i new --lab --yes -q --canary web-1 2> said; grep 'none of these hosts changes' said
      ends 2 sekisho diff -i new --lab -q
      """)
  }

  @Test(arguments: [
    ("--waves x", "no number of hosts"), ("--waves 10,10", "so 10 behind 10 is none"),
    ("--check 'a | b'", "no shell reads"), ("--check ./nosuch", "there is no program ./nosuch"),
    ("--waves 100% --no-trial", "leave --no-trial out"), ("--resume --revert", "exclude each other"),
    ("--check-within 5m", "is of a --check"), ("--concurrency 0", "is 1 to 1024"),
  ])
  func `what would be no run is refused`(options: String, words: String) throws {
    try withShell { shell in
      let result = try shell.run("sekisho apply --lab --yes \(options)", inNamespace: false)
      #expect(result.status == 64 && result.all.contains(words), "\(options): \(result.all)")
    }
  }
}
