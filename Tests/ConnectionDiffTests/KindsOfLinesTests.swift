import Addressing
import ConnectionDiff
import ConnectionSpace
import Policy
import PolicyFixtures
import RulesetCompiler
import Testing

/// Every list of lines against the naive evaluator, point by point: what opens and closes, between hosts and from
/// outside, at one end alone, at gateways, and later.
@Suite struct KindsOfLinesTests {
  @Test(arguments: 0..<60) func `every change of policies is in the lines it belongs to`(seed: Int) throws {
    let (old, new) = (RandomPolicy(seed: UInt64(seed)), RandomPolicy(seed: UInt64(seed + 1)))
    let now = Timestamp(seconds: Int64(seed % 4) * 1000)
    let diff = try ConnectionDiff(from: old.policy, to: new.policy, at: now)
    let (before, after) = (Truth(old.policy, beside: new.policy), Truth(new.policy, beside: old.policy))
    let points = points(old.addresses + new.addresses, seed)
    try compare(diff, before, after, now, points, "seed \(seed)", isOfRulesets: false)
  }

  /// The hosts are the same; flows come and go.
  @Test(arguments: 0..<60) func `every change of rulesets is in the lines it belongs to`(seed: Int) throws {
    let random = RandomPolicy(seed: UInt64(seed))
    // Answers to requests to groups depend on more than the connection.
    guard random.policy.services.allSatisfy({ $0.replies == nil }) else { return }
    let old = random.policy.keepingFlows { $0.isMultiple(of: 2) || $0.isMultiple(of: 3) }
    let new = random.policy.keepingFlows { !$0.isMultiple(of: 2) || $0.isMultiple(of: 3) }
    let now = Timestamp(seconds: Int64(seed % 4) * 1000)
    let diff = try ConnectionDiff(of: hosts(from: old, to: new), compiledFrom: new, at: now)
    try compare(
      diff, Truth(old), Truth(new), now, points(random.addresses, seed), "seed \(seed)", isOfRulesets: true)
  }

  /// No policy and no line has these: they are what the lists are checked with.
  private func points(_ addresses: [Address], _ seed: Int) -> [Connection] {
    var random = SeededGenerator(seed: UInt64(seed) &+ 9_000_000)
    let addresses = Set(addresses).sorted()
    return (0..<300).compactMap { _ in
      guard let from = addresses.randomElement(using: &random),
        let to = addresses.filter({ $0.family == from.family }).randomElement(using: &random), from != to,
        let ipProtocol = IPProtocol.withPorts.randomElement(using: &random),
        let port = RandomPolicy.ports.randomElement(using: &random)
      else { return nil }
      return Connection(from: from, to: to, ipProtocol, .ports(source: 40_000, destination: port))
    }
  }

  private func compare(
    _ diff: ConnectionDiff, _ old: Truth, _ new: Truth, _ now: Timestamp, _ points: [Connection],
    _ label: String, isOfRulesets: Bool
  ) throws {
    let left = Set(diff.forwarding.map(\.host))
    let moments = Set((old.policy.flows + new.policy.flows).compactMap(\.until)).filter { $0 > now }
    for connection in points {
      // A host that filters what passes through on one side alone is told as such.
      if !left.isEmpty, new.host(connection.source) == nil, new.host(connection.destination) == nil {
        continue
      }
      if old.isSelf(connection) || new.isSelf(connection) { continue }
      let comes = new.isManaged(connection) && !old.isManaged(connection, likeIn: new)
      let goes = old.isManaged(connection) && !new.isManaged(connection, likeIn: old)
      // The oracle is slow: each question is asked once.
      let passes = ([now] + moments).reduce(into: [Timestamp: (old: Bool, new: Bool)]()) {
        $0[$1] = (old.whole(connection, $1), new.whole(connection, $1))
      }
      func opens(_ moment: Timestamp) -> Bool {
        passes[moment].map { $0.new && (comes || !$0.old) } ?? false
      }
      func closes(_ moment: Timestamp) -> Bool {
        passes[moment].map { $0.old && (goes || !$0.new) } ?? false
      }
      let (before, after) = (passes[now]?.old ?? false, passes[now]?.new ?? false)
      let halfBefore = !before && old.isAllowedAtAnEnd(connection, now)
      let halfAfter = !after && new.isAllowedAtAnEnd(connection, now)
      func forwards(_ one: Truth, over other: Truth) -> Bool {
        one.policy.hosts.contains { host in
          !left.contains(host.name) && one.forwards(connection, host.name, now)
            && !other.forwards(connection, host.name, now)
        }
      }
      expect(diff.opened, connection, opens(now), new, "\(label): opened")
      expect(diff.closed, connection, closes(now), old, "\(label): closed")
      expect(diff.halfOpened, connection, halfAfter && !halfBefore && !before, new, "\(label): half opened")
      expect(diff.halfClosed, connection, halfBefore && !halfAfter && !after, old, "\(label): half closed")
      expect(
        diff.forwardOpened, connection, forwards(new, over: old) && !opens(now), new, "\(label): forwarded")
      expect(
        diff.forwardClosed, connection, forwards(old, over: new) && !closes(now), old,
        "\(label): no longer forwarded")
      if isOfRulesets { continue }
      let opensLater = !opens(now) && moments.contains(where: opens)
      let closesLater = !closes(now) && moments.contains(where: closes)
      expect(diff.laterOpened, connection, opensLater, new, "\(label): opened later")
      expect(diff.laterClosed, connection, closesLater, old, "\(label): closed later")
    }
  }

