import Addressing
import AgentProtocol
import Attempts
import Nftables
import Policy
import PolicyFixtures
import RulesetCompiler
import RulesetDiff

/// One of each that travels.
enum Samples {
  static let table: Table = {
    let policy = RandomPolicy(seed: 3).policy
    let policies = HostPolicies(policy)
    return RulesetCompiler(policy, policies).compile(policies.distinct[0])
  }()

  static let others = Table(
    family: .ipv4, name: "filter",
    chains: [Chain(name: "INPUT", base: BaseChain(hook: .input, policy: .drop), rules: [Rule([.counter])])],
    sets: [])

  static let seen = Seen(
    moment: RulesetMoment(place: "boot:1", generation: 7), own: "00ff", others: ["ip filter": "a0"])

  static let greeting = Greeting(
    requests: ["look", "apply"], version: "1.0", node: "web-1", kernel: "6.1",
    addresses: [Address(.ipv4, 0x0a00_0001), Address(.ipv6, 1)])

  static let statuses = [
    HostStatus(generation: 3, table: nil, foreignChains: []),
    HostStatus(
      generation: 4,
      table: TableStatus(
        isOwned: false, isDormant: true,
        directions: [DirectionStatus(hook: .input, mode: .observe, packets: .max, records: 4)], chains: 1,
        rules: 2, sets: 3, elements: 4),
      foreignChains: [ForeignChain(table: "ip filter", chain: "INPUT", type: "filter", hook: 1, priority: -5)]
    ),
    HostStatus(
      generation: 5, table: nil, foreignChains: [],
      stop: StopStatus(until: 1_700_000_000, isOver: false, by: "ada (as root)", why: "a trace"),
      confirmed: ConfirmedStatus(revision: 7, time: 1_690_000_000, isDrifted: true),
      flushing: [
        FlushingService(
          unit: "nftables.service", moments: [.start, .boot, .reload, .stop],
          command: "/usr/sbin/nft flush ruleset")
      ]),
    HostStatus(
      generation: 6,
      table: TableStatus(
        isOwned: false, isDormant: false,
        directions: [
          DirectionStatus(
            hook: .output, mode: .enforce, packets: 7, records: 65_536, areRecordsFull: true, invalid: 2,
            unrecorded: Unrecorded(overShare: .max, overPace: 1, full: 0), spoofed: 4)
        ], chains: 1, rules: 2, sets: 3, elements: 4),
      foreignChains: [], sessions: SessionCount(count: 250_000, limit: 262_144)),
    HostStatus(
      generation: 7, table: nil, foreignChains: [], sessions: SessionCount(count: nil, limit: nil)),
  ]

  static let looked: [Looked] = {
    var looked = whole
    looked[1].usage = usage
    return looked
  }()

  private static let whole: [Looked] = {
    let change = TableDiff.change(from: nil, to: table)
    let chain = ForeignChain(table: "ip filter", chain: "INPUT", type: "filter", hook: 1, priority: 0)
    return [
      Looked(
        seen: seen,
        comparison: TableComparison(
          generation: 7, isInstalled: true, change: ChangeDescription(), foreignChains: []), ruleset: nil),
      Looked(
        seen: seen,
        comparison: TableComparison(
          generation: 7, isInstalled: false, change: ChangeDescription(change, from: nil, to: table),
          foreignChains: [chain]), ruleset: [others],
        recorded: [
          Recorded(
            hook: .input, memory: 86_400, count: 3,
            first: [
              Recorded.Record(peer: Address(.ipv4, 1), destination: nil, ipProtocol: .tcp, port: 22),
              Recorded.Record(
                peer: Address(.ipv4, 1), destination: Address(.ipv4, 2), ipProtocol: .icmp, port: nil, type: 8
              ),
            ])
        ],
        logins: [Login(from: Address(.ipv4, 2), to: Address(.ipv4, 1), port: 22)]),
    ]
  }()

  static let records: RecordList = {
    let (four, six) = (Address(.ipv4, 0x0a00_0001), Address(.ipv6, 1))
    func entry(
      _ peer: Address, _ ipProtocol: IPProtocol, to destination: Address? = nil, port: UInt16? = nil,
      type: UInt8? = nil
    ) -> RecordList.Entry {
      let record = Recorded.Record(
        peer: peer, destination: destination, ipProtocol: ipProtocol, port: port, type: type)
      return RecordList.Entry(record, packets: .max, bytes: 40, age: 3, firstAge: port == 22 ? 9 : nil)
    }
    return RecordList(
      directions: [
        RecordList.Direction(
          hook: .input, mode: .enforce, memory: 86_400, isFull: true,
          unrecorded: Unrecorded(overShare: 1, overPace: 2, full: 3),
          entries: [entry(four, .tcp, port: 22), entry(six, .icmpv6, type: 128), entry(four, .esp)], untold: 7
        ),
        RecordList.Direction(
          hook: .forward, mode: .observe, memory: 86_400, isFull: false,
          entries: [entry(six, .udp, to: Address(.ipv6, 2), port: 53)], untold: 0, watched: 86_401,
          quiet: 5, inMode: 3_600),
        RecordList.Direction(
          hook: .output, mode: .unknown, memory: 0, isFull: false, entries: [], untold: 0),
      ], loss: "a file is damaged")
  }()

