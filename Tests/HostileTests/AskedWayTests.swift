import Testing

/// What `read` says of this machine where not its tables alone decide, or a packet takes another way than by links, against
/// what packets do.
@Suite(.enabled(if: Shell.obstacle == nil, "\(Shell.obstacle ?? "")"))
struct AskedWayTests {
  /// iptables-legacy asks for a module of the kernel, which only root can load.
  private static let obstacleToLegacy: String? = {
    let shell = try? Shell()
    defer { shell?.remove() }
    let commands = "iptables-legacy -S; ip6tables-legacy -S"
    return Shell.isRoot && (try? shell?.run(commands))?.status == 0 ? nil : "no iptables-legacy(8)"
  }()

  /// A client (`in_c`) and a server (`in_s`) on both sides of this machine. `agree WAY FROM TO PORT` holds what is said of a
  /// connection against what becomes of it; where something listens everywhere, what does not connect was stopped.
  private static let net = """
    unshare -n sleep 600 & c=$!; unshare -n sleep 600 & s=$!
    trap 'kill $c $s $others 2> kills || true' EXIT
    for process in $c $s; do
      soon '[ "$(readlink /proc/$process/ns/net)" != "$(readlink /proc/self/ns/net)" ]' $process
    done
    in_c() { nsenter -t $c -n "$@"; }
    in_s() { nsenter -t $s -n "$@"; }
    for process in $c $s; do nsenter -t $process -n ip link set lo up; done; ip link set lo up
    ip link add c0 type veth peer name e0 netns $c; ip link add s0 type veth peer name e0 netns $s
    ip address add 10.9.1.1/24 brd + dev c0; ip address add 10.9.2.1/24 brd + dev s0
    ip address add fd09:1::1/64 dev c0 nodad; ip link set c0 up; ip link set s0 up
    in_c ip address add 10.9.1.2/24 brd + dev e0; in_c ip address add fd09:1::2/64 dev e0 nodad
    in_s ip address add 10.9.2.2/24 dev e0; in_c ip link set e0 up; in_s ip link set e0 up
    in_c ip route add default via 10.9.1.1; in_s ip route add default via 10.9.2.1
    # Listeners end with their input.
    mkfifo input; exec 9<> input
    listen() {
      "$@" lab-support listen tcp=22,80,81,82,83,90 <&9 > listening & others="$others $!"
      soon 'grep -q listening listening'; rm listening
    }
    seen=
    # Whether a connection opens, by `in_c` or here.
    opens() { [ "$(echo "tcp $2 $3 $4" | $1 lab-support probe 1000)" = open ]; }
    agree() {
      from=
      case $1 in in|through) from=in_c;; esac
      sekisho read --ask $2 $3 tcp/$4 > said; cat said
      if opens "$from" $2 $3 $4; then fate=passes; else fate='is stopped'; fi
      echo "  the kernel: $fate"; grep -q "tcp/$4, $1: $fate$" said; seen="$seen $fate"
    }
    # Some of both, or nothing has been tried.
    both() { case $seen in *passes*stopped*|*stopped*passes*) seen=;; *) echo "only: $seen"; exit 1;; esac; }

    """

  private static func run(_ script: String) throws {
    try withShell { shell in
      let result = try shell.run(net + script)
      #expect(result.status == 0, "\(result.all)")
    }
  }