  private func expect(
    _ lines: [ConnectionLine], _ connection: Connection, _ isMeant: Bool, _ side: Truth, _ label: String
  ) {
    let covering = lines.filter { $0.covers(connection, side) }
    if isMeant {
      #expect(!covering.isEmpty, "\(label): \(connection) is in no line")
    } else if let line = covering.first(where: \.isExact) {
      Issue.record("\(label): \(connection) is not meant, but \(line) says so")
    }
  }

  private func hosts(from old: Policy, to new: Policy) -> [HostRulesets] {
    let tables = [old, new].map(\.compiledTables)
    return new.hosts.enumerated().map { index, host in
      var routes: [AreaPair]?
      if case .gateway(let all) = host.forwarding {
        routes = all.map { AreaPair(new[$0.one].addresses, new[$0.other].addresses) }
      }
      return HostRulesets(
        name: host.name, addresses: host.addresses, old: [tables[0][index]], new: [tables[1][index]],
        routes: routes, flows: [])
    }
  }
}

/// What a policy says of a connection as a whole, by asking the oracle everywhere.
private struct Truth {
  let policy: Policy
  /// Says as well what routes gateways have: a network does not change with a declaration.
  private let other: Policy?
  private let oracle: Oracle
  private let owners: [Address: Int]
  private let sourcePorts: [UInt16]

  init(_ policy: Policy, beside other: Policy? = nil) {
    self.policy = policy
    self.other = other
    let isAnswered = policy.services.contains { $0.replies != nil }
    sourcePorts = [40_000] + (isAnswered ? RandomPolicy.ports : [])
    oracle = Oracle(policy)
    owners = policy.hosts.enumerated().reduce(into: [:]) { result, entry in
      for address in entry.element.addresses { result[address] = entry.offset }
    }
  }

  func host(_ address: Address) -> Int? { owners[address] }

  func isManaged(_ connection: Connection) -> Bool {
    host(connection.source) != nil || host(connection.destination) != nil
  }

  /// Whether each end that is a host's there is one here.
  func isManaged(_ connection: Connection, likeIn other: Truth) -> Bool {
    [connection.source, connection.destination].allSatisfy { host($0) != nil || other.host($0) == nil }
  }

  func isSelf(_ connection: Connection) -> Bool {
    host(connection.source) != nil && host(connection.source) == host(connection.destination)
  }

  /// Whether one host says yes, from some source port: answers to requests to groups come from those of a service.
  private func says(_ host: Int, _ direction: Direction, _ connection: Connection, _ now: Timestamp) -> Bool {
    guard case .ports(_, let destination) = connection.kind else { return false }
    return sourcePorts.contains { source in
      let asked = Connection(
        from: connection.source, to: connection.destination, connection.ipProtocol,
        .ports(source: source, destination: destination))
      if case .allowed = oracle.judge(asked, at: HostID(host), direction, now: now) { return true }
      return false
    }
  }

  func forwards(_ connection: Connection, _ name: String, _ now: Timestamp) -> Bool {
    guard let index = policy.hosts.firstIndex(where: { $0.name == name }),
      case .gateway = policy.hosts[index].forwarding
    else { return false }
    return says(index, .forward, connection, now)
  }

  /// Whether it passes from end to end.
  func whole(_ connection: Connection, _ now: Timestamp) -> Bool {
    let (source, destination) = (host(connection.source), host(connection.destination))
    if let source, !says(source, .egress, connection, now) { return false }
    if let destination, !says(destination, .ingress, connection, now) { return false }
    let crossed = policy.hosts.indices.filter { number in
      if number == source || number == destination { return false }
      return [policy, other].compactMap { $0 }.contains { side in
        side.areas(ofHost: policy.hosts[number].name)?.contains {
          $0.joins(connection.source, connection.destination)
        } == true
      }
    }
    if source == nil, destination == nil, crossed.isEmpty { return false }
    return crossed.isEmpty
      || crossed.contains {
        !policy.hosts[$0].forwarding.filtersPassage || says($0, .forward, connection, now)
      }
  }

  /// Whether an end allows it that decides.
  func isAllowedAtAnEnd(_ connection: Connection, _ now: Timestamp) -> Bool {
    if let source = host(connection.source), says(source, .egress, connection, now) { return true }
    if let destination = host(connection.destination), says(destination, .ingress, connection, now) {
      return true
    }
    return false
  }
}

extension ConnectionLine {
  /// Exceptions are counted, not named, and of a host's many addresses a line may name some.
  fileprivate var isExact: Bool {
    exceptions.isEmpty && !from.name.contains("(") && !to.name.contains("(")
  }

  fileprivate func covers(_ connection: Connection, _ side: Truth) -> Bool {
    func holds(_ end: LineEnd, _ address: Address) -> Bool {
      if let host = side.host(address) { return end.hosts.contains(side.policy.hosts[host].name) }
      return end.outside.contains(address)
    }
    guard case .ports(_, let port) = connection.kind else { return false }
    return families.contains(connection.family) && holds(from, connection.source)
      && holds(to, connection.destination)
      && terms.contains { term in
        guard term.ipProtocol == connection.ipProtocol else { return false }
        return switch term.kinds {
        case .any: true
        case .ports(let ports): ports.contains(port)
        case .types: false
        }
      }
  }
}

extension Policy {
  fileprivate func keepingFlows(_ isKept: (Int) -> Bool) -> Policy {
    Policy(
      hosts: hosts, peers: peers, services: services,
      flows: flows.enumerated().filter { isKept($0.offset) }.map(\.element), guards: guards, zones: zones)
  }
}
