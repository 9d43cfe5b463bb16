import Testing

/// What is to be known of a host beside what changes on it: what tables of others lead elsewhere, and who was recorded
/// while a direction was only observed.
@Suite(.enabled(if: Shell.obstacle == nil, "\(Shell.obstacle ?? "")"))
struct HostFactsTests {
  private static let inventory = """
    version: 1
    services: {ssh: tcp/22, https: tcp/443}
    hosts:
      a: {addresses: [10.0.0.1, "2001:db8::1"]}
      b: {addresses: [10.0.0.2, 10.0.0.3]}
    flows:
      care: {from: b, to: a, service: ssh, why: test}

    """

  /// As a container engine writes them.
  private static let translating = """
    ip link set lo up; ip address add 10.0.0.1 dev lo
    nft -f - <<'END'
    table ip nat {
      chain pre { type nat hook prerouting priority -100; fib daddr type local jump published; }
      chain out { type nat hook output priority -100; fib daddr type local jump published; }
      chain published {
        iifname "docker0" return
        tcp dport 8080 dnat to 172.17.0.2:80
        tcp dport 2222 redirect to :22
      }
    }
    END

    """

  @Test func `what tables of others lead elsewhere is told wherever a host is looked at`() throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      let result = try shell.run(
        Self.translating + """
          led() {
            grep 'a  *tcp/8080 is led to 172.17.0.2:80 by table ip nat unless it comes by docker0 and passes through; Sekisho does not filter that here' $1
          }
          sekisho apply --no-trial --local --host a --yes > first; led first; (! grep '> a → a ' first)
          grep 'tcp/2222 is led to 10.0.0.1:22 by table ip nat unless it comes by docker0 and does not pass' first
          told='a publishes what no flow says anything about: the inventory leaves its forwarding alone'
          grep "! $told" first; sekisho diff --local --host a > same; led same; grep "! $told" same
          sekisho status --local --host a | grep "! $told"
          sekisho diff --local --host a --json | grep '"publishes_unfiltered" : true'
          sed 's/"2001:db8::1"]/&, forwarding: containers/' inventory/all.yaml > judging.yaml
          sekisho diff --local --host a -i judging.yaml > said || test $? = 2; (! grep "$told" said)
          grep 'tcp/8080 is led to 172.17.0.2:80 by table ip nat and does not pass' said
          sekisho diff --local --host a -i judging.yaml --json > json || test $? = 2
          grep '"publishes_unfiltered" : false' json
          sekisho status --local --host a > same; led same
          sekisho status > alone; grep '> .*tcp/8080' alone | grep 172.17.0.2
          sekisho explain b a tcp/8080 --local --host a > said; grep '^denied' said; led said; (! grep 2222 said)
          sekisho explain b a tcp/443 --local --host a 2>&1 | grep 'no table on a leads it elsewhere'
          for verb in diff status 'explain b a tcp/8080' 'apply --yes'; do
            sekisho $verb --local --host a --json > json
            grep -A3 '"not_by"' json | grep docker0; grep '"target" : "172.17.0.2:80"' json; grep '"is_unfiltered" : true' json
          done
          nft -j list ruleset > dump.json
          sekisho diff dump.json inventory --host a > said || test $? = 2; grep 'is led to 172.17.0.2:80' said
          nft flush chain ip nat published; nft -j list ruleset > later.json
          sekisho diff dump.json later.json > said || test $? = 2
          grep 'and no more:' said; grep '> .*tcp/8080 is led to 172.17.0.2:80' said
          sekisho diff --local --host a > said; (! grep 'is led' said)
          sekisho read dump.json --ask 10.0.0.2 10.0.0.1 tcp/8080 --host a -i inventory > said
          grep 'prerouting, ip nat pre: leads to 172.17.0.2:80' said
          sekisho read dump.json --ask 10.0.0.2 10.0.0.1 tcp/8080 --json | grep '"target" : "172.17.0.2:80"'
          """)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test func `who was recorded and is denied from now on is told before a host enforces`() throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      let result = try shell.run(
        """
        ip address add 10.0.0.1 dev lo
        sed 's/^version: 1/&\\nsettings: {mode: observe}/' inventory/all.yaml > observing.yaml
        sekisho apply --no-trial --local --host a --yes -q -i observing.yaml
        sekisho diff --local --host a -i observing.yaml > same; (! grep recorded same)
        nft add element inet sekisho in/denied.v4 '{ 10.0.0.2 . tcp . 22, 10.0.0.2 . tcp . 5432, 192.0.2.7 . udp . 53 }'
        nft add element inet sekisho in/denied-icmp.v4 '{ 192.0.2.8 . echo-request }'
        told='a input: recorded in the last day and denied from now on: 3 peers and ports (b tcp/5432, 192.0.2.7 udp/53, 192.0.2.8 icmp/echo-request)'
        sekisho diff --local --host a > said || test $? = 2; grep -F "$told" said
        grep -F 'a output: recorded in the last day and denied from now on: nothing' said
        sekisho diff --local --host a --json > json || test $? = 2
        grep '"count" : 3' json; grep '"peer" : "192.0.2.8"' json
        sekisho apply --no-trial --local --host a --yes > said 2>&1; grep -F "$told" said
        grep 'on a everything closes that no flow allows' said
        sekisho diff --local --host a > same; (! grep recorded same)
        """)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  /// `br-*` is what docker calls its networks, and `br-lan` what people call the one that they reach the host by.
  @Test func `a host's own link that is called like a bridge of containers is found`() throws {
    try withShell { shell in
      try shell.write(
        "inventory/all.yaml",
        Self.inventory.replacing("\"2001:db8::1\"]", with: "\"2001:db8::1\"], forwarding: containers"))
      let result = try shell.run(
        """
        ip link add br-lan type bridge; ip address add 10.0.0.1/32 dev br-lan
        told='! a has its address 10.0.0.1 on a link that is called like a bridge of containers'
        sekisho diff --local --host a > said || test $? = 2; grep "$told" said
        sekisho diff --local --host a --json > json || test $? = 2
        grep -A1 addresses_taken_for_containers json | grep 10.0.0.1
        sed 's/forwarding: containers/&, containers: {bridges: [docker0]}/' inventory/all.yaml > named.yaml
        sekisho diff --local --host a -i named.yaml > said || test $? = 2; (! grep "$told" said)
        """)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test func `what a bridge of containers has is no address that is missing in the inventory`() throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      let result = try shell.run(
        """
        ip link set lo up; ip address add 10.0.0.1 dev lo; ip address add 2001:db8::1 dev lo
        for name in docker0 docker_gwbridge br-0123456789ab podman1 cni-podman0 nerdctl0 virbr0; do
          ip link add $name type bridge; ip address add 172.17.0.1/32 dev $name; ip address add 10.0.0.3/32 dev $name
        done
        sekisho apply --no-trial --local --host a --yes > told; (! grep 172.17.0.1 told); grep 'a carries 10.0.0.3 of b' told
        sekisho apply --no-trial --local --host a --yes --json > json; grep '"10.0.0.3" : "b"' json; (! grep 172.17.0.1 json)
        ip link add br-lan type bridge; ip address add 192.0.2.9/32 dev br-lan
        sekisho diff --local --host a > told; grep 'a carries 192.0.2.9, which' told; (! grep 172.17.0.1 told)
        sekisho diff --local --host a --json > json; grep -A2 unlisted_addresses json | grep 192.0.2.9
        """)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  /// SYN and FIN in one: connection tracking calls that invalid, and so it is dropped ahead of all that is counted as denied.
  @Test func `what is part of no connection counts by itself`() throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      let result = try shell.run(
        """
        unshare -n sleep 100 & peer=$!
        for i in $(seq 100); do
          if [ "$(readlink /proc/$peer/ns/net)" != "$(readlink /proc/self/ns/net)" ]; then break; fi; sleep 0.1
        done
        ip link add e0 type veth peer name e1; ip link set e1 netns $peer
        ip address add 10.0.0.1/24 dev e0; ip link set e0 up; ip address add 2001:db8::1 dev e0
        nsenter -t $peer -n ip address add 10.0.0.2/24 dev e1; nsenter -t $peer -n ip link set e1 up
        sekisho apply --no-trial --local --host a --yes -q
        sekisho status > said; (! grep 'part of no' said)
        packet=4500002800010000400600000a0000020a0000019c40001600000001000000005003ffff00000000
        for i in $(seq 100); do
          echo $packet | nsenter -t $peer -n lab-support inject > sent
          sekisho status > said; if grep -q 'part of no connection' said; then break; fi; sleep 0.1
        done
        kill $peer
        grep '! input: [0-9]* packets* dropped as part of no connection$' said; grep 'input  *enforce  0 packets denied' said
        sekisho status --json | grep '"invalid" : [1-9]'
        """)
      #expect(result.status == 0, "\(result.all)")
    }
  }
}
