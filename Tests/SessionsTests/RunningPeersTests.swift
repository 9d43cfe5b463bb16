import Addressing
import Nftables
import Sessions
import Testing

/// Who speaks with a host, by what the kernel tracks and by sockets.
@Suite struct RunningPeersTests {
  /// A host that forwards, too.
  private static let own = ["10.0.0.2", "2001:db8::2", "fe80::2", "127.0.0.1", "::1"]

  /// `10.0.0.1:80`, `[2001:db8::1]:80`.
  private static func end(_ text: String) throws -> SessionEnd {
    let colon = try #require(text.lastIndex(of: ":"))
    let address = text[..<colon].filter { $0 != "[" && $0 != "]" }
    return SessionEnd(
      try Address(parsing: address), try #require(UInt16(text[text.index(after: colon)...])))
  }

  /// An entry of connection tracking.
  struct Entry {
    let ipProtocol: IPProtocol
    let from: String
    let to: String
    /// Where it was led.
    var led: String?
    var status: UInt32 = 0xe
    var isPickedUp = false
    var isOver = false
    var type: UInt8 = 0

    func session() throws -> TrackedSession {
      let (client, asked) = (try RunningPeersTests.end(from), try RunningPeersTests.end(to))
      let server = try led.map { try RunningPeersTests.end($0) } ?? asked
      func tuple(_ one: SessionEnd, _ other: SessionEnd) -> TrackedSession.Tuple {
        TrackedSession.Tuple(
          from: one.address, to: other.address, ipProtocol, sourcePort: one.port, destinationPort: other.port,
          messageType: type)
      }
      return TrackedSession(
        original: tuple(client, asked), reply: tuple(server, client), status: status, isPickedUp: isPickedUp,
        isOver: isOver, name: TrackedSession.Name(tuple: [], id: 0))
    }
  }

  /// `tcp listening 0.0.0.0:22`, `tcp open 10.0.0.2:22 10.0.0.1:40000`, `udp 0.0.0.0:53`, `udp 10.0.0.2:40000 10.0.0.1:53`.
  private static func peers(_ entries: [Entry], _ sockets: [String]) throws -> RunningPeers {
    var streams: [TCPSocket] = []
    var datagrams: [UDPSocket] = []
    for socket in sockets {
      let words = socket.split(separator: " ").map(String.init)
      if words[0] == "udp" {
        datagrams.append(
          UDPSocket(local: try end(words[1]), remote: words.count > 2 ? try end(words[2]) : nil))
        continue
      }
      let local = try end(words[2])
      let states: [String: TCPSocket.State] = ["listening": .listening, "open": .open, "over": .over]
      streams.append(
        TCPSocket(
          local: local, remote: words.count > 3 ? try end(words[3]) : SessionEnd(local.address, 0),
          state: try #require(states[words[1]])))
    }
    return RunningPeers(
      tracked: try entries.map { try $0.session() }, streams: streams, datagrams: datagrams,
      at: HostAddresses(
        own: Set(try own.map { try Address(parsing: $0) }),
        forMany: Set(try ["10.0.0.255", "10.0.0.2"].map { try Address(parsing: $0) })))
  }

  /// Everything that is said, as `input 10.0.0.1 > 10.0.0.2 tcp/22 1`, `waiting tcp/22`, `own 1`.
  private static func told(_ peers: RunningPeers) -> [String] {
    let hooks: [Hook: String] = [.input: "input", .output: "output", .forward: "forward"]
    let sessions = peers.sessions.map { asked, count in
      let kind = asked.port.map { "/\($0)" } ?? asked.type.map { ":\($0)" } ?? ""
      return
        "\(hooks[asked.hook] ?? "-") \(asked.source) > \(asked.destination) \(asked.ipProtocol)\(kind) \(count)"
    }
    let others = [
      ("own", peers.own), ("link", peers.linkLocal), ("groups", peers.groups),
      ("unanswered", peers.unanswered), ("uncertain", peers.uncertain),
    ].filter { $0.1 > 0 }.map { "\($0.0) \($0.1)" }
    return (sessions + others + peers.waiting.map { "waiting \($0.ipProtocol)/\($0.port)" }).sorted()
  }

  static let entries: [(name: String, entries: [Entry], sockets: [String], told: [String])] = [
    (
      "who began is as it was tracked, counted by who asked for what",
      [
        Entry(ipProtocol: .tcp, from: "10.0.0.1:40000", to: "10.0.0.2:22"),
        Entry(ipProtocol: .tcp, from: "10.0.0.1:40001", to: "10.0.0.2:22", isOver: true),
        Entry(ipProtocol: .udp, from: "10.0.0.2:40000", to: "10.0.0.3:53"),
        Entry(ipProtocol: .icmpv6, from: "[2001:db8::1]:0", to: "[2001:db8::2]:0", type: 128),
        Entry(ipProtocol: .esp, from: "10.0.0.1:0", to: "10.0.0.3:0"),
      ], [],
      [
        "forward 10.0.0.1 > 10.0.0.3 esp 1", "input 10.0.0.1 > 10.0.0.2 tcp/22 2",
        "input 2001:db8::1 > 2001:db8::2 icmpv6:128 1", "output 10.0.0.2 > 10.0.0.3 udp/53 1",
      ]
    ),
    (
      "where it was led is asked for",
      [
        Entry(ipProtocol: .tcp, from: "10.0.0.1:40000", to: "10.0.0.2:80", led: "172.17.0.2:8080"),
        Entry(ipProtocol: .tcp, from: "10.0.0.1:40001", to: "10.0.0.2:81", led: "10.0.0.2:8081"),
      ], [],
      ["forward 10.0.0.1 > 172.17.0.2 tcp/8080 1", "input 10.0.0.1 > 10.0.0.2 tcp/8081 1"]
    ),
    (
      "what nobody answered is no session, unless somebody listens for what asks for no answer",
      [
        Entry(ipProtocol: .tcp, from: "10.0.0.1:40000", to: "10.0.0.2:22", status: 8),
        // A reset is an answer.
        Entry(ipProtocol: .tcp, from: "10.0.0.1:40000", to: "10.0.0.2:23", status: 0xa, isOver: true),
        Entry(ipProtocol: .udp, from: "10.0.0.1:40000", to: "10.0.0.2:514", status: 8),
        Entry(ipProtocol: .udp, from: "10.0.0.1:40000", to: "10.0.0.2:515", status: 8),
        Entry(ipProtocol: .udp, from: "10.0.0.2:40000", to: "10.0.0.1:514", status: 8),
      ], ["udp 0.0.0.0:514"],
      ["input 10.0.0.1 > 10.0.0.2 udp/514 1", "unanswered 4"]
    ),
    (
      "a session that was come upon half-way was begun by the one who does not listen",
      [
        Entry(ipProtocol: .tcp, from: "10.0.0.2:22", to: "10.0.0.1:40000", isPickedUp: true),
        Entry(ipProtocol: .tcp, from: "10.0.0.1:40000", to: "10.0.0.2:23", isPickedUp: true),
        Entry(ipProtocol: .tcp, from: "10.0.0.3:443", to: "10.0.0.2:40001", isPickedUp: true),
        Entry(ipProtocol: .tcp, from: "10.0.0.3:443", to: "10.0.0.1:40001", isPickedUp: true),
        Entry(ipProtocol: .tcp, from: "10.0.0.3:443", to: "10.0.0.1:444", isPickedUp: true),
      ], ["tcp listening [::]:22"],
      [
        "forward 10.0.0.1 > 10.0.0.3 tcp/443 1", "input 10.0.0.1 > 10.0.0.2 tcp/22 1",
        "output 10.0.0.2 > 10.0.0.3 tcp/443 1", "uncertain 2",
      ]
    ),
    (
      "the host with itself, links and groups are counted apart",
      [
        Entry(ipProtocol: .tcp, from: "127.0.0.1:40000", to: "127.0.0.1:80"),
        Entry(ipProtocol: .tcp, from: "10.0.0.2:40000", to: "10.0.0.2:80"),
        Entry(ipProtocol: .udp, from: "[fe80::1]:546", to: "[fe80::2]:547"),
        Entry(ipProtocol: .udp, from: "169.254.0.1:1", to: "169.254.0.2:2"),
        Entry(ipProtocol: .udp, from: "10.0.0.1:5353", to: "224.0.0.251:5353", status: 8),
        Entry(ipProtocol: .udp, from: "10.0.0.1:137", to: "10.0.0.255:137", status: 8),
        Entry(ipProtocol: .udp, from: "10.0.0.1:67", to: "255.255.255.255:68", status: 8),
      ], ["udp 0.0.0.0:5353"], ["groups 3", "link 2", "own 2", "waiting udp/5353"]
    ),
  ]

  static let sockets: [(name: String, entries: [Entry], sockets: [String], told: [String])] = [
    (
      "where nothing is tracked the one whose port has a listener did not begin",
      [],
      [
        "tcp listening 0.0.0.0:22", "tcp open 10.0.0.2:22 10.0.0.1:40000",
        "tcp over 10.0.0.2:22 10.0.0.4:40000",
        "tcp open 10.0.0.2:40000 10.0.0.3:443", "tcp over [2001:db8::2]:40001 [2001:db8::3]:80",
        "tcp open 10.0.0.2:700 10.0.0.3:2049",
      ],
      [
        "input 10.0.0.1 > 10.0.0.2 tcp/22 1", "input 10.0.0.4 > 10.0.0.2 tcp/22 1",
        "output 10.0.0.2 > 10.0.0.3 tcp/2049 1", "output 10.0.0.2 > 10.0.0.3 tcp/443 1",
        "output 2001:db8::2 > 2001:db8::3 tcp/80 1",
      ]
    ),
    (
      "of a server that has gone nobody knows who began",
      [], ["tcp open 10.0.0.2:22 10.0.0.1:40000", "udp 10.0.0.2:1194 10.0.0.1:40000"], ["uncertain 2"]
    ),
    (
      "a connected socket of UDP asks, unless another hears at its port",
      [],
      [
        "udp 10.0.0.2:40000 10.0.0.3:53", "udp 0.0.0.0:1194", "udp 10.0.0.2:1194 10.0.0.1:40000",
        "udp 0.0.0.0:123", "udp 127.0.0.1:323",
      ],
      [
        "input 10.0.0.1 > 10.0.0.2 udp/1194 1", "output 10.0.0.2 > 10.0.0.3 udp/53 1", "waiting udp/123",
      ]
    ),
    (
      "what is tracked is not counted again by its sockets, at either end or behind a translation",
      [
        Entry(ipProtocol: .tcp, from: "10.0.0.1:40000", to: "10.0.0.9:80", led: "10.0.0.2:8080"),
        Entry(ipProtocol: .tcp, from: "10.0.0.2:40000", to: "10.0.0.9:80", led: "10.0.0.3:8080"),
        Entry(ipProtocol: .udp, from: "10.0.0.2:40000", to: "10.0.0.3:53"),
      ],
      [
        "tcp listening 0.0.0.0:8080", "tcp open 10.0.0.2:8080 10.0.0.1:40000",
        "tcp open 10.0.0.2:40000 10.0.0.9:80", "udp 10.0.0.2:40000 10.0.0.3:53",
      ],
      [
        "input 10.0.0.1 > 10.0.0.2 tcp/8080 1", "output 10.0.0.2 > 10.0.0.3 tcp/8080 1",
        "output 10.0.0.2 > 10.0.0.3 udp/53 1",
      ]
    ),
    (
      "an open socket says more than an entry that has seen one direction since",
      [Entry(ipProtocol: .tcp, from: "10.0.0.2:22", to: "10.0.0.1:40000", status: 8, isPickedUp: true)],
      ["tcp listening 0.0.0.0:22", "tcp open 10.0.0.2:22 10.0.0.1:40000"],
      ["input 10.0.0.1 > 10.0.0.2 tcp/22 1"]
    ),
    (
      "the host with itself is counted once, and what hears on a loopback or a link alone is nobody's",
      [],
      [
        "tcp listening 127.0.0.1:631", "tcp open 127.0.0.1:631 127.0.0.1:40000",
        "tcp open 127.0.0.1:40000 127.0.0.1:631", "tcp listening [fe80::2]:80", "tcp listening [::]:25",
      ], ["own 1", "waiting tcp/25"]
    ),
  ]

  @Test(arguments: entries + sockets)
  func `who speaks with a host, and what is not known of it`(
    _ it: (name: String, entries: [Entry], sockets: [String], told: [String])
  ) throws {
    #expect(Self.told(try Self.peers(it.entries, it.sockets)) == it.told.sorted(), "\(it.name)")
  }
}