  @Test func `a host that speaks with itself goes out over the loopback and in again`() throws {
    try Self.run(
      """
      nft -f - <<'END'
      table inet f {
        chain a {
          type filter hook input priority 0; policy drop; ct state established,related accept
          iifname "c0" tcp dport 80 accept; iifname "lo" tcp dport 81 accept
          ip saddr 10.9.1.1 tcp dport 82 drop; tcp dport { 22, 82, 90 } accept; fib daddr type local tcp dport 83 accept
        }
        chain o {
          type filter hook output priority 0; policy drop; ct state established,related accept
          oifname "lo" tcp dport { 22, 80-83 } accept
        }
        chain n { type nat hook output priority -100; ip daddr 10.9.1.1 tcp dport 8080 redirect to :81; }
        chain p { type nat hook prerouting priority -100; tcp dport 81 redirect to :80; }
        chain s { type nat hook postrouting priority 100; ip saddr 10.9.1.1 ip daddr 10.9.2.1 tcp dport 82 snat ip to 10.9.2.1; }
      }
      END
      listen
      for port in 22 80 81 82 83 90; do
        for pair in '127.0.0.1 127.0.0.1' '::1 ::1' '10.9.1.1 10.9.1.1' '10.9.2.1 10.9.1.1' '10.9.1.1 10.9.2.1' '10.9.1.1 127.0.0.1'; do
          agree 'to itself' $pair $port
        done
      done
      agree 'to itself' 10.9.2.1 10.9.1.1 8080
      both
      sekisho read --ask 10.9.1.1 10.9.1.1 tcp/81 > said; grep 'output, inet f o: accept' said; grep 'input, inet f a: accept' said
      # What comes by a link is not from here, and what is said to come by the loopback is.
      sekisho read --ask 10.9.1.1 10.9.1.1 tcp/8080 --in c0 | grep 'tcp/8080, in: is stopped'
      sekisho read --ask 10.9.1.1 10.9.1.1 tcp/8080 --in lo | grep 'tcp/8080, to itself: passes'
      nft -j list ruleset > file.json
      sekisho read file.json --ask 127.0.0.1 127.0.0.1 tcp/90 | grep 'tcp/90, to itself: is stopped'
      sekisho read file.json --ask 127.0.0.1 127.0.0.1 tcp/83 | grep 'tcp/83, to itself: passes'
      """)
  }

  @Test func `broadcasts and groups go in, whatever is forwarded`() throws {
    try Self.run(
      """
      sysctl -qw net.ipv4.ip_forward=1
      cat > listen.py <<'END'
      import select, socket
      group = socket.inet_aton("224.0.0.251") + socket.inet_aton("10.9.1.1")
      sockets = []
      for port in (53, 80):
          one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
          one.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
          one.bind(("", port)); sockets.append(one)
      print("ready", flush=True)
      while True:
          for one in select.select(sockets, [], [])[0]:
              print(one.getsockname()[1], one.recv(99).decode(), flush=True)
      END
      cat > send.py <<'END'
      import socket
      one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
      one.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
      one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("10.9.1.2"))
      for end in ("10.9.1.255", "255.255.255.255", "224.0.0.251"):
          for port in (53, 80):
              one.sendto(end.encode(), (end, port))
      for port in (53, 80):
          one.sendto(b"end", ("10.9.1.1", port))
      END
      python3 listen.py >> heard & others=$!
      soon 'grep -q ready heard' $others
      for open in 53 80; do
        if [ $open = 53 ]; then words='policy drop; udp dport 53 accept'; else words='policy accept; udp dport 53 drop'; fi
        if [ $open = 53 ]; then on=accept; else on=drop; fi
        nft "flush ruleset; table inet f { chain a { type filter hook input priority 0; $words; }; chain b { type filter hook forward priority 0; policy $on; }; }"
        : > heard; in_c python3 send.py; soon "grep -q '$open end' heard" $others
        for end in 10.9.1.255 255.255.255.255 224.0.0.251; do
          for port in 53 80; do
            sekisho read --ask 10.9.1.2 $end udp/$port --in c0 > said; cat said
            if grep "^$port $end$" heard; then fate=passes; else fate='is stopped'; fi
            grep "udp/$port, in: $fate$" said; seen="$seen $fate"
          done
        done
        both
      done
      sekisho read --ask 10.9.1.1 10.9.1.255 udp/53 | grep 'udp/53, out: passes'
      """)
  }

