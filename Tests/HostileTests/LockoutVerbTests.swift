import Foundation
import Testing

/// Whoever changes a host can come again, or has said by the host's name that he need not.
///
/// The session is one that the environment tells of, as sshd(8) does; FleetTests has a real one.
@Suite(.enabled(if: Shell.obstacle == nil, "\(Shell.obstacle ?? "")"))
struct LockoutVerbTests {
  private static let start = """
    \(OneHost.start)
    apply="sekisho apply --no-trial --local --host a --yes"
    from() { export SSH_CONNECTION="$1 40000 10.0.0.1 ${2:-22}"; }
    # What is refused with 6 and changes nothing; the flow that is missing is all of standard output.
    refused() {
      nft -s list ruleset > before; status=0; "$@" -q > missing.yaml 2> said || status=$?
      cat said missing.yaml; test $status = 6; nft -s list ruleset | cmp - before
    }

    """

  private func run(_ commands: String, _ inventory: String = OneHost.inventory) throws {
    try OneHost.run([Self.start + commands], inventory: inventory)
  }

  @Test(.timeLimit(.minutes(60)), arguments: ["10.0.0.2 2222", "192.0.2.7", "198.51.100.1 2222"])
  func `who could not come again is refused, and let through by the flow that is written out`(
    session: String
  ) throws {
    try run(
      """
      from \(session)
      refused $apply; grep 'no flow would let you in again by tcp/' said
      grep 'or give --allow-lockout a where there is another way in' said
      status=0; $apply --json > json || status=$?; test $status = 6
      grep '"code" : "lockout"' json; grep '"code" : "own-login"' json; grep '"missing_flows" : "version: 1' json
      sekisho diff --out plan > told || test $? = 2; grep 'no flow would let you in again by tcp/' told
      sekisho diff --json > told || test $? = 2; grep '"code" : "own-login"' told
      status=0; sekisho apply --no-trial plan 2> said || status=$?; test $status = 6
      cp missing.yaml inventory/missing.yaml; $apply -q; nft list table inet sekisho | grep 'Somebody\\|to-a'
      """)
  }

  @Test(.timeLimit(.minutes(60))) func `a name is no habit, and has to be one of the command's hosts`() throws
  {
    try run(
      """
      from 192.0.2.7
      refused $apply
      status=0; $apply --allow-lockout b 2> said || status=$?; test $status = 64
      grep 'names b, which is no host of this command' said
      status=0; $apply --allow-lockout 2> said || status=$?; test $status = 64
      test -z "$(nft list tables)"
      $apply --allow-lockout a -q; nft list tables | grep sekisho
      """)
  }

  @Test(.timeLimit(.minutes(60))) func `who has a way, or is at the console, is not asked for one`() throws {
    try run(
      """
      from 10.0.0.2; $apply -q; nft delete table inet sekisho
      # It ends at another machine than this one: at the one that a lab is on.
      SSH_CONNECTION="192.0.2.7 40000 192.0.2.1 22" $apply -q; nft delete table inet sekisho
      SSH_CONNECTION="192.0.2.7 40000 10.0.0.1" $apply -q; nft delete table inet sekisho
      unset SSH_CONNECTION; $apply -q
      """)
  }

  @Test(.timeLimit(.minutes(60))) func `who is in quarantine is not told that he could come again`() throws {
    try run(
      """
      from 10.0.0.2; $apply -q
      sekisho quarantine b --why x --local --host a --allow-lockout b
      echo 'flows: {more: {from: b, to: a, service: tls, why: x}}' > inventory/more.yaml
      echo 'services: {tls: tcp/8443}' >> inventory/more.yaml; sed -i '1i version: 1' inventory/more.yaml
      refused $apply; grep 'whether you could come again by tcp/22 from 10.0.0.2.* is not known' said
      sekisho quarantine b --release --local --host a; $apply -q
      """)
  }

