import Addressing
import AgentProtocol
import Enforcement
import Foundation
import HostLife
import HostStore
import MemoryKernel
import Nftables
import RulesetShape
import Sessions
import SystemPackage
import Testing

/// At which ports of services that have several sessions were seen.
@Suite struct PortMemoryTests {
  private static let start: Int64 = 1_700_000_000
  private static let here = "boot:1"

  private static func counts(_ flows: [String] = ["f"]) -> FlowCounts {
    FlowCounts(
      table: 1,
      rules: flows.enumerated().map { index, flow in
        CountedFlow(
          flow: flow, side: .input, service: "web", handle: UInt64(index),
          counter: CounterValues(packets: 1, bytes: 60))
      })
  }

  private static func ports(
    _ allowed: ClosedRange<UInt16> = 8000...8010, seen: Set<UInt16> = []
  ) -> [FlowPorts] {
    [
      FlowPorts(
        flow: "f", side: .input, service: "web", allowed: [.tcp: PortSet([allowed])], seen: [.tcp: seen])
    ]
  }

  /// `ALLOWED since looks: PORT AGE, …`; `nil`: nothing is told.
  private static func told(_ memory: UsageMemory, at now: Int64) -> String? {
    memory.list(at: now).uses.first?.ports?.map { ports in
      let seen = ports.seen?.map { "\($0.port) \($0.last)" }.joined(separator: ", ") ?? "many"
      return
        "\(ports.allowed.ranges.map(\.rangeText).joined(separator: ",")) \(ports.since) \(ports.looks): \(seen)"
    }.joined(separator: "; ")
  }