  @Test func `a host that forwards nothing lets nothing through`() throws {
    try Self.run(
      """
      nft 'table inet f { chain a { type filter hook input priority 0; policy drop; ct state established,related accept; tcp dport 22 accept; }; chain d { type nat hook prerouting priority -100; ip daddr 10.9.1.1 tcp dport 82 dnat ip to 10.9.2.2; }; }'
      listen nsenter -t $s -n; listen
      sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
      agree through 10.9.1.2 10.9.2.2 80; agree in 10.9.1.2 10.9.1.1 82; agree in 10.9.1.2 10.9.1.1 22
      sekisho read --ask 10.9.1.2 10.9.2.2 tcp/80 > said
      grep 'the kernel forwards no packets of IPv4 (net.ipv4.ip_forward is 0)' said
      sekisho read --ask 10.9.1.2 10.9.2.2 tcp/80 --json | grep -A1 beside_tables | grep '"forwarding"'
      sekisho read --allows > said; cat said
      grep -A1 'New connections through' said | grep nothing
      grep -F 'the kernel forwards no packets (net.ipv4.ip_forward and net.ipv6.conf.all.forwarding are 0)' said
      sekisho read --allows --json | grep '"forwarding"'
      nft -j list ruleset > file.json
      sekisho read file.json --allows > said; cat said; (! grep 'forwards no packets' said); (! grep -A1 'New connections through' said | grep nothing)
      sysctl -qw net.ipv4.ip_forward=1
      agree through 10.9.1.2 10.9.2.2 80; agree in 10.9.1.2 10.9.1.1 82; both
      sekisho read --allows > said; cat said
      grep 'the kernel forwards no packets of IPv6 (net.ipv6.conf.all.forwarding is 0)' said
      (! sekisho read --ask 10.9.1.2 10.9.2.2 tcp/80 | grep forwards)
      # By one link and not by another.
      sysctl -qw net.ipv4.conf.c0.forwarding=0
      sekisho read --ask 10.9.1.2 10.9.2.2 tcp/80 | grep 'through: may pass'
      (! opens in_c 10.9.1.2 10.9.2.2 80)
      sekisho read --ask 10.9.1.2 10.9.2.2 tcp/80 --in c0 > said; cat said
      grep 'through: is stopped' said; grep 'net.ipv4.conf.c0.forwarding is 0' said
      sekisho read --ask 10.9.2.2 10.9.1.2 tcp/80 --in s0 | grep 'through: passes'
      """)
  }

  @Test func `what a rule leads to the loopback by a link is dropped unless the kernel is told`() throws {
    try Self.run(
      """
      nft 'table ip n { chain i { type nat hook prerouting priority -100; tcp dport 80 dnat to 127.0.0.1:81; }; }; table inet f { chain a { type filter hook input priority 0; policy drop; ct state established accept; tcp dport { 22, 81 } accept; }; }'
      listen
      agree in 10.9.1.2 10.9.1.1 80; agree in 10.9.1.2 10.9.1.1 22; both
      sekisho read --ask 10.9.1.2 10.9.1.1 tcp/80 --in c0 > said; cat said
      grep 'is stopped' said; grep 'for addresses of the loopback (net.ipv4.conf.c0.route_localnet is 0)' said
      sekisho read --ask 10.9.1.2 127.0.0.1 tcp/81 | grep 'in: is stopped'
      nft -j list ruleset > file.json; sekisho read file.json --ask 10.9.1.2 10.9.1.1 tcp/80 | grep 'in: may pass'
      sysctl -qw net.ipv4.conf.c0.route_localnet=1
      sekisho read --ask 10.9.1.2 10.9.1.1 tcp/80 | grep 'in: may pass'
      sysctl -qw net.ipv4.conf.s0.route_localnet=1
      agree in 10.9.1.2 10.9.1.1 80
      sysctl -qw net.ipv4.conf.s0.route_localnet=0
      sekisho read --ask 10.9.1.2 10.9.1.1 tcp/80 --in c0 | grep 'in: passes'
      """)
  }

  @Test func `addresses that are the host's by a route go in`() throws {
    try Self.run(
      """
      sysctl -qw net.ipv4.ip_forward=1
      nft -f - <<'END'
      table inet f {
        chain a {
          type filter hook input priority 0; policy drop; ct state established,related accept
          tcp dport 80 accept; fib daddr type local tcp dport 90 accept
        }
        chain b { type filter hook forward priority 0; policy drop; ct state established,related accept; tcp dport 81 accept; }
      }
      END
      listen
      sekisho read --allows > said; cat said; (! grep 'local routes' said)
      ip route add local 10.50.0.0/24 dev lo; ip route add local 10.60.0.1 dev lo
      # How packets with a mark get to sockets: no addresses of the host.
      ip route add local default dev lo table 100; ip -6 route add local default dev lo table 100
      for end in 10.50.0.1 10.60.0.1; do
        for port in 80 81 90; do agree in 10.9.1.2 $end $port; done
      done
      both
      sekisho read --ask 10.9.1.2 10.61.0.1 tcp/80 | grep 'through: is stopped'
      sekisho read --ask fd09:1::2 fd09:5::1 tcp/80 | grep 'through: is stopped'
      sekisho read --allows > said; cat said; grep 'local routes' said
      """)
  }