  /// A peer at 10.0.0.2 and 192.0.2.7, in a namespace of its own, and ways to be below a session with it.
  private static let peer = """
    unshare -n sleep 1000 & peer=$!
    until test "$(readlink /proc/$peer/ns/net)" != "$(readlink /proc/self/ns/net)"; do sleep 0.1; done
    there() { nsenter -t $peer -n "$@"; }
    ip link add e0 type veth peer name e1 netns $peer; ip link set e0 up
    there ip link set e1 up; there ip address add 192.0.2.7/24 dev e1; there ip address add 10.0.0.2/32 dev e1
    ip address add 192.0.2.1/24 dev e0; ip route add 10.0.0.2 via 192.0.2.7
    # What runs there has nothing of ssh in its environment, unless it is given.
    bare="env -i PATH=$PATH SEKISHO_RUNTIME_DIR=$SEKISHO_RUNTIME_DIR SEKISHO_STATE_DIR=$SEKISHO_STATE_DIR"
    # Runs a command below a server whose clients are there, by a port and from addresses.
    served() {
      port=$1 command=$2 clients=; shift 2
      lab-support below-server 10.0.0.1 $port "$command" $# > listening & server=$!
      until grep -qs listening listening; do sleep 0.1; done
      for source; do
        there ip route replace 10.0.0.1 via 192.0.2.1 src $source; rm -f quiet
        there timeout 1000 lab-support quiet-client 10.0.0.1 $port over > quiet & clients="$clients $!"
        until grep -qs quiet quiet; do sleep 0.1; done
      done
      status=0; wait $server || status=$?; touch over; cat said; wait $clients; rm over listening
    }

    """

  @Test(.timeLimit(.minutes(60)))
  func `who came by a server that tells nothing of him is found by the session that it holds`() throws {
    try run(
      Self.peer + """
        served 2222 "$bare $apply 2> said" 192.0.2.7; test $status = 6; test -z "$(nft list tables)"
        grep 'no flow would let you in again by tcp/2222 from 192.0.2.7, as you are there now' said
        # What the environment has kept of a session that is over does not stand for him.
        stale='SSH_CONNECTION=10.0.0.2 40000 10.0.0.1 22'
        served 2222 "$bare '$stale' $apply 2> said" 192.0.2.7; test $status = 6; test -z "$(nft list tables)"
        grep 'tcp/2222 from 192.0.2.7, as you are there now' said; (! grep 10.0.0.2 said)
        # Of two whom one process serves either may be the one.
        served 22 "$bare $apply 2> said" 192.0.2.7 10.0.0.2; test $status = 6; test -z "$(nft list tables)"
        grep 'tcp/22 from 192.0.2.7, as you are there now, or somebody else' said; (! grep 10.0.0.2 said)
        # Somebody with a way.
        served 22 "$bare $apply -q 2> said" 10.0.0.2; test $status = 0; nft list tables | grep sekisho
        kill $peer
        """)
  }

  @Test(.timeLimit(.minutes(60)))
  func `a session that is over counts for want of another, and is not called there`() throws {
    try run(
      """
      from 192.0.2.7; refused $apply; (! grep 'you are there now' said)
      grep 'again by tcp/22 from 192.0.2.7, as SSH_CONNECTION says of a session that is over' said
      """)
  }

  @Test(.timeLimit(.minutes(60))) func `who is below a process that has gone out itself is at the console`()
    throws
  {
    try run(
      Self.peer + """
        there timeout 1000 lab-support quiet-server 192.0.2.7 443 over > listening & server=$!
        until grep -qs listening listening; do sleep 0.1; done
        lab-support below-client 192.0.2.7 443 "ss -tn > open; $bare $apply -q"; nft list tables | grep sekisho
        grep ESTAB open | grep 192.0.2.7:443; touch over; wait $server; kill $peer
        """)
  }

  @Test(.timeLimit(.minutes(60))) func `a yes at the terminal is no way in either`() throws {
    try run(
      """
      from 192.0.2.7
      status=0; echo y | script -qec 'sekisho apply --no-trial --local --host a' /dev/null > said || status=$?
      test $status = 6; test -z "$(nft list tables)"
      """)
  }

  @Test(.timeLimit(.minutes(60))) func `what other tables stop counts, and no flow is said to help`() throws {
    try run(
      """
      from 10.0.0.2
      nft 'add table ip filter; add chain ip filter INPUT { type filter hook input priority 0; policy drop; };
        add rule ip filter INPUT ip saddr 192.0.2.7 tcp dport 22 accept;
        add rule ip filter INPUT ct state established accept'
      refused $apply; grep 'ip filter INPUT would not let you in again' said
      grep 'nobody could, because of table ip filter' said; test ! -s missing.yaml
      grep 'a would be out of reach; nothing was applied; give --allow-lockout a' said
      # At the console, too: of those whom the inventory lets in nobody would be.
      unset SSH_CONNECTION; refused $apply; grep 'because of table ip filter' said
      # A rate depends on more than the connection, and whoever is there came through it.
      nft 'flush chain ip filter INPUT; add rule ip filter INPUT tcp dport 22 limit rate 10/minute accept'
      from 10.0.0.2; $apply -q
      """)
  }

