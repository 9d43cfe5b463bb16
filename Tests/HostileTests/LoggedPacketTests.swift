import Testing

/// What goes to a netlink group, as a program that knows nothing of Sekisho gets it.
@Suite(.enabled(if: Shell.obstacle == nil, "\(Shell.obstacle ?? "")")) struct LoggedPacketTests {
  private static let inventory = """
    version: 1
    settings: {log: {group: 7}}
    services: {web: tcp/8080}
    hosts:
      a: {addresses: [10.0.0.1]}
      b: {addresses: [10.0.0.2]}
      b-observes: {addresses: [10.0.0.3], mode: observe}
    flows:
      f: {from: a, to: [b, b-observes], service: web, why: a test}

    """

  /// Prints the prefix of each packet of group 7 (linux/netfilter/nfnetlink_log.h).
  private static let reader = """
    import socket, struct
    s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
    s.bind((0, 0))
    def ask(attribute, value):
        size = 4 + len(value)
        body = struct.pack('>BBH', 0, 0, 7) + struct.pack('=HH', size, attribute) + value + bytes(-size % 4)
        s.send(struct.pack('=IHHII', 16 + len(body), 4 << 8 | 1, 1 | 4, 1, 0) + body)
        assert struct.unpack_from('=i', s.recv(8192), 16)[0] == 0
    ask(1, struct.pack('B', 1))
    ask(2, struct.pack('>IBB', 64, 2, 0))
    ask(5, struct.pack('>I', 1))
    print('ready', flush=True)
    while True:
        data = s.recv(65536)
        place = 20
        while place + 4 <= struct.unpack_from('=I', data)[0]:
            size, attribute = struct.unpack_from('=HH', data, place)
            if attribute == 10:
                print(data[place + 4:place + size].rstrip(b'\\0').decode() + '.', flush=True)
            place += size + 3 & ~3
    """

  @Test(.timeLimit(.minutes(60))) func `it is named by host, direction and reason`() throws {
    try withShell { shell in
      try shell.write("inventory/all.yaml", Self.inventory)
      try shell.write("reader.py", Self.reader)
      let result = try shell.run(
        """
        readers=
        trap 'kill $readers 2> /dev/null || true; sekisho lab down -q' EXIT
        sekisho lab up -q; sekisho apply --lab --yes -q
        soon() { n=0; until "$@"; do n=$((n + 1)); test $n -lt 300 || { cat said.*; exit 9; }; sleep 0.1; done; }
        for host in a b b-observes; do
          sekisho lab exec $host -- python3 reader.py > said.$host 2>&1 & readers="$readers $!"
          soon grep -q ready said.$host
        done
        reach() { sekisho lab exec a -- timeout 1 bash -c "exec 3<> /dev/tcp/$1/8081" 2> /dev/null || true; }
        reach 10.0.0.2; soon grep -x 'sekisho a out denied .' said.a
        sekisho lab exec a -- nft delete table inet sekisho
        reach 10.0.0.2; soon grep -x 'sekisho b in denied .' said.b
        reach 10.0.0.3; soon grep -x 'sekisho b-observes in observed .' said.b-observes
        """, inNamespace: false)
      #expect(result.status == 0, "\(result.all)")
    }
  }
}