  @Test func `a table that keeps neighbours from being found makes IPv4 uncertain`() throws {
    try Self.run(
      """
      nft 'table inet f { chain a { type filter hook input priority 0; policy drop; ct state established,related accept; icmpv6 type 133-136 accept; tcp dport 80 accept; }; }; table arp t { chain a { type filter hook input priority 0; policy accept; }; }'
      listen
      sekisho read --ask 10.9.1.2 10.9.1.1 tcp/80 | grep 'in: passes'
      opens in_c 10.9.1.2 10.9.1.1 80
      nft add rule arp t a drop
      ip neighbour flush all; in_c ip neighbour flush all
      (! opens in_c 10.9.1.2 10.9.1.1 80)
      opens in_c fd09:1::2 fd09:1::1 80
      # An agent does not read tables of ARP; a file has them.
      nft -j list ruleset > file.json
      sekisho read file.json --ask 10.9.1.2 10.9.1.1 tcp/80 > said; cat said; grep 'in: may pass' said; grep '! .*arp' said
      sekisho read file.json --ask 10.9.1.2 10.9.1.1 tcp/81 | grep 'in: is stopped'
      sekisho read file.json --ask fd09:1::2 fd09:1::1 tcp/80 | grep 'in: passes'
      sekisho read file.json --ask 10.9.1.1 10.9.1.1 tcp/80 | grep 'to itself: passes'
      sekisho read file.json --allows > said; cat said; grep '! .*arp' said
      """)
  }

  @Test(.enabled(if: obstacleToLegacy == nil, "\(obstacleToLegacy ?? "")"))
  func `rules of iptables-legacy are named, and leave nothing certain`() throws {
    try Self.run(
      """
      listen
      iptables-legacy -S > rules; ip6tables-legacy -S > rules
      # Tables without a rule decide nothing.
      agree in 10.9.1.2 10.9.1.1 80; sekisho read --allows > said; (! grep legacy said)
      iptables-legacy -A INPUT -p tcp --dport 80 -j DROP
      (! opens in_c 10.9.1.2 10.9.1.1 80); opens in_c 10.9.1.2 10.9.1.1 81
      for port in 80 81; do
        sekisho read --ask 10.9.1.2 10.9.1.1 tcp/$port > said; cat said
        grep 'in: may pass' said; grep '! rules of iptables-legacy (ip filter) are not read' said
      done
      sekisho read --ask fd09:1::2 fd09:1::1 tcp/80 | grep 'in: passes'
      sekisho read --allows > said; cat said; grep '! rules of iptables-legacy (ip filter) are not read' said
      sekisho read --allows --json | grep '"iptables-legacy"'
      sekisho read 2>&1 | grep 'rules of iptables-legacy (ip filter) are not read'
      sekisho status > said || true; cat said; grep '! rules of iptables-legacy (ip filter) are not read' said
      (sekisho status --json || true) | tr -d '\n ' | grep '"legacy_tables":."ipfilter".'
      iptables-legacy -F; iptables-legacy -P INPUT DROP; sekisho read --ask 10.9.1.2 10.9.1.1 tcp/80 | grep 'in: may pass'
      iptables-legacy -P INPUT ACCEPT; ip6tables-legacy -P INPUT DROP
      agree in 10.9.1.2 10.9.1.1 80; sekisho read --ask fd09:1::2 fd09:1::1 tcp/80 | grep 'in: may pass'
      # What is stopped as it was asked for may be led to a port that is open.
      nft 'table inet f { chain a { type filter hook input priority 0; policy drop; ct state established,related accept; tcp dport 80 accept; }; }'
      agree in 10.9.1.2 10.9.1.1 82; both
      iptables-legacy -t nat -A PREROUTING -p tcp --dport 82 -j REDIRECT --to-ports 80
      opens in_c 10.9.1.2 10.9.1.1 82
      sekisho read --ask 10.9.1.2 10.9.1.1 tcp/82 | grep 'in: may pass'
      """)
  }
}
