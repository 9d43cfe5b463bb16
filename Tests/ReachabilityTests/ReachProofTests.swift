import Addressing
import Policy
import PolicyFixtures
import Reachability
import Testing

/// Distances, figures and cuts on random policies, against trying every connection.
@Suite struct ReachProofTests {
  private static let now = Timestamp(seconds: 1500)

  @Test(arguments: 0..<4)
  func `distances are those of trying every connection`(part: UInt64) throws {
    for seed in part * 40..<part * 40 + 40 {
      let random = RandomPolicy(seed: seed)
      // Half of them has virtual addresses.
      let policy = seed % 2 == 0 ? random.withVirtuals(seed: seed) : random.policy
      let naive = NaiveReach(policy, random.addresses, now: Self.now)
      let pairs = naive.pairs(~0)
      let hosts = policy.hosts.indices.map { HostID($0) }
      let graph = ReachGraph(policy, at: Self.now, marking: hosts.map { [$0] })
      for start in hosts {
        let reach = graph.reach(from: graph.area(of: [start]))
        for end in hosts where end != start {
          let distance = (1...9).first { naive.isReachable([.host(start)], [.host(end)], hops: $0, pairs) }
          #expect(reach.distance(to: end) == distance, "seed \(seed)")
          let path = reach.path(to: end)
          #expect(path?.count == distance)
          #expect(path.map { $0.first?.from == .host(start) && $0.last?.to == .host(end) } ?? true)
          checkCut(graph.cut(from: graph.area(of: [start]), to: graph.area(of: [end])), start, end, naive)
        }
      }
      // Roles collapse and lose nothing.
      let figures = BlastRadius(policy, at: Self.now, hops: 3)
      let counts = (1...3).map { hops in
        hosts.map { start in
          hosts.count { $0 != start && naive.isReachable([.host(start)], [.host($0)], hops: hops, pairs) }
        }
      }
      #expect(figures.pairs == counts.map { $0.reduce(0, +) }, "seed \(seed)")
      #expect(figures.most == counts.map { $0.max() ?? 0 }, "seed \(seed)")
      let strangers = Set(naive.places.filter { $0.host == nil })
      let fromOutside = (1...3).map { hops in
        hosts.count { end in
          strangers.contains { naive.isReachable([$0], [.host(end)], hops: hops, pairs) }
        }
      }
      #expect(figures.fromOutside == fromOutside, "seed \(seed)")
    }
  }

  @Test func `nobody gets to who is in quarantine, or from there, but by those who do not refuse it`() throws
  {
    var stopped = 0
    for seed in 0..<60 as Range<UInt64> {
      let random = RandomPolicy(seed: seed)
      let policy = seed % 2 == 0 ? random.withVirtuals(seed: seed) : random.policy
      let hosts = policy.hosts.indices.map { HostID($0) }
      // One is refused by all others, and one by half of them.
      let quarantine = zip(hosts, 1...2).map { refused, share in
        RefusedHost(refused, by: hosts.filter { $0 != refused && $0.index % share == 0 })
      }
      let naive = NaiveReach(policy, random.addresses, now: Self.now, quarantine: quarantine)
      let pairs = naive.pairs(~0)
      let graph = ReachGraph(policy, at: Self.now, marking: hosts.map { [$0] }, quarantine: quarantine)
      let free = ReachGraph(policy, at: Self.now, marking: hosts.map { [$0] })
      for start in hosts {
        let reach = graph.reach(from: graph.area(of: [start]))
        let before = free.reach(from: free.area(of: [start]))
        for end in hosts where end != start {
          let distance = (1...9).first { naive.isReachable([.host(start)], [.host(end)], hops: $0, pairs) }
          #expect(reach.distance(to: end) == distance, "seed \(seed)")
          if distance == nil, before.distance(to: end) != nil { stopped += 1 }
        }
      }
    }
    #expect(stopped > 100)
  }

