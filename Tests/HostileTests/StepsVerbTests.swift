import Testing

/// Hosts of a lab that are led in steps from one inventory to another, on the kernel.
@Suite(.serialized, .enabled(if: Shell.obstacle == nil, "\(Shell.obstacle ?? "")")) struct StepsVerbTests {
  private static let inventory = """
    version: 1
    services: {web: tcp/443}
    hosts:
      desk: {addresses: [10.0.0.1]}
      web-1: {addresses: [10.0.0.2], groups: [web]}
      web-2: {addresses: [10.0.0.3], groups: [spare]}
    flows:
      served: {from: desk, to: web, service: web, why: a test}

    """

  @Test(.timeLimit(.minutes(60)))
  func `apply leads hosts from their base, goes on from any step, and refuses others`()
    throws
  {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      let result = try shell.run(
        """
        export XDG_STATE_HOME="$PWD/home"; mkdir home new
        ends() { wanted=$1; shift; status=0; "$@" || status=$?; test $status = $wanted || { echo "$@: $status"; exit 9; }; }
        sed 's/groups: .web./groups: [old]/; s/groups: .spare./groups: [web]/' inventory/all.yaml > new/all.yaml
        sekisho lab up -q; trap 'sekisho lab down -q' EXIT
        steps="sekisho apply -i new --lab --base inventory --yes"
        # Hosts that were given nothing are at no step.
        ends 3 $steps 2> said; grep 'desk: it runs neither what inventory gives it' said
        sekisho apply --lab --yes -q
        # All that change are led together.
        ends 3 $steps --host web-1 2> said; grep 'desk: it changes with the others' said
        # Behind each step somebody looks at which hosts had their turn, in which order.
        cat > look <<'END'
        #!/bin/sh
        cd "$HERE"; echo "$SEKISHO_STEP $(paste -sd' ' -)" >> seen
        [ ! -e hangs$SEKISHO_STEP ] || { echo $$ > slept; exec sleep 1000; }
        # Before hosts close, all have opened, and nothing of what was is gone.
        [ $SEKISHO_STEP = 1 ] || sekisho diff --lab -i inventory --json > between || true
        [ ! -e fails$SEKISHO_STEP ]
        END
        chmod +x look
        touch fails2; ends 5 $steps --check ./look 2> said; ends 0 sekisho diff --lab -q
        printf '1 web-2 desk\\n2 desk web-1\\n' | diff - seen
        rm fails2 seen; ends 0 $steps --check ./look > told; ends 0 sekisho diff --lab -i new -q
        printf '1 web-2 desk\\n2 desk web-1\\n' | diff - seen
        grep 'what opens, opens on all hosts' told
        tr -d ' \\n' < between | grep '"opened":\\[\\]'
        # What is left in the middle goes on from there.
        sekisho apply --lab --yes -q; touch hangs2
        $steps --check ./look & run=$!
        soon 'test -s slept' $run
        kill -KILL $run; kill $(cat slept); rm hangs2
        # Another base by now leads nowhere, and is told.
        cp -r inventory kept; cp new/all.yaml inventory/
        ends 3 sekisho apply --resume --yes 2> said; grep 'not those that the run was of' said; cp kept/all.yaml inventory/
        ends 0 sekisho apply --resume --yes; ends 0 sekisho diff --lab -i new -q
        """, inNamespace: false)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test(.timeLimit(.minutes(60))) func `a run goes on from the commit that it began with`() throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      let result = try shell.run(
        """
        export XDG_STATE_HOME="$PWD/home"; mkdir home
        ends() { wanted=$1; shift; status=0; "$@" || status=$?; test $status = $wanted || { echo "$@: $status"; exit 9; }; }
        git init -q -b main; git config user.name x; git config user.email x@example.org
        git add inventory; git commit -qm one; git checkout -qb topic
        sekisho lab up -q; trap 'sekisho lab down -q' EXIT; sekisho apply --lab --yes -q
        sed -i 's/groups: .web./groups: [old]/; s/groups: .spare./groups: [web]/' inventory/all.yaml
        git commit -qam two
        cat > look <<'END'
        #!/bin/sh
        cd "$HERE"; [ -e seen ] || { echo $$ > slept; exec sleep 300; }
        END
        chmod +x look
        sekisho apply --lab --base main:inventory --yes -q --check ./look & run=$!
        soon 'test -s slept' $run
        kill -KILL $run; wait $run || true; kill $(cat slept); touch seen
        git branch -q -f main topic; ends 2 sekisho diff --lab -q
        # From wherever it is, and not without what it leads from.
        mv .git git; cd /; ends 1 sekisho apply --resume --yes 2> "$HERE/said"; cd "$HERE"
        grep "git says" said; mv git .git
        cd /; ends 0 sekisho apply --resume --yes -q; cd "$HERE"; ends 0 sekisho diff --lab -q
        """, inNamespace: false)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test(.timeLimit(.minutes(60)), arguments: ["resume", "revert"])
  func `a controller that is killed between any two waves of any step leaves what can be ended`(end: String)
    throws
  {
    try withShell { shell in
      let webs = (1...7).map { number in
        "  web-\(number): {addresses: [10.0.0.\(number + 1)], groups: [\(number < 4 ? "web" : "spare")]}\n"
      }
      try shell.write(
        "inventory/all.yaml",
        """
        version: 1
        services: {web: tcp/443}
        hosts:
          desk: {addresses: [10.0.0.1]}
        \(webs.joined())flows:
          served: {from: desk, to: web, service: web, why: a test}

        """)
      let result = try shell.run(
        """
        export XDG_STATE_HOME="$PWD/home"; mkdir home new
        ends() { wanted=$1; shift; status=0; "$@" || status=$?; test $status = $wanted || { echo "$@: $status"; exit 9; }; }
        sed 's/groups: .web./groups: [old]/; s/groups: .spare./groups: [web]/' inventory/all.yaml > new/all.yaml
        sekisho lab up -q; trap 'sekisho lab down -q' EXIT; sekisho apply --lab --yes -q
        has() {
          ends 0 sekisho diff --lab -i $1 -q
          sekisho history --lab --json > books; (! grep '"left"' books)
        }
        from=inventory; to=new; killed=0
        # Behind the head of its journal each wave has three lines, the last of them when it is over.
        for line in 4 7 10 13; do
          sekisho apply -i $to --lab --base $from --yes -q --waves 25%,100% & run=$!
          soon 'journal=$(ls home/sekisho/runs/*-$run.jsonl 2> /dev/null)' $run
          soon 'test $(wc -l < $journal) -ge '$line $run
          kill -9 $run || true; wait $run || true
          if grep -q '"act":"ended"' $journal; then
            has $to
          else
            killed=$((killed+1))
            if test \(end) = resume; then
              ends 0 sekisho apply --resume --yes -q; has $to
            else
              ends 5 sekisho apply --revert --yes -q; has $from; continue
            fi
          fi
          swap=$from; from=$to; to=$swap
        done
        test $killed -ge 3
        """, inNamespace: false)
      #expect(result.status == 0, "\(result.all)")
    }
  }
}