  @Test(.timeLimit(.minutes(60))) func `a session that nothing tracks is judged as it says`() throws {
    try run(
      """
      nft 'add table ip nat; add chain ip nat pre { type nat hook prerouting priority -100; };
        add rule ip nat pre tcp dport 2222 redirect to :22'
      from 10.0.0.2
      # What the rules lead here would have asked for 2222, which no flow allows; what asks for 22 passes.
      $apply -q
      """)
  }

  @Test(.timeLimit(.minutes(60)))
  func `where addresses cannot be listed it is not known who is there, and nothing changes`() throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", OneHost.inventory)
      try shell.write("no.c", "int getifaddrs(void **list) { *list = 0; return -1; }")
      let result = try shell.run(
        Self.start + """
          from 192.0.2.7; PATH=$PATH:$TOOLS clang -shared -fPIC -nostdlib -o no.so no.c
          status=0; LD_PRELOAD=$PWD/no.so sekisho apply --no-trial --local --host a --yes 2> said || status=$?
          cat said; test $status = 1; grep 'cannot list addresses' said; test -z "$(nft list tables)"
          """, environment: ["TOOLS": ProcessInfo.processInfo.environment["PATH"] ?? ""])
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test(.timeLimit(.minutes(60))) func `to go back to a revision is guarded like an apply`() throws {
    try run(
      """
      $apply -q; sed 's/service: .web, ssh./service: web/' inventory/all.yaml > later
      cp later inventory/all.yaml; $apply --allow-lockout a -q
      sed -i 's/service: web/service: [web, ssh]/' inventory/all.yaml; $apply -q
      from 10.0.0.2
      refused sekisho rollback 2; grep "no flow would let you in again" said
      refused sekisho rollback 2 --local --host a; grep -- '--allow-lockout a' said
      status=0; sekisho rollback 2 --local --host a --allow-lockout b 2> said || status=$?; test $status = 64
      status=0; sekisho rollback --allow-lockout a 2> said || status=$?; test $status = 64
      sekisho rollback 2 --allow-lockout "$(uname -n)" --confirm-within 1h -q 2> said & rollback=$!
      until grep -q 'sekisho confirm' said; do sleep 0.1; done
      sekisho confirm $(sed -n 's/.*sekisho confirm //p' said); wait $rollback
      (! nft list table inet sekisho | grep in.ssh)
      """)
  }

  @Test(.timeLimit(.minutes(60)))
  func `a host that is managed at its console is changed there, and by nobody who came another way`() throws {
    try withShell { shell in
      try shell.write(
        "inventory/all.yaml",
        OneHost.inventory.replacing("[web, ssh]", with: "web")
          + "\nguards: {console: {expect: {from: all, to: a, service: ssh, verdict: denied}}}\n")
      // The way to a leads here.
      try shell.write("bin/ssh", "#!/bin/sh\nexec sekisho agent\n")
      let result = try shell.run(
        Self.start + """
          PATH=$PWD/bin:$PATH; from 10.0.0.2
          refused sekisho apply --no-trial --host a --yes; grep 'no flow would let you in again' said
          refused $apply; grep 'no flow would let you in again' said
          unset SSH_CONNECTION; $apply -q
          """)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test(.timeLimit(.minutes(60)))
  func `a guard about hosts makes no console of a host that a network manages`() throws {
    try run(
      """
      from 192.0.2.7; $apply -q
      # The office's flow is all that goes; whoever is there came by it.
      sed -i '/manage:/d' inventory/all.yaml
      refused $apply; grep 'no flow would let you in again' said
      unset SSH_CONNECTION; $apply -q
      """,
      """
      version: 1
      services: {web: tcp/443, ssh: tcp/22}
      networks: {office: {prefixes: [192.0.2.0/24]}}
      hosts:
        a: {addresses: [10.0.0.1]}
        b: {addresses: [10.0.0.2]}
      flows:
        care: {from: b, to: a, service: web, why: test}
        manage: {from: office, to: a, service: ssh, why: test}
      guards:
        apart: {never: {from: all, to: a, service: ssh, within: 1 hop}}
      """)
  }
}
