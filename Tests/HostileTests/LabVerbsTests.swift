import Testing

/// The verbs of a lab as a user types them, one behind the other.
@Suite(.enabled(if: Shell.obstacle == nil, "\(Shell.obstacle ?? "")")) struct LabVerbsTests {
  private static let inventory = """
    version: 1
    services: {web: tcp/8080, ask: udp/5353}
    hosts:
      a: {addresses: [10.0.0.1, "2001:db8::1"]}
      b: {addresses: [10.0.0.2, "2001:db8::2"]}
    flows:
      f: {from: a, to: b, service: web, why: a test}

    """

  @Test func `a lab comes up, is filtered, tells what passes, and goes`() throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      try shell.write("other/all.yaml", Self.inventory.replacing("10.0.0.1,", with: "10.0.0.9,"))
      let result = try shell.run(
        """
        ends() { wanted=$1; shift; status=0; "$@" || status=$?; test $status = $wanted || { echo "$@: $status"; exit 9; }; }
        ends 1 sekisho lab try a b web
        ends 0 sekisho lab up
        trap 'sekisho lab down' EXIT
        ends 1 sekisho lab up
        # Nothing is filtered yet: what the policy denies is open.
        ends 0 sekisho lab try a b web
        ends 4 sekisho lab try a b ask
        ends 2 sekisho diff --lab
        ends 0 sekisho apply --lab --yes
        ends 0 sekisho diff --lab
        ends 0 sekisho apply --lab --yes 2> again; grep '0 hosts applied, 2 had it already' again
        ends 0 sekisho lab try a b ask
        ends 0 sekisho lab try b a web
        ends 0 sekisho lab try a b web --json | tee web.json
        grep -c '"outcome" : "open"' web.json | grep -x 2; grep '"agrees" : true' web.json
        ends 1 sekisho lab try a b web -i other 2> moved; grep 'a has other addresses in the lab' moved
        ends 1 sekisho lab try a nobody web
        ends 0 sekisho status --lab --json > status.json; grep -c '"is_dormant" : false' status.json | grep -x 2
        ends 7 sekisho lab exec a -- sh -c 'exit 7'
        sekisho lab exec a -- grep '^SigBlk:[[:space:]]*0*$' /proc/self/status
        ends 0 sekisho lab down
        ends 1 sekisho lab try a b web
        """, inNamespace: false)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test func `of many hosts each has a line, and a last one counts them`() throws {
    try withShell { shell in
      try shell.write(
        "inventory/all.yaml",
        """
        version: 1
        hosts: {"a[1..4]": {addresses: ["10.0.0.[1..4]"]}}
        services: {web: tcp/80}
        flows: {web: {from: a1, to: a2, service: web, why: a test}}
        """)
      let result = try shell.run(
        """
        sekisho lab up -q
        trap 'sekisho lab down -q' EXIT
        sekisho status --lab > none 2>&1; grep -E '^a1  without a table( +[0-9]+ sessions?)?$' none
        grep '^4 hosts: 4 without a table$' none
        sekisho apply --lab --yes
        sekisho lab exec a2 -- nft add rule inet sekisho input accept
        sekisho lab exec a3 -- nft flush ruleset
        sekisho lab exec a4 -- nft 'add table ip bans; add chain ip bans c { type filter hook input priority 0; }'
        sekisho status --lab > told 2>&1; cat told
        grep -E '^a1  as wanted +revision 1, [0-9]+ [a-z]+  0 packets denied, 0 recorded +[0-9]+ sessions?$' told
        grep -E '^a2  not as confirmed +revision 1' told; grep -E '^a3  without a table +revision 1' told
        grep -E '^a4  as wanted .*filtered too by ip bans$' told
        grep '^4 hosts: 1 without a table, 1 not as confirmed, 2 as wanted$' told
        """, inNamespace: false)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test func `what a host only observes is not counted as denied`() throws {
    try withShell { shell in
      try shell.write(
        "inventory/all.yaml",
        """
        version: 1
        services: {web: tcp/80}
        hosts: {"a[1..3]": {addresses: ["10.0.0.[1..3]"]}, a4: {addresses: [10.0.0.4], mode: observe}}
        """)
      let result = try shell.run(
        """
        sekisho lab up -q
        trap 'sekisho lab down -q' EXIT
        sekisho apply --lab --yes -q
        sekisho lab try a4 a1 web
        sekisho status --lab > told 2>&1; cat told
        grep -E '^a1 .* [1-9][0-9]* packets? denied, [1-9][0-9]* recorded +[0-9]+ sessions?$' told
        grep -E '^a4 .* 0 packets denied, 0 recorded +[0-9]+ sessions? +input observe, output observe' told
        """, inNamespace: false)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  /// A host that rejects answers at once, and its answer is a denial; a sender that cannot send has not tried.
  @Test func `what a host rejects is closed, and what cannot be tried is no verdict`() throws {
    try withShell { shell in
      try shell.write(
        "inventory/all.yaml",
        Self.inventory.replacing("2001:db8::2\"]", with: "2001:db8::2\"], deny: reject").replacing(
          "ask: udp/5353}", with: "ask: udp/5353, tunnel: esp}"))
      let result = try shell.run(
        """
        ends() { wanted=$1; shift; status=0; "$@" || status=$?; test $status = $wanted || { echo "$@: $status"; exit 9; }; }
        ends 0 sekisho lab up
        trap 'sekisho lab down' EXIT
        ends 0 sekisho apply --lab --yes
        for service in ask tunnel tcp/9999 icmp/echo-request; do
          ends 0 sekisho lab try a b $service > said; grep -c closed said; (! grep -w open said)
        done
        ends 0 sekisho lab try a b web > said; grep -c '^ *open' said | grep -x 2
        # Who has the port in both families keeps it, and what arrives there is seen all the same.
        sekisho lab exec b -- python3 -c '
        import socket, time
        s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); s.bind(("::", 5353)); print("up", flush=True); time.sleep(30)
        ' > up & taken=$!
        for i in $(seq 100); do grep -q up up && break; sleep 0.1; done
        sekisho lab exec b -- nft insert rule inet sekisho input udp dport 5353 accept
        # The other end denies it, too.
        ends 0 sekisho lab try a b ask
        sekisho lab exec a -- nft insert rule inet sekisho output udp dport 5353 accept
        ends 4 sekisho lab try a b ask > said; grep -c 'open .* the policy says otherwise' said | grep -x 2
        grep 'a lets out what the policy denies  by output, inet sekisho output rule 1: udp dport 5353 accept' said
        grep 'b lets in what the policy denies  by input, inet sekisho input rule 1: udp dport 5353 accept' said
        kill $taken
        sekisho lab exec a -- ip address flush dev eth0
        for service in ask web tunnel; do
          ends 1 sekisho lab try a b $service > out 2> said; grep 'not proven: a → b  ' said; (! grep 'as the policy' out)
        done
        ends 1 sekisho lab try a b ask --json > said; grep -c '"outcome" : "unproven"' said | grep -x 2
        grep '"agrees" : false' said; grep '"reason" : "a: failed: Cannot assign' said
        """, inNamespace: false)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test func `a virtual address is tried, and cut off, by its name`() throws {
    try withShell { shell in
      try shell.write(
        "inventory/all.yaml",
        """
        version: 1
        services: {web: tcp/443}
        hosts:
          e-1: {addresses: [10.0.0.1], groups: [edge]}
          e-2: {addresses: [10.0.0.2], groups: [edge]}
          c-1: {addresses: [10.0.0.3]}
        virtual: {lb: {addresses: [10.0.0.100], carriers: edge}}
        flows: {f: {from: c-1, to: lb, service: web, why: a test}}

        """)
      let result = try shell.run(
        """
        ends() { wanted=$1; shift; status=0; "$@" || status=$?; test $status = $wanted || { echo "$@: $status"; exit 9; }; }
        sekisho lab up -q
        trap 'sekisho lab down -q' EXIT
        sekisho apply --lab --yes -q
        ends 0 sekisho lab try c-1 lb web
        ends 0 sekisho lab try c-1 e-1 web > told; grep closed told
        ends 0 sekisho quarantine lb --why 'a test' --lab 2> told; (! grep e-1: told); (! grep e-2: told)
        ends 4 sekisho lab try c-1 lb web
        sekisho status --lab --host c-1 > told; grep 'refuses lb (10.0.0.100)' told
        ends 0 sekisho quarantine lb --release --lab
        ends 0 sekisho lab try c-1 lb web
        """, inNamespace: false)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test func `a host that leaves a direction alone is told to refuse nobody`() throws {
    try withShell { shell in
      try shell.write(
        "inventory/all.yaml",
        """
        version: 1
        services: {web: tcp/443}
        hosts:
          a: {addresses: [10.0.0.1]}
          b: {addresses: [10.0.0.2], mode: {ingress: leave}}
          c: {addresses: [10.0.0.3]}
        flows: {f: {from: a, to: [b, c], service: web, why: a test}}

        """)
      let result = try shell.run(
        """
        sekisho lab up -q
        trap 'sekisho lab down -q' EXIT
        sekisho apply --lab --yes -q
        sekisho quarantine a --why 'a test' --lab > told 2>&1 || true
        sekisho reach a --lab > told
        grep '1 of 2 other hosts refuses it' told; grep 'gets to 1 of 2' told
        sekisho lab try a b web > told || true; grep '^open' told
        # Nor does one whose table is switched off.
        sekisho lab exec c -- nft 'add table inet sekisho { flags dormant; }'
        sekisho reach a --lab > told; grep 'Nobody is in quarantine' told; grep 'gets to 2 of 2' told
        """, inNamespace: false)
      #expect(result.status == 0, "\(result.all)")
    }
  }
}
