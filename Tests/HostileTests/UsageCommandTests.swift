import Testing

/// What flows are used for, counted by the kernel of real packets and kept by hosts.
@Suite(.enabled(if: Shell.obstacle == nil, "\(Shell.obstacle ?? "")")) struct UsageCommandTests {
  private static let inventory = """
    version: 1
    services: {web: tcp/8080, other: tcp/8081, ssh: tcp/22}
    hosts:
      a: {addresses: [10.0.0.1, "2001:db8::1"]}
      b: {addresses: [10.0.0.2, "2001:db8::2"]}
      c: {addresses: [10.0.0.3, "2001:db8::3"]}
    flows:
      f: {from: [a, c], to: b, service: [web, other], why: a test}
      m: {from: a, to: [b, c], service: ssh, why: management}

    """

  private static let beginning = """
    ends() { wanted=$1; shift; status=0; "$@" || status=$?; test $status = $wanted || { echo "$@: $status"; exit 9; }; }
    is() { test "$1" = "$2" || { echo "$1 is not $2"; exit 9; }; }
    # What the rules of f have counted, as nft has it, and what sekisho says.
    kernel() { sekisho lab exec b -- nft list chain inet sekisho in.web > list || return 9
      sed -n 's/.*counter packets \\([0-9]*\\) .* accept comment "f".*/\\1/p' list | awk '{s += $1} END {print s + 0}'; }
    told() { sekisho usage --lab --host b --by host > table; awk '$1 == "f" && $3 == "web" {print $4}' table; }
    try() { ends 0 sekisho lab try a b web > /dev/null; }
    trap 'test -z "${watch-}" || kill "$watch" 2> /dev/null || true; sekisho lab down -q' EXIT
    # What is inside has a number of its own.
    watched() { rm -f said; sekisho lab exec b -- sh -c 'echo "pid $$"; exec "$0" watch' "$(command -v sekisho)" > said 2>&1 & watch=$!
      until grep -q 'stands, as it was confirmed' said 2> /dev/null; do kill -0 $watch; sleep 0.1; done
      sekisho lab exec b -- kill -TERM $(sed -n 's/^pid //p' said); wait $watch; watch=; }
    sekisho lab up -q
    sekisho apply --lab --yes -q

    """

  @Test(.timeLimit(.minutes(60)))
  func `each datagram that nobody answers is a connection, and of those that are answered the first`() throws
  {
    try withShell { shell in
      try shell.write(
        "inventory/all.yaml",
        """
        version: 1
        services: {syslog: udp/514, asked: udp/5353}
        hosts: {a: {addresses: [10.0.0.1]}, b: {addresses: [10.0.0.2]}}
        flows:
          logs: {from: a, to: b, service: syslog, why: a test}
          asks: {from: a, to: b, service: asked, why: a test}

        """)
      try shell.write(
        "answer.py",
        """
        import socket
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind(("10.0.0.2", 5353))
        open("ready", "w").close()
        while True:
          datagram, client = server.recvfrom(9)
          server.sendto(datagram, client)
        """)
      try shell.write(
        "ask.py",
        """
        import socket, sys
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for _ in range(20):
          client.sendto(b"x", ("10.0.0.2", int(sys.argv[1])))
          if len(sys.argv) > 2: client.recvfrom(9)
        """)
      let result = try shell.run(
        Self.beginning + """
          sekisho lab exec b -- python3 answer.py & watch=$!
          until test -e ready; do kill -0 $watch; sleep 0.1; done
          sekisho lab exec a -- python3 ask.py 514; sekisho lab exec a -- python3 ask.py 5353 answered
          sekisho usage --lab > table; cat table
          grep '^  logs  *20 connections ' table; grep '^  asks  *1 connection ' table
          """, inNamespace: false)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test(.timeLimit(.minutes(60)))
  func `connections are counted over rules that are replaced, a table that is flushed and watches that end`()
    throws
  {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      let result = try shell.run(
        Self.beginning + """
          is "$(told)" 0; try; first=$(kernel); test "$first" -gt 0; is "$(told)" $first; is "$(told)" $first
          # Another rule.
          sed -i 's/why: a test/why: a test, until: 2099-01-01/' inventory/all.yaml
          sekisho apply --lab --yes -q; is "$(kernel)" 0; is "$(told)" $first
          try; second=$(kernel); test "$second" -gt 0; is "$(told)" $((first + second))
          # What a watch has seen stays when somebody takes the table away, and each counts once.
          watched; watched; is "$(told)" $((first + second))
          sekisho lab exec b -- nft delete table inet sekisho
          ends 1 sekisho usage --lab --host b 2> said; grep 'nothing is counted' said
          sekisho apply --lab --yes -q; is "$(kernel)" 0; is "$(told)" $((first + second))
          try; third=$(kernel); test "$third" -gt 0; is "$(told)" $((first + second + third))
          # A stop takes it away, too, and is no use of anything.
          sekisho stop --until 1h --lab --host b --stop-host b; sekisho start --lab --host b
          is "$(kernel)" 0; is "$(told)" $((first + second + third))
          # A connection is told once, whoever has counted it.
          sekisho usage --lab --json > json; grep '"format_version" : 1' json
          is "$(sed -n 's/^      "connections" : \\([0-9]*\\),$/\\1/p' json | head -1)" $((first + second + third))
          sekisho usage --lab > table; grep "^  f  *$((first + second + third)) connections  *last used .* ago  *[0-9]* session" table
          grep '^  m  *0 connections  *not used in ' table
          # What closes is told with what it was used for; what opens is not.
          sed -i 's/service: .web, other./service: other/' inventory/all.yaml
          sekisho diff --lab > table 2>&1 || true; grep -A1 '^  - .*web (tcp/8080)' table | grep '^ *flow last used .* ago$'
          sekisho diff --lab --json > json || true; grep '"closing_flows"' json; grep '"last_used"' json
          sed -i 's/service: other/service: [web, other, ssh]/' inventory/all.yaml
          sekisho diff --lab > table 2>&1 || true; grep '^  + .*ssh' table; (! grep 'flow last used' table)
          """, inNamespace: false)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  /// Rules count no ports apart: what the kernel tracks is looked at, by each question and by a watch.
  @Test(.timeLimit(.minutes(60)))
  func
    `of a service with several ports those are told at which sessions were seen, and those at which none was`()
    throws
  {
    try withShell { shell in
      try shell.write(
        "inventory/all.yaml", Self.inventory.replacing("web: tcp/8080", with: "web: [udp/9000-9010, tcp/53]"))
      let result = try shell.run(
        Self.beginning + """
          # The kernel forgets a connection of TCP that is refused, and a datagram after half a minute.
          reach() { sekisho lab exec a -- bash -c "echo > /dev/udp/$1/$2" 2> /dev/null || true; }
          seen() { sekisho usage --lab --host b --json > json
            tr -d ' \\n' < json | sed 's/.*"protocol":"udp","seen":\\[\\([^]]*\\)\\].*/\\1/' | grep -o '"port":[0-9]*' | tr -dc '0-9\\n' | tr '\\n' ' '; }
          # What was not used for so long stands for as long, and is looked at for as long.
          is "$(seen)" ""; sleep 30; is "$(seen)" ""
          reach 10.0.0.2 9000; reach 2001:db8::2 9003; reach 10.0.0.2 8081; is "$(seen)" "9000 9003 "
          sekisho lab exec b -- conntrack -F 2> /dev/null; is "$(seen)" "9000 9003 "
          sekisho usage --lab --host b --unused 30s > table
          grep '^  f .*no session of web was seen at udp 9001-9002, 9004-9010, in [0-9]* looks' table
          sekisho usage --lab --host b --unused 30s --json > json; grep -A9 '"unseen_ports"' json | grep '"9004-9010"'
          # A watch looks as well.
          reach 10.0.0.2 9007; watched; sekisho lab exec b -- conntrack -F 2> /dev/null; is "$(seen)" "9000 9003 9007 "
          # Rules that are made anew forget nothing; a watch or a question ahead of it has seen it.
          sekisho lab exec b -- nft delete table inet sekisho; sekisho apply --lab --host b --yes -q; is "$(seen)" "9000 9003 9007 "
          # Ports that come begin anew.
          sed -i 's/9000-9010/9000-9011/' inventory/all.yaml; sekisho apply --lab --yes -q
          sekisho usage --lab --host b --unused 30s > table; (! grep 'no session' table)
          """, inNamespace: false)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test(.timeLimit(.minutes(60)))
  func `of what nobody has looked at for as long it is not said that it is unused`() throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      let result = try shell.run(
        Self.beginning + """
          try
          ends 64 sekisho usage --lab --unused 1d --by host; ends 64 sekisho usage --lab --by source
          # Nobody has looked for as long.
          sekisho usage --lab --unused 30d > table; grep '^Not used in 30 d' table; grep '^  none' table
          grep '^Not known to be used in 30 d, nor not to be' table
          grep '^  m  not used, and nobody has looked at a, b, c for longer than ' table
          sekisho usage --lab --unused 30d --json > json; grep '"finding" : "unknown"' json; grep '"finding" : "used"' json
          """, inNamespace: false)
      #expect(result.status == 0, "\(result.all)")
    }
  }
}
