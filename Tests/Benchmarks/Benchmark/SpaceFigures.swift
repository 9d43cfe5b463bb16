import Addressing
import ConnectionSpace
import Foundation
import Inventory
import InventoryFiles
import Nftables
import Policy
import PolicySpace
import RulesetCompiler
import RulesetSpace

/// What it costs to know exactly which connections are possible, and what a change of that is.
struct SpaceFigures {
  let place: String
  private static let runs = 5

  func show() throws {
    section("Spaces of connections (best of \(Self.runs))")
    let path = "\(place)/fleet-10000"
    guard let policy = try Inventory.load(path).policy else { fail("\(path) is not a valid inventory") }
    for millions in [1, 3] {
      try showTuples(policy, millions * 1_000_000, limit: millions == 1 ? 0.3 : 1.2)
    }
    try showRandom()
    try showPolicy(policy)
    try showRulesets(policy)
  }

  // MARK: Rulesets

  private func showRulesets(_ policy: Policy) throws {
    let policies = HostPolicies(policy)
    let compiler = RulesetCompiler(policy, policies)
    let tables = policies.distinct.map { compiler.compile($0) }
    let largest = tables.max { elements($0) < elements($1) }
    if let largest {
      try showRuleset("the largest table, \(text(Double(elements(largest)))) elements", largest)
    }
    let all = try timed {
      let universe = Universe()
      for table in tables { _ = try RulesetSpace([table], .ingress, in: universe) }
    }
    Figure("  ingress of all \(tables.count) tables in one universe", all, "s").show()
    for count in [1_000, 10_000] {
      let rules = try (0..<count).map { number -> Rule in
        let source = Address(.ipv4, 0x0a00_0000 + UInt128(number) * 7)
        let port = UInt16(number % 50) + 1000
        return try Rule(
          [.match(.ipSaddr, .address(source)), .match(.tcpDport, .port(port)), .accept], in: .inet)
      }
      let chain = Chain(name: "input", base: BaseChain(hook: .input, policy: .drop), rules: rules)
      try showRuleset(
        "\(text(Double(count))) rules by hand",
        Table(family: .inet, name: "filter", chains: [chain], sets: []))
    }
  }

  private func elements(_ table: Table) -> Int { table.sets.reduce(0) { $0 + $1.elements.count } }

  private func showRuleset(_ name: String, _ table: Table) throws {
    waitForQuiet()
    let seconds = try best {
      let universe = Universe()
      return try timed { _ = try RulesetSpace([table], .ingress, in: universe) }
    }
    Figure("ingress of a ruleset: \(name)", seconds * 1000, "ms").show()
  }

  // MARK: Tuples one by one

  /// The allowed tuples of the fleet as single addresses and ports, as if no group were known.
  private func showTuples(_ policy: Policy, _ count: Int, limit: Double) throws {
    let tuples = Self.tuples(policy, count)
    waitForQuiet()
    var last: (Universe, ConnectionSpace)?
    let seconds = try best {
      last = nil
      let universe = Universe()
      let hosts = try policy.hosts.map { try universe.intern(AddressSet([$0.addresses[0]])) }
      return try timed {
        last = (universe, try Self.space(tuples, hosts, universe))
      }
    }
    Figure("normal form of \(text(Double(tuples.count))) tuples, one by one", seconds, "s", .atMost(limit))
      .show()
    guard let (universe, space) = last else { return }
    let hosts = try policy.hosts.map { try universe.intern(AddressSet([$0.addresses[0]])) }
    let flow = policy.flows[policy.flows.count / 2]
    let fewer = try Self.space(
      tuples.filter {
        !policy[flow.parts[0].to].hosts.contains(HostID(Int($0.destination))) || $0.source % 3 != 0
      },
      hosts, universe)
    let difference = try timed { _ = try space.subtracting(fewer) }
    Figure("  difference after one flow's tuples changed", difference * 1000, "ms", .atMost(5)).show()
    let again = try Self.space(tuples.reversed(), hosts, universe)
    let equality = timed { if again != space { fail("the normal form depends on the order") } }
    Figure("  equality", equality * 1000, "ms", .atMost(1)).show()
    guard space.volume == Volume(UInt128(tuples.count)) else { fail("the volume is \(space.volume)") }
  }