  static let peers: PeerList = {
    let (four, six) = (Address(.ipv4, 0x0a00_0001), Address(.ipv6, 1))
    func peer(
      _ peer: Address, _ ipProtocol: IPProtocol, to destination: Address? = nil, port: UInt16? = nil,
      type: UInt8? = nil
    ) -> PeerList.Peer {
      PeerList.Peer(
        Recorded.Record(peer: peer, destination: destination, ipProtocol: ipProtocol, port: port, type: type),
        sessions: port == 22 ? .max : 1)
    }
    return PeerList(
      directions: [
        PeerList.Direction(hook: .input, peers: [peer(four, .tcp, port: 22), peer(six, .icmpv6, type: 128)]),
        PeerList.Direction(hook: .forward, peers: [peer(six, .esp, to: Address(.ipv6, 2))]),
      ], own: 1, linkLocal: 2, groups: 3, unanswered: 4, uncertain: 5, untold: 6,
      waiting: [PeerList.Waiting(ipProtocol: 6, port: 25), PeerList.Waiting(ipProtocol: 17, port: 53)],
      isTracked: true)
  }()

  static let usage: UsageList = {
    var list = UsageList(
      uses: [
        UsageList.Use(
          flow: "f", hook: .input, service: "web", packets: .max, bytes: 60, known: 90, first: 80, last: 2,
          lastAfter: 62, gone: nil,
          ports: [
            UsageList.Ports(
              ipProtocol: .tcp, allowed: PortSet([8000...8010, 9000...9000]), since: 80, looks: 3,
              seen: [.init(port: 8000, last: 2), .init(port: 8003, last: 70)]),
            UsageList.Ports(ipProtocol: .udp, allowed: PortSet([1...65_535]), since: 0, looks: 0, seen: nil),
          ]),
        UsageList.Use(
          flow: "g", hook: .forward, service: "dns", packets: 0, bytes: 0, known: 90, first: nil, last: nil,
          lastAfter: nil, gone: 9),
      ], untold: 3, watched: 100, gaps: [UsageList.Gap(began: 50, ended: 20)], loss: "a file is damaged")
    list.live = [UsageList.Live(flow: "f", hook: .input, sessions: 3)]
    return list
  }()

  static let attempts = [
    Attempt(.tcp, from: Address(.ipv4, 1), sourcePort: 5, to: Address(.ipv4, 2), .port(443), size: 9),
    Attempt(.icmpv6, to: Address(.ipv6, 1), .type(128), interface: "eth0"),
    Attempt(.esp, to: Address(.ipv4, 2), .plain),
  ]

  static let outcomes: [AttemptOutcome] = [
    .open, .refused(by: nil), .refused(by: Address(.ipv4, 1)), .rejected(by: Address(.ipv6, 1)),
    .unreachable(by: nil), .unreachable(by: Address(.ipv4, 1)), .silent, .egressDenied,
    .unsupported("no sockets"), .failed("no descriptors"),
  ]

  static let witnessing = WitnessRequest(
    peers: [Address(.ipv4, 1), Address(.ipv6, 1)], firstPort: 61_001, lastPort: 65_000,
    protocols: [.tcp, .esp])

  static let unheard = [
    Unheard(.tcp, .ipv4, reason: "in use"), Unheard(.esp, .ipv6, reason: "no right"),
  ]

  static let sighted = Sighted(
    sightings: sightings, isCutShort: true, unreached: [Address(.ipv4, 2), Address(.ipv6, 2)])

  static let sightings = [
    Sighting(
      .sent, .tcp, from: Address(.ipv4, 1), sourcePort: 61_001, to: Address(.ipv4, 2), .port(22)),
    Sighting(.arrived, .icmp, from: Address(.ipv4, 1), to: Address(.ipv4, 2), .type(8)),
    Sighting(.delivered, .esp, from: Address(.ipv6, 1), to: Address(.ipv6, 2), .plain),
  ]
}