  @Test func `each port is known by when it was seen last, and by how many looks`() throws {
    var memory = UsageMemory(
      Self.counts(), ports: Self.ports(seen: [8000, 8003]), at: Self.start, in: Self.here)
    #expect(Self.told(memory, at: Self.start) == "8000-8010 0 1: 8000 0, 8003 0")
    memory = memory.adding(
      Self.counts(), ports: Self.ports(seen: [8003, 9000]), at: Self.start + 60, in: Self.here)
    // A transaction counts and looks at no sessions.
    memory = memory.adding(Self.counts(), at: Self.start + 70, in: Self.here)
    #expect(Self.told(memory, at: Self.start + 100) == "8000-8010 100 2: 8000 100, 8003 40")
    let read = try JSONDecoder().decode(UsageMemory.self, from: JSONEncoder().encode(memory))
    #expect(read == memory)
    // A file from before there was any.
    var tree = try #require(
      try JSONSerialization.jsonObject(with: JSONEncoder().encode(memory)) as? [String: Any])
    tree["ports"] = nil
    let older = try JSONDecoder().decode(
      UsageMemory.self, from: JSONSerialization.data(withJSONObject: tree))
    #expect(Self.told(older, at: Self.start) == nil)
    for damaged in [[[9, 6, 0, 1, 1, 1, 2]], [[0, 6, 0, 1, 1, 2, 1]], [[0, 6, 0, 1, 1, 1, 2, 3]]] as [[[Int]]]
    {
      tree["ports"] = damaged
      let data = try JSONSerialization.data(withJSONObject: tree)
      #expect(throws: DecodingError.self) { try JSONDecoder().decode(UsageMemory.self, from: data) }
    }
  }

  @Test func `ports that come begin the time anew, and a flow that goes takes what was seen with it`() {
    let first = UsageMemory(Self.counts(), ports: Self.ports(seen: [8000]), at: Self.start, in: Self.here)
    func next(_ memory: UsageMemory, _ ports: [FlowPorts]?, _ flows: [String] = ["f"]) -> String? {
      Self.told(
        memory.adding(Self.counts(flows), ports: ports, at: Self.start + 60, in: Self.here),
        at: Self.start + 60)
    }
    #expect(next(first, Self.ports(8000...8020)) == "8000-8020 0 1: 8000 60")
    #expect(next(first, Self.ports(8000...8005)) == "8000-8005 60 2: 8000 60")
    #expect(next(first, Self.ports(8001...8005)) == "8001-8005 60 2: ")
    // The service has one port left.
    #expect(next(first, []) == nil)
    let gone = first.adding(Self.counts([]), ports: [], at: Self.start + 60, in: Self.here)
    let back = gone.adding(Self.counts(), ports: Self.ports(), at: Self.start + 120, in: Self.here)
    #expect(Self.told(back, at: Self.start + 120) == "8000-8010 0 1: ")
  }

  @Test func `of more ports than are remembered it is said that they are many`() {
    let wide = UsageMemory(
      Self.counts(), ports: Self.ports(1...65_535, seen: Set(1...1024)), at: Self.start, in: Self.here)
    #expect(Self.told(wide, at: Self.start)?.hasPrefix("1-65535 0 1: 1 0, 2 0") == true)
    let more = wide.adding(
      Self.counts(), ports: Self.ports(1...65_535, seen: [2000]), at: Self.start + 60, in: Self.here)
    #expect(Self.told(more, at: Self.start + 60) == "1-65535 60 2: many")
    let later = more.adding(
      Self.counts(), ports: Self.ports(1...65_535, seen: [1]), at: Self.start + 120, in: Self.here)
    #expect(Self.told(later, at: Self.start + 120) == "1-65535 120 3: many")
  }

  @Test func `sessions are looked at where a flow has several ports, and only there`() throws {
    let place = try Place()
    func adopt(_ ports: ClosedRange<UInt8>) throws {
      let map = NamedSet(
        name: SetMeaning.ranges(.input, .tcp).name, key: [.inetService], data: [.verdict], flags: .interval,
        elements: SetElements(
          keyLength: 2, keys: [31, ports.lowerBound], lastKeys: [31, ports.upperBound],
          payload: .verdicts([.jump("in.web")])))
      let table = Table(
        family: .inet, name: .sekisho,
        chains: [
          Chain(
            name: "input", base: BaseChain(hook: .input, policy: .drop),
            rules: [
              Rule(compiling: [.match(.ctState, .states(.established)), .accept]),
              Rule(compiling: [.jump("in.web")]),
            ]),
          Chain(
            name: "in.web",
            rules: [
              Rule(
                compiling: [
                  .match(
                    .tcpDport, .ports(7936 + UInt16(ports.lowerBound)...7936 + UInt16(ports.upperBound))),
                  .counter, .accept,
                ], comment: "f")
            ]),
        ], sets: [map])
      _ = try place.life.adopt(
        table, seen: nil, isLearning: false, HostLife.Reason(why: nil, meaning: "a test")
      ) { _ in }
    }
    func session(_ port: UInt16, isPickedUp: Bool = false) -> TrackedSession {
      let (client, server) = (Address(.ipv4, 0x0a00_0001), Address(.ipv4, 0x7f00_0001))
      return TrackedSession(
        original: .init(from: client, to: server, .tcp, sourcePort: 40_000, destinationPort: port),
        reply: .init(from: server, to: client, .tcp, sourcePort: port, destinationPort: 40_000), status: 0,
        isPickedUp: isPickedUp, isOver: port == 8001,
        name: .init(tuple: [UInt8(port & 0xff)], id: UInt32(port)))
    }
    // 7936 is 31 times 256.
    try adopt(64...74)
    place.kernel.entries = [
      session(8001), session(8004), session(8004), session(8009, isPickedUp: true), session(22),
    ]
    let ports = try #require(try place.life.usage().uses.first?.ports?.first)
    #expect(ports.allowed == PortSet([8000...8010]) && ports.looks == 1)
    #expect(ports.seen?.map(\.port) == [8001, 8004])
    // Where nobody may write the answer has what was seen all the same.
    place.fail(at: .disk(0, .readOnlyFileSystem, isLasting: true))
    place.kernel.entries = [session(8002)]
    #expect(try place.life.usage().uses.first?.ports?.first?.seen?.map(\.port) == [8001, 8002, 8004])
    place.fail(at: nil)
    place.kernel.tracked = nil
    #expect(try place.life.usage().uses.first?.ports?.first?.looks == 1)
    try adopt(64...64)
    place.kernel.fail(at: nil)
    #expect(try place.life.usage().uses.first?.ports == nil)
  }
}