  private func checkCut(_ cut: Cut, _ start: HostID, _ end: HostID, _ naive: NaiveReach) {
    let isSeparate = { (removed: UInt32) in
      !naive.isReachable([.host(start)], [.host(end)], hops: .max, naive.pairs(~removed))
    }
    switch cut {
    case .separate: #expect(isSeparate(0))
    case .impossible: #expect(!isSeparate(~0))
    case .flows(let removal):
      let flows = removal.flows.reduce(UInt32(0)) { $0 | 1 << UInt32($1.index) }
      #expect(removal.isSmallest && isSeparate(flows) && !isSeparate(0))
      let all = (1 << UInt32(naive.policy.flows.count)) - 1 as UInt32
      for choice in 0...all where choice.nonzeroBitCount < flows.nonzeroBitCount {
        #expect(!isSeparate(choice))
      }
    }
  }
}

@Suite struct ReachTests {
  private static let now = Timestamp(seconds: 1_790_000_000)

  private func reach(_ name: String, _ barriers: Barriers = .enforced, and text: String = "") throws -> (
    Policy, Reach
  ) {
    let policy = try reference(and: text)
    let start = try #require(policy.hosts.firstIndex { $0.name == name })
    let graph = ReachGraph(policy, at: Self.now, barriers: barriers, marking: [[HostID(start)]])
    return (policy, graph.reach(from: graph.area(of: [HostID(start)])))
  }

  @Test func `an intruder on a web server gets to no crown jewel of the reference inventory`() throws {
    let (policy, reach) = try reach("web-1")
    #expect(
      reach.hosts.map { $0.map { policy[$0].name } } == [
        ["api-1", "api-2", "api-3", "dns-1", "dns-2", "log-1", "mirror-1", "ntp-1"],
        ["db-1", "db-2", "db-3", "egress-1", "queue-1", "queue-2"],
      ])
    #expect(reach.crowns.isEmpty)
    #expect(reach.outside.allSatisfy { $0.hops == 3 } && !reach.outside.isEmpty)
  }

  @Test func `an intruder on a worker gets to the keys in two hops`() throws {
    let (policy, reach) = try reach("worker-1")
    #expect(
      reach.crowns.map { "\(policy[$0.host].name) \($0.hops)" } == ["signer-1 1", "signer-2 1", "keys-1 2"])
    let keys = try #require(policy.hosts.firstIndex { $0.name == "keys-1" })
    #expect(
      reach.path(to: HostID(keys)).map(policy.text)
        == "worker-1 -worker-to-signer-> signer-1 -signer-to-keys-> keys-1")
  }

  @Test func `who is root goes wherever the other end lets him in`() throws {
    let more = """
      networks: {wide: {prefixes: [10.20.0.0/16]}}
      flows: {door: {from: wide, to: db, service: http, why: test}}

      """
    let (policy, reach) = try reach("log-1", and: more)
    let database = HostID(try #require(policy.hosts.firstIndex { $0.name == "db-1" }))
    #expect(reach.distance(to: database) == nil)
    let (_, asRoot) = try self.reach("log-1", .enforcedByOthers, and: more)
    #expect(asRoot.distance(to: database) == 1)
    #expect(asRoot.path(to: database)?.first?.unguarded.map { policy[$0].name } == ["log-1"])
  }

  @Test func `hosts with one role are one node`() throws {
    let graph = ReachGraph(try reference(), at: Self.now)
    #expect(graph.rolesOfHosts.count < 25)
    #expect(graph.rolesOfHosts.flatMap { $0 }.count == 31)
  }

  @Test func `the removal that helps most is the one way into the vault`() throws {
    let policy = try reference()
    let graph = ReachGraph(policy, at: Self.now)
    #expect(graph.helpfulRemovals(hops: 3).first.map { policy[$0.flow].name } == "worker-to-signer")
    let figures = BlastRadius(graph)
    #expect(figures.crowns == 4 && figures.crownsFromOutside == [0, 0, 2, 3])
    #expect(figures.endangering == [4, 6, 8, 8])
  }

  @Test func `a picture has a box for each role and end, and an arrow for each flow`() throws {
    let policy = try reference()
    let picture = Picture(policy, at: Self.now)
    #expect(Set(picture.arrows.flatMap(\.flows)).count == policy.flows.count)
    #expect(picture.boxes.filter { $0.kind == .selection }.map(\.name).contains("connected"))
    #expect(picture.boxes.filter { $0.isCrown }.map(\.name) == ["cold-1", "keys-1", "signer"])
    let zones = Picture(policy, at: Self.now, byZone: true)
    #expect(zones.boxes.filter { $0.kind == .hosts }.map(\.name) == policy.zones.map(\.name))
  }
}
