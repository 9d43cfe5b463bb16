import Foundation
import Testing

/// Hosts that cannot be asked, among others that can.
@Suite(.enabled(if: Shell.obstacle == nil, "\(Shell.obstacle ?? "")"))
struct StalledHostTests {
  private static let inventory = """
    version: 1
    services: {web: tcp/443}
    hosts:
      a: {addresses: [10.77.0.2], ssh: well}
      b: {addresses: [10.77.0.4], ssh: stalls}
    flows:
      orders: {from: b, to: a, service: web, why: test}
    """

  /// A stand-in for ssh: one host answers, the other never speaks.
  private func write(_ shell: Shell) throws {
    try shell.write("inventory/all.yaml", Self.inventory)
    try shell.write(
      "bin/ssh",
      """
      #!/bin/sh
      echo "$@" >> asked
      while [ "$1" != -- ]; do shift; done
      case $2 in well) exec sekisho agent;; *) exec sleep 600;; esac

      """)
  }

  private static let start = """
    PATH=$PWD/bin:$PATH
    ip link set lo up; ip address add 10.77.0.2/32 dev lo

    """

  /// Both ways in which a host may not answer, and what is told of what passes between it and others.
  @Test(arguments: ["exit 1", "exec false"])
  func `a host that did not answer is one that was not asked, and none without a table`(end: String) throws {
    try withShell { shell in
      try write(shell)
      let result = try shell.run(
        Self.start + """
          sed -i 's/exec sleep 600/\(end)/' bin/ssh
          sekisho apply --local --host a --no-trial --yes --allow-lockout a -q
          sed -i 's/service: web/service: [web, ssh]/; s/{web: tcp.443}/{web: tcp\\/443, ssh: tcp\\/22}/' inventory/all.yaml
          status=0; sekisho diff --host all > told 2> said || status=$?; test $status = 1; cat told
          grep '1 host was not asked: what they allow is taken for granted' said
          (! grep 'without a table' said)
          sekisho diff --host all --json > json 2> said || true
          grep '"hosts_not_asked" : 1' json; grep '"status" : "failed"' json
          status=0; sekisho diff --local --host a > alone || status=$?; test $status = 2
          grep '^  [+-]' told > one; grep '^  [+-]' alone > other; cmp one other
          """)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test(.timeLimit(.minutes(60)))
  func `the answers of the others are shown, and the host that stalls is named`()
    throws
  {
    try withShell { shell in
      try write(shell)
      let result = try shell.run(
        Self.start + """
          ask() {
            status=0; sekisho $1 --host all --timeout 5s > $1.out 2> $1.said || status=$?; test $status = 1
            grep 'b: no answer to hello within 5 s; --timeout waits longer' $1.said
            test -s $1.out
          }
          # Side by side: what takes long here is only the waiting.
          ask status & one=$!; ask diff & two=$!; ask read & three=$!
          sekisho status --host all --timeout 5s --json > json || true
          grep '"code" : "timed-out"' json; grep '"happened" : "nothing"' json
          wait $one; wait $two; wait $three
          # Nobody is changed while somebody cannot be asked, unless told so.
          status=0; sekisho apply --host all --yes --timeout 5s 2> said || status=$?; test $status = 1
          grep 'nothing was applied' said; test -z "$(nft list tables)"
          sekisho apply --host all --yes --allow-lockout a --timeout 5s --skip-unreachable > out 2> said
          grep 'b: no answer' said; grep '1 host applied' said; nft list tables | grep sekisho
          status=0; sekisho apply --host b --yes --timeout 1s --skip-unreachable 2> said || status=$?
          test $status = 1; grep 'no host could be asked' said
          grep 'ConnectTimeout=5 -o ServerAliveInterval=5 -o ServerAliveCountMax=3 -- stalls sudo' asked
          """)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test(.timeLimit(.minutes(60))) func `on a terminal it is said whom one waits for`() throws {
    try withShell { shell in
      try write(shell)
      let result = try shell.run(
        Self.start + """
          script -qec 'sekisho status --host all --timeout 4s' /dev/null < /dev/null > out || true
          tr '\\r' '\\n' < out | grep 'waiting for b$'
          """)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test(.timeLimit(.minutes(60))) func `whoever ends it is told who has answered`() throws {
    try withShell { shell in
      try write(shell)
      let result = try shell.run(
        Self.start + """
          # A shell has what it starts behind itself ignore the signal.
          for verb in status diff 'apply --yes'; do
            rm -f asked
            env --default-signal=INT sekisho $verb --host all --timeout 300s > out 2> said & waiting=$!
            # Both are asked, and the one answers at once.
            for i in $(seq 600); do grep -q stalls asked 2> /dev/null && grep -q well asked && break; sleep 0.1; done
            sleep 3
            kill -INT $waiting
            status=0; wait $waiting || status=$?; test $status = 130
            grep 'nothing had come yet from b' said; grep 'there had answered a' said
          done
          # Whoever has it ignored wants it to go on.
          sekisho status --host all --timeout 6s > out 2> said & waiting=$!
          sleep 2; kill -INT $waiting
          status=0; wait $waiting || status=$?; test $status = 1
          (! grep interrupted said); grep 'b: no answer' said
          test -z "$(nft list tables)"
          """)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test func `whoever ends an apply while hosts are asked sees it change none`() throws {
    try withShell { shell in
      try write(shell)
      // It comes when the only host has answered, and nothing waits any more: what ends a program at once then says nothing.
      try shell.write("bin/ssh", "#!/bin/sh\nsekisho agent; kill -INT $PPID\n")
      let result = try shell.run(
        Self.start + """
          for i in 1 2 3 4 5 6; do
            status=0; sekisho apply --host a --yes --no-trial --allow-lockout a > out 2> said || status=$?
            test $status = 130; test ! -s said || grep '^error: interrupted; all had answered: a' said
            test -z "$(nft list tables)"
          done
          """)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test(arguments: ["0s", "5", "s", "-1s", "1w", "1.5s", "99999999999999999999s", "5 s"])
  func `what is no time is refused`(text: String) throws {
    try withShell { shell in
      try write(shell)
      let result = try shell.run("sekisho status --host a --timeout='\(text)'")
      #expect(result.status == 64, "\(result.all)")
    }
  }

  @Test(.timeLimit(.minutes(60)))
  func `a greeting of 20,000 addresses of others is told apart as a wrong host`()
    throws
  {
    try withShell { shell in
      let hosts = (1...4000).map { "  h\($0): {addresses: [10.78.\($0 / 250).\($0 % 250 + 1)]}" }
      try shell.write(
        "inventory/all.yaml", Self.inventory.replacing("  a:", with: hosts.joined(separator: "\n") + "\n  a:")
      )
      let forged = (0..<20_000).map { "\"10.78.\($0 / 256).\($0 % 256)\"" }.joined(separator: ",")
      try shell.write(
        "greeting",
        #"{"id":1,"reply":{"protocol":2,"requests":["look","status"],"version":"x","node":"n","kernel":"k","addresses":["#
          + forged + "]}}\n")
      try shell.write("bin/ssh", "#!/bin/sh\nread -r line; cat greeting; read -r line\n")
      let result = try shell.run(
        "PATH=$PWD/bin:$PATH; sekisho diff --host a --timeout 60s")
      #expect(result.status == 1, "\(result.all)")
      #expect(result.all.contains("not a: it calls itself n and has the addresses of h"), "\(result.all)")
    }
  }
}
