import Foundation
import Testing

/// What `read` says of rulesets that somebody else wrote.
@Suite(.enabled(if: Shell.obstacle == nil, "\(Shell.obstacle ?? "")"))
struct ReadTests {
  private static let redirecting = """
    table inet f {
      chain input {
        type filter hook input priority filter; policy drop;
        ct state established,related accept
        tcp dport 80 accept
        ip saddr 203.0.113.0/24 tcp dport 22 accept
      }
      chain pre {
        type nat hook prerouting priority dstnat; policy accept;
        tcp dport 8080 redirect to :80
        tcp dport 2222 redirect to :22
      }
    }
    """

  private static let inventory = """
    version: 1
    services: {www: tcp/80, ssh: tcp/22}
    networks:
      clients: {prefixes: [0.0.0.0/0], except: [managed]}
      admins: {prefixes: [203.0.113.0/24]}
    hosts:
      a-2: {addresses: [10.77.0.2]}
    flows:
      pages: {from: clients, to: a-2, service: www, why: a test}
      care: {from: admins, to: a-2, service: ssh, why: a test}
    """

  @Test func `a port that another table redirects is open before an apply, and told as closing`() throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      try shell.write("old.nft", Self.redirecting)
      let result = try shell.run(
        """
        ip address add 10.77.0.2 dev lo; nft -f old.nft; nft -j list ruleset > old.json
        sekisho read --allows > kernel; cat kernel
        grep '+ any IPv4 → here  tcp/80,8080' kernel
        grep '+ 203.0.113.0/24 → here  tcp/22,2222' kernel
        grep '> any IPv4 → here  tcp/8080 is led to 10.77.0.2:80 by table inet f and passes in' kernel
        sekisho read old.json --allows --host a-2 > file; cat file; grep 'tcp/8080 is led to 10.77.0.2:80' file
        sekisho diff old.json inventory --host a-2 > diff || test $? = 2; cat diff; grep '8080' diff
        sekisho diff --local --host a-2 > diff || test $? = 2; cat diff; grep '8080' diff
        sekisho read --allows --json | grep '"target" : "10.77.0.2:80"'
        """)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test func `a published port is told as led on, as docker's rules write it`() throws {
    try withShell { shell in
      let result = try shell.run(
        """
        ip address add 10.77.0.2 dev lo; sysctl -qw net.ipv4.ip_forward=1
        iptables-nft -t nat -N DOCKER
        iptables-nft -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
        iptables-nft -t nat -A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
        iptables-nft -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
        iptables-nft -t nat -A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
        iptables-nft -P FORWARD DROP
        iptables-nft -N DOCKER
        iptables-nft -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
        iptables-nft -A FORWARD -o docker0 -j DOCKER
        iptables-nft -A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
        iptables-nft -P INPUT DROP
        iptables-nft -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
        iptables-nft -A INPUT -p tcp --dport 22 -j ACCEPT
        sekisho read --allows > any; cat any; grep 'tcp/8080 is led to 172.17.0.2:80 by table ip nat unless it comes by docker0 and may pass' any
        grep 'the source is translated by table ip nat' any
        # By the link that clients come by and the one that the container is behind, there is no doubt.
        sekisho read --allows --in eth0 --out docker0 > links; cat links
        grep '+ any IPv4 → here  tcp/22,8080' links
        grep 'tcp/8080 is led to 172.17.0.2:80 by table ip nat and passes through' links
        sekisho read --ask 203.0.113.7 10.77.0.2 tcp/8080 --in eth0 --out docker0 > asked; cat asked
        grep '203.0.113.7 → 10.77.0.2  tcp/8080, in: passes' asked
        grep 'prerouting, ip nat PREROUTING: leads to 172.17.0.2:80' asked
        grep 'forward, ip filter FORWARD, as translated: accept  *.*DOCKER rule 1' asked
        sekisho read --ask 203.0.113.7 10.77.0.2 tcp/8081 --in eth0 > asked; cat asked
        grep 'tcp/8081, in: is stopped' asked; grep 'input, ip filter INPUT: policy drop' asked
        sekisho read --ask 203.0.113.7 10.77.0.2 tcp/22 --json > asked; cat asked; grep '"verdict" : "passes"' asked
        """)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test func `what a host takes of groups and of broadcasts is told`() throws {
    try withShell { shell in
      let result = try shell.run(
        """
        ip link set lo up; ip address add 10.77.0.2 dev lo
        nft -f - <<'END'
        table inet f {
          chain in {
            type filter hook input priority 0; policy drop; ct state established,related accept
            ip daddr 224.0.0.251 udp dport 5353 accept
            ip daddr 255.255.255.255 udp dport 67 accept
            tcp dport 22 accept
          }
        }
        END
        sekisho read --allows > said; cat said
        grep '+ any IPv4 → 224.0.0.251  udp/5353$' said; grep '+ any IPv4 → 255.255.255.255  udp/67$' said
        grep '+ any IPv4 → here  tcp/22$' said; (! grep broadcast said)
        nft flush chain inet f in; nft add rule inet f in udp dport 53 accept; sekisho read --allows > said; cat said
        grep '+ any IPv4 → here and groups and broadcast  udp/53$' said
        """)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test func `what opens by itself later is told with the moment`() throws {
    try withShell { shell in
      let result = try shell.run(
        """
        nft 'table inet t { set banned { type ipv4_addr; timeout 1h; elements = { 192.0.2.1 }; }; chain input { type filter hook input priority filter; policy drop; ip saddr @banned drop; meta time "2040-01-01"-"2040-12-31" tcp dport 22 accept; }; }'
        sekisho read --allows > told; cat told
        grep 'by itself, at 2040-01-01' told; grep -A1 'by itself, at 2040-01-01' told | grep '+ .*tcp/22'
        grep -A1 'by itself, at 2040-12-31' told | grep -- '- .*tcp/22'
        grep 'elements of set inet t banned go by themselves' told
        sekisho read --allows --json | grep '"time" : "2040-01-01T00:00:00Z"'
        """)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test func `a ruleset of ours in a file is certain, its own addresses apart or told`() throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      let result = try shell.run(
        """
        sekisho compile -o out
        sekisho read out/a-2.json --allows > alone; cat alone
        grep '+ @admins.v4 → any IPv4  tcp/22' alone; (! grep '~ .*tcp/22' alone)
        grep "sources that are the machine's own addresses apart" alone
        sekisho read out/a-2.json --allows --host a-2 > named; cat named
        grep '+ admins → a-2  ssh\\|+ admins → a-2  tcp/22' named; (! grep '~ .*tcp/22' named); (! grep apart named)
        """)
      #expect(result.status == 0, "\(result.all)")
    }
  }
}
