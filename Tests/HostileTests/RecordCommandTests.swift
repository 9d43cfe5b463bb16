import Testing

/// Records as users of the commands see them.
@Suite(.enabled(if: Shell.obstacle == nil && Shell.isRoot, "\(Shell.obstacle ?? "not root")"))
struct RecordCommandTests {
  private static let inventory = """
    version: 1
    services: {ssh: tcp/22, dns: udp/53}
    hosts:
      a: {addresses: [10.0.0.1, "2001:db8::1"]}
      b: {addresses: [10.0.0.2, "2001:db8::2"], mode: {egress: observe}}
    flows:
      a-to-b: {from: a, to: b, service: [ssh, dns], why: test}

    """

  /// Datagrams of UDP are denied whoever listens.
  private static let start = """
    sekisho lab up -q; trap 'sekisho lab down -q' EXIT
    sekisho apply --lab --yes -q
    sekisho lab exec b -- bash -c 'for each in 1 2; do echo x > /dev/udp/10.0.0.1/53; done'
    sekisho lab exec b -- bash -c 'echo x > /dev/udp/2001:db8::1/99'

    """

  @Test func `what is denied and what would be is listed with names and causes`() throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      let result = try shell.run(
        Self.start + """
          sekisho denied --lab > told; cat told
          grep 'denied on the way in: 2 peers and ports' told
          grep -e '- b → a  dns  2 packets, [0-9a-z ,]* ago, flow a-to-b is the other way' told
          grep -e '- b → a  udp/99  1 packet, [0-9a-z ]* ago, no flow allows it' told
          sekisho denied --lab --host a --by source | grep 'b → 2 ports of a  3 packets'
          sekisho denied --lab --host a --by service | grep 'dns  b → a  2 packets'
          sekisho denied --lab --host a --by host | grep 'b → a  2 ports  3 packets'
          sekisho observed --lab > told 2> said; cat told said
          grep 'would be denied on the way out: 2 peers and ports' told
          grep 'b → a  dns  2 packets, [0-9a-z ,]* ago, flow a-to-b is the other way' told
          grep 'a observes nothing, it enforces' said
          sekisho denied --lab --json > json; cat json
          for word in '"cause" : "other-way"' '"cause" : "no-flow"' '"destination_host" : "a"' '"flow" : "a-to-b"' \
            '"memory" : 86400' '"packets" : 2' '"port" : 99' '"protocol" : "udp"' '"service" : "dns"' \
            '"source" : "10.0.0.2"' '"source_host" : "b"' '"full" : false'; do grep -F "$word" json; done
          sekisho compile -q -o out
          sekisho denied --lab --from out | grep 'b → a  udp/53  2 packets, [0-9a-z ,]* ago$'
          for port in $(seq 1 40); do sekisho lab exec b -- bash -c "echo x > /dev/udp/10.0.0.1/$((2000 + port))"; done
          sekisho denied --lab > told; cat told
          grep -e '! b  scan: 41 ports of a  41 packets, [0-9a-z ]* ago\\(, first [0-9a-z ]* ago\\)*, no flow allows it' told
          grep -e '- b → a  dns  2 packets' told; test $(grep -c ' b ' told) = 2
          """, inNamespace: false)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test func `a scan over hosts is one line, and one host that cannot be asked hides no other`() throws {
    try withShell { shell in
      try shell.write(
        "inventory/all.yaml",
        """
        version: 1
        hosts: {a: {addresses: [10.0.0.1]}, b: {addresses: [10.0.0.2]}, c: {addresses: [10.0.0.3]}, d: {addresses: [10.0.0.4]}}

        """)
      let result = try shell.run(
        """
        sekisho lab up -q; trap 'sekisho lab down -q' EXIT
        sekisho apply --lab --host 'a, b, c' --yes -q
        sekisho lab exec d -- bash -c 'for host in 1 2 3; do for port in 1 2 3 4 5 6 7 8 9 10 11 12; do
          echo x > /dev/udp/10.0.0.$host/$port; done; done'
        status=0; sekisho denied --lab > told 2> said || status=$?; cat told said; test $status = 1
        grep -e '! d  scan: 12 ports of 3 hosts  36 packets, [0-9a-z ,]* ago, no flow allows it' told
        grep 'd: nothing is enforced on this host' said
        sekisho denied --lab --host 'a, b, c' --since 1h | grep scan
        # Nor does it hide from whoever reads the proposal later.
        sekisho lab exec a -- bash -c 'echo x > /dev/udp/10.0.0.2/99' 2> /dev/null || true
        status=0; sekisho suggest --lab --denied > told 2> said || status=$?; cat told said; test $status = 1
        grep '^# Without hosts that could not be asked: d$' told; grep 'd: nothing is enforced on this host' said
        grep 'left: one source wanted 10 or more ports of one host' said
        """, inNamespace: false)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test func `this machine needs no inventory, and where nothing is enforced that is said`() throws {
    try withShell { shell in
      let result = try shell.run(
        """
        for verb in denied observed; do
          status=0; sekisho $verb 2> said || status=$?; cat said; test $status = 1; grep 'nothing is enforced' said
          status=0; sekisho $verb --json > json 2> said || status=$?; test $status = 1; grep '"code" : "refused"' json
          status=0; sekisho $verb --by port 2> said || status=$?; test $status = 64
          status=0; sekisho $verb --since soon 2> said || status=$?; test $status = 64
        done
        """)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  /// What this machine sends and no flow lets out, which takes nobody at the other end.
  private static let alone = """
    version: 1
    services: {ssh: tcp/22}
    hosts: {a: {addresses: [10.0.0.1]}, b: {addresses: [10.0.0.2]}}
    flows: {a-to-b: {from: a, to: b, service: ssh, why: test}}

    """

  private static let sending = """
    ip link set lo up; ip link add d0 type veth peer name d1; ip link set d1 up
    ip address add 10.0.0.1/24 dev d0; ip link set d0 up
    trap 'test -z "${watch-}" || kill "$watch" 2> /dev/null || true' EXIT
    apply() { sekisho apply --no-trial --local --host a --yes --allow-lockout a -q; }
    send() { for port; do bash -c "echo x > /dev/udp/10.0.0.2/$port" 2> /dev/null || true; done; }
    watch() { rm -f told; sekisho watch > told & watch=$!; until grep 'stands, as it was confirmed' told; do sleep 0.1; done; }
    ended() { kill -TERM $watch; wait $watch; watch=; }
    denied() { sekisho denied --local --host a > list 2> said; cat list said; }

    """

  @Test(.timeLimit(.minutes(60)))
  func `records outlive the table, a stop and what somebody does to the disk`() throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.alone)
      let result = try shell.run(
        Self.sending + """
          apply; send 53 53 99; denied; test ! -e state/records
          grep -e '- a → b  udp/99  1 packet' list; grep -e '- a → b  udp/53  2 packets' list
          sekisho denied --local --host a --json | tr -d ' \\n' > json
          grep '"memory":86400' json; grep -o '"first_seen":[0-9]*,"last_seen":[0-9]*,[^}]*"port":99' json
          (! grep '"first_seen":[0-9]*,"last_seen":[0-9]*,[^}]*"packets":2' json); (! grep '"watched"' json)
          # Whoever watches keeps them, and knows when what is new came.
          watch; until test -s state/records; do sleep 0.1; done; send 77 77; ended
          nft delete table inet sekisho; sekisho boot
          denied; grep -e '- a → b  udp/53  2 packets' list; grep -e '- a → b  udp/77  2 packets' list
          send 53; denied; grep -e '- a → b  udp/53  3 packets' list; grep -e '- a → b  udp/99  1 packet' list
          sekisho denied --local --host a --json | tr -d ' \\n' > json
          grep '"memory":3024000' json; grep '"watched":' json
          grep '"first_seen":[0-9]*,"last_seen":[0-9]*,"of_probe":false,"packets":2,"port":77' json
          # A stop takes the table away, and first what it has recorded.
          send 55 55 55; sekisho stop --local --host a --stop-host a --until 1h -q; test -z "$(nft list tables)"
          sekisho start --local --host a --allow-lockout a -q; send 53
          denied; grep -e '- a → b  udp/55  3 packets' list; grep -e '- a → b  udp/53  4 packets' list
          # Whatever is in the file, nothing but what it remembers is lost.
          echo '{' > state/records; sekisho boot; sekisho status > said; grep 'output' said; (! grep 'fallback' said)
          denied; grep -e '- a → b  udp/53  1 packet' list; (! grep 'udp/55' list)
          grep 'a: what was recorded before is not among it: .*records is damaged' said
          watch; until grep 'this cannot be read, and does not count: .*records is damaged' told; do sleep 0.1; done; ended
          denied; grep -e '- a → b  udp/53  1 packet' list; (! grep damaged said)
          """)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test(.timeLimit(.minutes(60))) func `what comes is said as it comes, here and of many hosts at once`()
    throws
  {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      let result = try shell.run(
        """
        sekisho lab up -q
        trap 'for each in ${pids-}; do kill $each 2> /dev/null || true; done; sekisho lab down -q' EXIT
        sekisho apply --lab --yes -q
        send() { sekisho lab exec b -- bash -c "echo x > /dev/udp/10.0.0.1/$1"; }
        until_told() { until grep "$2" "$1"; do for each in $pids; do kill -0 $each; done; sleep 0.1; done; }
        send 53
        sekisho denied --lab --follow > denied 2> said & pids=$!
        sekisho observed --lab --host b --follow --json > observed 2>> said & pids="$pids $!"
        # Whether anybody follows already only what comes tells.
        until grep ' udp/7[0-9]* ' denied && grep '"port":7' observed; do
          for each in $pids; do kill -0 $each; done; send 7$((count = ${count-0} + 1)); sleep 0.5
        done
        grep 'a input denied  b → a  udp/7[0-9]*  1 packet, new, no flow allows it' denied
        (! grep dns denied); (! grep '"port":53' observed)
        send 53; until_told denied '^2.*Z  a input denied  b → a  dns  1 packet, flow a-to-b is the other way$'
        until_told observed '"direction":"output","format_version":1,"host":"b","is_new":false,"mode":"observe".*"port":53'
        test "$(grep -c '"format_version":1' observed)" = "$(wc -l < observed)"
        # A table that is made anew is followed on.
        sekisho lab exec a -- nft delete table inet sekisho; sekisho apply --lab --host a --yes -q
        until grep ' udp/99 ' denied; do for each in $pids; do kill -0 $each; done; send 99; sleep 0.5; done
        for each in $pids; do kill -TERM $each; done; pids=
        sekisho denied --lab --follow --for 2s > for; test ! -s for
        # Whoever reads no more ends it.
        (sekisho denied --lab --follow --host a || echo ended > end) | head -1 > first & reader=$!
        until test -s first; do send 99; sleep 0.3; done
        until test -s end; do send 99; sleep 0.3; done; wait $reader; grep 'udp/99' first
        status=0; sekisho denied --lab --for 2s 2> said || status=$?; test $status = 64
        status=0; sekisho denied --lab --follow --since 2s 2> said || status=$?; test $status = 64
        sekisho denied --lab --host a --follow --for 1s 2> said; test ! -s said
        sekisho observed --lab --host a --follow --for 1s > for 2> said; test ! -s for
        grep 'a observes nothing, it enforces' said
        sekisho lab exec a -- nft delete table inet sekisho
        sekisho denied --lab --host a --follow --json --for 1s > for 2> said || test $? = 1
        grep '"error":{"code":"refused",.*nothing is enforced.*"format_version":1,"host":"a"' for
        grep 'a: nothing is enforced' said
        status=0; sekisho denied --lab --host a --follow --for 1s 2> said || status=$?
        test $status = 1; grep 'a: nothing is enforced' said
        """, inNamespace: false)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  /// Outcomes of probes that were never made, about packets that were.
  private static let outcomes = """
    mkdir -p build/probes; now=$(date +%s)
    # outcome SINCE UNTIL FILE RECORD PACKETS
    outcome() {
      printf '{"trace":{"lab":%s,"since":%s,"until":%s,"records":[{"record":"%s","packets":%s}]}}' ${lab-false} $1 $2 "$4" $5 > build/probes/$3
    }
    name() { date -u -d @$1 +%Y-%m-%dT%H%M%SZ.json; }
    to() { echo "a egress 10.0.0.2 - udp/$1"; }

    """

  @Test(.timeLimit(.minutes(60)))
  func `only what need be nobody else's than a probe's is left out, and programs are told of it`() throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.alone)
      let result = try shell.run(
        Self.sending + Self.outcomes + """
          apply; send 53 54 54 55 56 57; since=$((now - 600)); sleep 3; until=$(date +%s)
          # The outcome of a run that goes on while it is asked is not kept yet: this one has ended.
          known() { rm -f build/probes/*; outcome $since $until $(name $since) "$(to 53)" 1; }
          known; denied; (! grep 'udp/53' list); grep 'udp/55' list; grep '^1 record of probes left out (build/probes)$' said
          sekisho denied --local --host a --json | tr -d ' \n' > json
          grep '"of_probe":true,"packets":1,"port":53' json; grep '"of_probe":false,"packets":1,"port":55' json
          # When the first of two came is not known.
          rm build/probes/*; outcome $since $until $(name $since) "$(to 54)" 9; denied; grep 'udp/54  2 packets' list
          # The run was over, or not begun.
          rm build/probes/*; outcome $((since - 60)) $((since - 30)) $(name $((since - 60))) "$(to 53)" 9
          denied; grep 'udp/53' list; (! grep 'left out' said)
          # It ran in the lab, where other hosts have the same names.
          lab=true; known; lab=false; denied; grep 'udp/53' list; (! grep 'left out' said)
          # Names that no probe makes, files that others can write, links, what is no outcome.
          known; mv build/probes/*.json build/probes/$(name $((since + 1))); denied; grep 'udp/53' list
          known; mv build/probes/*.json build/probes/9999.json; denied; grep 'udp/53' list
          known; chmod g+w build/probes/*; denied; grep 'udp/53' list
          known; chown 1234 build/probes/* && { denied; grep 'udp/53' list; }
          known; mv build/probes/*.json elsewhere; ln -s "$PWD/elsewhere" build/probes/$(name $since); denied; grep 'udp/53' list
          known; echo '{' > build/probes/$(name $since); denied; grep 'udp/53' list
          # No more than were sent.
          rm build/probes/*; outcome $since $until $(name $since) "$(to 55)" 0; denied; grep 'udp/55' list
          # Somebody knocked, and then a probe.
          watch; until test -s state/records; do sleep 0.1; done; ended
          known; denied; (! grep 'udp/53' list); sleep 3; send 53; rm build/probes/*; since=$(date +%s); sleep 3
          outcome $((since - 1)) $(date +%s) $(name $((since - 1))) "$(to 53)" 9; sleep 1
          denied; grep 'udp/53  2 packets' list
          """)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test(.timeLimit(.minutes(60)))
  func `nothing is proposed for what a probe has tried, and it holds nobody up`() throws {
    try withShell { shell in
      let observing = Self.alone.replacing("version: 1", with: "version: 1\nsettings: {mode: observe}")
      try shell.write("inventory/all.yaml", observing)
      let result = try shell.run(
        Self.sending + Self.outcomes + """
          apply; send 53 99; sleep 3; outcome $((now - 60)) $(date +%s) $(name $((now - 60))) "$(to 53)" 1
          left='^1 record of probes left out (build/probes)$'
          sekisho suggest --local --host a > list 2> said; cat list said; grep 'udp/99' list; (! grep 'udp/53' list)
          grep "$left" said; grep '1 of 1 records' said
          sekisho observed --ready --local --host a > list 2> said; cat list said
          grep 'a output: .*: 1 peer and port (b udp/99)$' list; grep "$left" said
          sekisho observed --ready --local --host a --json > json; cat json; grep '"of_probes" : 1' json; grep '"count" : 1' json
          sekisho observed --local --host a > list 2> said; grep "$left" said
          mv build aside; sekisho suggest --local --host a > list 2> said; cat list said; grep 'udp/53' list
          sekisho observed --ready --local --host a > list; grep '2 peers and ports (b udp/53, b udp/99)$' list
          """)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test(.timeLimit(.minutes(60)))
  func `what was denied before a direction only observed is proposed where that is meant alone`() throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.alone)
      let result = try shell.run(
        Self.sending + """
          suggest() { sekisho suggest --local --host a "$@" > list 2> said; cat list said; }
          observe() { sed -i 's/^version: 1/version: 1\\nsettings: {mode: observe}/' inventory/all.yaml; apply; }
          noted() { watch; until test -s state/records; do sleep 0.1; done; ended; sleep 2; }
          # Who changes the mode notes when, whether somebody watches or not.
          apply; send 53; suggest; grep '^nothing was looked at: no direction only observes$' said
          suggest --denied; grep '# 1 packet at least, the last at ' list
          sleep 2; observe; sleep 2; send 54 54; suggest
          (! grep 'udp/53' list); grep 'udp/54' list; (! grep 'may be among it' said)
          sed -i '/^settings/d' inventory/all.yaml; sleep 2; apply; sleep 2; send 52 52; denied
          grep 'a → b  udp/54  2 packets, .*, perhaps while it only observed$' list; (! grep 'udp/52 .*perhaps' list)
          # Where that is lost nobody knows.
          observe; rm state/records; suggest
          grep 'udp/53' list; grep 'udp/54' list
          grep 'what was denied before it was observed may be among it, since no `sekisho watch` ran then: a$' said
          status=0; sekisho suggest --local --host a --from out 2> said || status=$?; test $status = 64
          grep -e '--from is of no use here: flows have the names of an inventory' said
          # Where somebody does, it is known when the direction came to observe.
          sed -i '/^settings/d' inventory/all.yaml; apply; noted; send 55; noted; observe; noted; send 56; suggest
          grep 'udp/56' list; (! grep 'udp/5[345]' list); (! grep 'may be among it' said)
          grep 'left: first seen before the direction only observed, or nobody knows when' said
          suggest --json > /dev/null; grep '"reason" : "denied"' list
          suggest --denied; grep 'udp/56' list; grep 'udp/55' list; (! grep 'left: ' said)
          sekisho observed --local --host a > list; cat list
          grep 'a → b  udp/55  1 packet, .*, perhaps while it enforced$' list; (! grep 'udp/56 .*perhaps' list)
          # The same the other way round. Ages are whole seconds.
          sleep 2; sed -i '/^settings/d' inventory/all.yaml; apply; noted; send 57; denied
          grep 'a → b  udp/56  1 packet, .*, perhaps while it only observed$' list; (! grep 'udp/57 .*perhaps' list)
          sekisho denied --local --host a --json > json; grep '"in_mode" : [0-9]' json
          # What is not known is said of a proposal, too.
          observe; echo '{' > state/records; send 58; suggest; grep 'udp/58' list
          grep 'a: what was recorded before is not among it: .*records is damaged' said
          """)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test(.timeLimit(.minutes(60)))
  func `what runs is proposed where there are no rules yet, and what is not known of it is said`() throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      let result = try shell.run(
        """
        sekisho lab up -q
        trap 'for each in ${pids-}; do kill $each 2> /dev/null || true; done; sekisho lab down -q' EXIT
        suggest() { sekisho suggest --lab --of sockets "$@" > list 2> said; cat list said; }
        suggest; test ! -s list; grep 'nothing is seen on 2 hosts that is not allowed' said
        sekisho lab exec b -- bash -c 'exec 3<>/dev/udp/10.0.0.1/99; echo > ready; exec sleep 1000' & pids="$pids $!"
        until test -e ready; do sleep 0.1; done
        suggest; grep '  b-to-a:' list; grep '  # 1 session at 2' list; grep '    why: ""' list
        grep '1 flow covers 100 % of what is seen on 2 hosts: 1 of 1 peers and ports' said
        grep 'sockets alone tell of hosts on which the kernel tracks nothing, .*: a, b$' said
        cp list inventory/proposed.yaml; (! sekisho check); rm inventory/proposed.yaml
        suggest --json > /dev/null; grep '"sessions" : 1' list; (! grep '"packets"' list); grep '"tracked" : false' list
        for wrong in --denied '--since 5m' '--from out' '--of files'; do
          status=0; sekisho suggest --lab --of sockets $wrong 2> said || status=$?; test $status = 64
        done
        """, inNamespace: false)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test(.timeLimit(.minutes(60)))
  func `a service at a port that clients ask from is told, and proposed where both ends or sockets show it`()
    throws
  {
    try withShell { shell in
      let observing = Self.inventory.replacing("version: 1", with: "version: 1\nsettings: {mode: observe}")
        .replacing(", mode: {egress: observe}", with: "")
      try shell.write("inventory/all.yaml", observing)
      let result = try shell.run(
        """
        sekisho lab up -q
        trap 'for each in ${pids-}; do kill $each 2> /dev/null || true; done; sekisho lab down -q' EXIT
        sekisho apply --lab --yes -q
        # Nobody listens there: a SYN comes, which is new to both.
        sekisho lab exec b -- bash -c ': < /dev/tcp/10.0.0.1/50000' 2> /dev/null || true
        sekisho observed --lab > told; cat told
        test $(grep -c '^ *b → a  tcp/50000  1 packet, .*, no flow allows it: new to both ends, it is no answer of flow a-to-b$' told) = 2
        sekisho observed --lab --host a > told; cat told
        grep 'b → a  tcp answers to port 50000  1 packet, .*, they look like answers of flow a-to-b' told
        sekisho suggest --lab --host a > list 2> said; cat list said
        grep 'left: they look like answers of flow a-to-b' said; grep 'b → a  tcp/50000' said
        sekisho suggest --lab > list 2> said; cat list said; (! grep left said)
        grep '  b-to-a:' list; grep 'tcp/50000' list; grep '# clients ask from such ports: .* late answer of flow a-to-b' list
        # A name tells that it is one.
        sed -i 's|dns: udp/53|dns: udp/53, builds: tcp/50000|' inventory/all.yaml
        sekisho suggest --lab --host a > list 2> said; cat list said; grep 'service: builds' list
        sekisho lab exec b -- bash -c 'exec 3<>/dev/udp/10.0.0.1/50001; echo > ready; exec sleep 1000' & pids="$pids $!"
        until test -e ready; do kill -0 $pids; sleep 0.1; done
        sekisho suggest --lab --host b --of sockets > list 2> said; cat list said
        grep '  b-to-a:' list; grep 'udp/50001' list; (! grep left said)
        """, inNamespace: false)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test(.timeLimit(.minutes(60)))
  func `a host that breaks off is said at once and followed again, and the others go on`() throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      let result = try shell.run(
        """
        sekisho lab up -q
        trap 'for each in ${pids-}; do kill $each 2> /dev/null || true; done; sekisho lab down -q' EXIT
        sekisho apply --lab --yes -q
        send() { sekisho lab exec b -- bash -c "echo x > /dev/udp/10.0.0.1/$1"; }
        until_told() { until grep "$2" "$1"; do kill -0 $pids; sleep 0.1; done; }
        until_sent() { until grep "$2" "$1"; do kill -0 $pids; send $((7000 + (count = ${count-0} + 1))); sleep 0.5; done; }
        agents() { cat /proc/$pids/task/*/children; }
        for form in '' --json; do
          : > told; sekisho denied --lab --follow --host a $form >> told 2> said & pids=$!
          until_sent told '7[0-9][0-9][0-9]'
          agent=$(agents); test -n "$agent"; kill -KILL $agent
          until_told said 'error: a: '
          if test -n "$form"; then until_told told '"error":{"code":.*"format_version":1,"host":"a","time":[0-9]'; fi
          : > told; until_sent told '7[0-9][0-9][0-9]'
          grep 'a is followed again: `sekisho denied` lists what came meanwhile' said
          test $(grep -c 'error: ' said) = 1
          kill -TERM $pids; wait $pids || true; pids=
        done
        """, inNamespace: false)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test(.timeLimit(.minutes(60)))
  func `whether it can be enforced is said by what would be denied then`() throws {
    try withShell { shell in
      let observing = Self.alone.replacing("version: 1", with: "version: 1\nsettings: {mode: observe}")
      try shell.write("inventory/all.yaml", observing)
      let result = try shell.run(
        Self.sending + """
          ready() { sekisho observed --ready --local --host a "$@" > list 2> said; cat list said; }
          apply; send 53 99; ready
          grep '  - a output: recorded in the last day and denied from now on: 2 peers and ports (b udp/53, b udp/99)$' list
          grep '^  a input: recorded in the last day and denied from now on: nothing$' list
          grep 'a remembers a day, and not since when anything comes' said
          # What the inventory allows meanwhile would pass, though the host does not have it yet.
          sed -i -e 's|tcp.22|udp/53|' inventory/all.yaml; watch; until test -s state/records; do sleep 0.1; done; ended
          ready; grep 'a output: recorded in the last day and denied from now on: 1 peer and port (b udp/99)  recorded for [0-9]* s, nothing new for [0-9]* s$' list
          grep 'a input: .*: nothing  recorded for [0-9]* s, nothing ever came$' list; test ! -s said
          # Five days later, by what the disk says.
          then=$(($(date +%s) - 432000))
          sed -i -E 's/"began":[0-9]+/"began":'$then'/g; s/( [0-9]+ 1 [0-9]+ 1 [0-9]+ )[0-9]+ [0-9]+"/\\1'"$then $then"'"/g' state/records
          ready; grep 'a output: recorded in the last 6 days and denied from now on: 1 peer and port (b udp/99)  recorded for 5 d, nothing new for 5 d$' list
          ready --json; grep '"watched" : 432' list; grep '"quiet" : ' list; grep '"count" : 1' list
          # Nothing is recorded while there are no rules, whoever has taken them away.
          cp state/records long
          sekisho stop --local --host a --stop-host a --until 1h -q; sekisho start --local --host a --allow-lockout a -q
          ready; grep 'a output: .* (b udp/99)  recorded for [0-9]* s, nothing new for [0-9]* s$' list
          cp long state/records; ready; grep 'recorded for 5 d' list
          nft delete table inet sekisho; sekisho boot
          ready; grep 'a output: .* (b udp/99)  recorded for [0-9]* s, nothing new for [0-9]* s$' list
          sed -i 's/mode: observe/mode: enforce/' inventory/all.yaml; apply; ready; test ! -s list
          grep 'a observes nothing, it enforces: `sekisho denied` lists what it has denied' said
          # Of rules that are not what was compiled nothing is said but that.
          nft flush chain inet sekisho input; ready
          grep 'a, input: the rules are not what was compiled, nothing is known' said; (! grep 'it enforces' said)
          status=0; sekisho observed --ready --by source 2> said || status=$?; test $status = 64
          """)
      #expect(result.status == 0, "\(result.all)")
    }
  }
}