  /// Tuples that have nothing in common: the least a normal form can make use of.
  private func showRandom() throws {
    var state: UInt64 = 3
    func next() -> UInt32 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt32(truncatingIfNeeded: state >> 32)
    }
    let universe = Universe()
    var builder = SpaceBuilder(universe)
    let interning = try timed {
      for _ in 0..<1_000_000 {
        let source = try universe.intern(AddressSet(ipv4: IntervalSet(ascending: [next()])))
        let destination = try universe.intern(AddressSet(ipv4: IntervalSet(ascending: [next()])))
        let port = UInt16(truncatingIfNeeded: next())
        let kinds = try universe.intern(.ports(PortSet([port...port])), of: .tcp)
        builder.add(.ingress, .tcp, from: source, to: destination, kinds)
      }
    }
    let seconds = try timed { _ = try builder.space() }
    Figure("normal form of 1,000,000 tuples at random", seconds, "s").show()
    Figure("  making their sets known", interning, "s").show()
  }

  private struct Tuple {
    let destination: UInt32
    let source: UInt32
    let port: UInt16
  }

  /// The first tuples that the policy allows over TCP, without duplicates.
  private static func tuples(_ policy: Policy, _ count: Int) -> [Tuple] {
    var wanted = [[UInt64]](repeating: [], count: policy.hosts.count)
    for flow in policy.flows {
      let ports = flow.services.flatMap { policy[$0].terms }.flatMap { term -> [UInt16] in
        guard term.ipProtocol == .tcp, case .ports(let ports) = term.match else { return [] }
        return ports.ranges.flatMap { Array($0) }
      }
      for part in flow.parts {
        for destination in policy[part.to].hosts {
          for source in policy[part.from].hosts where source != destination {
            for port in ports { wanted[destination.index].append(UInt64(source.index) << 16 | UInt64(port)) }
          }
        }
      }
    }
    // The same share of every host's.
    let total = wanted.reduce(0) { $0 + Set($1).count }
    var result: [Tuple] = []
    for (destination, keys) in wanted.enumerated() {
      let distinct = Set(keys).sorted()
      for key in distinct.prefix(distinct.count * count / total + 1) {
        result.append(
          Tuple(
            destination: UInt32(destination), source: UInt32(key >> 16),
            port: UInt16(truncatingIfNeeded: key)))
      }
    }
    return result
  }

  private static func space(_ tuples: [Tuple], _ hosts: [AddressSetID], _ universe: Universe) throws
    -> ConnectionSpace
  {
    var ports = [KindsID?](repeating: nil, count: 65536)
    for port in Set(tuples.map(\.port)) {
      ports[Int(port)] = try universe.intern(.ports(PortSet([port...port])), of: .tcp)
    }
    var builder = SpaceBuilder(universe)
    for tuple in tuples {
      guard let port = ports[Int(tuple.port)] else { continue }
      builder.add(
        .ingress, .tcp, from: hosts[Int(tuple.source)], to: hosts[Int(tuple.destination)], port)
    }
    return try builder.space()
  }

  // MARK: A policy

  private func showPolicy(_ policy: Policy) throws {
    let policies = HostPolicies(policy)
    let now = Timestamp(seconds: 1_800_000_000)
    waitForQuiet()
    let seconds = try best {
      let universe = Universe()
      return try timed { _ = try PolicySpace(policy, policies, at: now, in: universe) }
    }
    Figure(
      "all of a policy of \(text(Double(policy.hosts.count))) hosts: both sides, end to end", seconds, "s",
      .atMost(0.3)
    ).show()
    let universe = Universe()
    let old = try PolicySpace(policy, policies, at: now, in: universe)
    var flows = policy.flows
    flows.remove(at: flows.count / 2)
    let less = Policy(
      hosts: policy.hosts, peers: policy.peers, services: policy.services, flows: flows,
      guards: policy.guards,
      zones: policy.zones)
    let lessPolicies = HostPolicies(less)
    var new = old
    let second = try timed { new = try PolicySpace(less, lessPolicies, at: now, in: universe) }
    Figure("  of the same without one flow, in the same universe", second, "s").show()
    var change: PolicyChange?
    let difference = try timed { change = try PolicyChange(from: old, to: new, \.whole) }
    Figure("  what that closes from end to end", difference * 1000, "ms", .atMost(5)).show()
    let equality = timed { if old.whole == new.whole { fail("a flow means nothing") } }
    Figure("  equality", equality * 1000, "ms", .atMost(1)).show()
    guard let change else { return }
    var pairs = 0
    let counting = try timed { pairs = try change.closed.pairs(among: old.endpoints) }
    Figure("  counting the \(text(Double(pairs))) pairs of hosts that it closes", counting * 1000, "ms")
      .show()
    let countingAll = try timed { pairs = try old.whole.pairs(among: old.endpoints) }
    try showWide(old, universe)
    try showAll(policy, old, now, universe)
    Figure("  counting all \(text(Double(pairs))) pairs", countingAll * 1000, "ms").show()
  }

  /// A flow from every host to every host beside all others: what adding it opens, for people.
  private func showWide(_ policy: PolicySpace, _ universe: Universe) throws {
    let managed = AddressSet(policy.endpoints.addresses.joined())
    let wide = try universe.space(of: [
      Rectangle(.whole, .tcp, from: managed, to: managed, .ports(PortSet([1...65535])))
    ])
    let opened = try wide.subtracting(policy.whole)
    var pieces: [Piece] = []
    let seconds = try timed { pieces = try opened.pieces(atMost: 12) }
    Figure("  one wide rule more as \(pieces.count) pieces for people", seconds * 1000, "ms").show()
    var rectangles: [Rectangle] = []
    let exactly = try timed { rectangles = try opened.rectangles() }
    Figure("  the same as \(text(Double(rectangles.count))) rectangles", exactly * 1000, "ms").show()
  }

  /// A flow from all hosts to all: every host is in the sources of its own destination, which means nothing.
  private func showAll(_ policy: Policy, _ old: PolicySpace, _ now: Timestamp, _ universe: Universe) throws {
    let all = Peers(
      name: "everybody", hosts: policy.hosts.indices.map { HostID($0) }, networks: .init(),
      addresses: AddressSet(policy.hosts.flatMap(\.addresses)))
    let here = policy.flows[0].location
    let service = Service(
      name: "everything", terms: [ServiceTerm(.tcp, .ports(PortSet([1...65535])))], multicast: .init(),
      location: here)
    let flow = Flow(
      name: "all-to-all", from: PeersID(policy.peers.count), to: PeersID(policy.peers.count),
      services: [ServiceID(policy.services.count)], why: "a mistake", owner: nil, ticket: nil, until: nil,
      location: here)
    let more = Policy(
      hosts: policy.hosts, peers: policy.peers + [all], services: policy.services + [service],
      flows: policy.flows + [flow], guards: policy.guards, zones: policy.zones)
    let new = try PolicySpace(more, HostPolicies(more), at: now, in: universe)
    var change: PolicyChange?
    let seconds = try timed { change = try PolicyChange(from: old, to: new, \.whole) }
    Figure("  what a flow from all to all opens, without each host itself", seconds * 1000, "ms").show()
    guard let change else { return }
    var pieces = 0
    let telling = try timed { pieces = try change.opened.pieces(atMost: 12).count }
    Figure("  the same as \(pieces) pieces for people", telling * 1000, "ms").show()
  }

  private func best(_ body: () throws -> Double) rethrows -> Double {
    var best = Double.infinity
    for _ in 0..<Self.runs { best = min(best, try body()) }
    return best
  }

  private func timed(_ body: () throws -> Void) rethrows -> Double {
    let clock = ContinuousClock()
    let took = try clock.measure { try body() }
    return Double(took.components.seconds) + Double(took.components.attoseconds) * 1e-18
  }
}
