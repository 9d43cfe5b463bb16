import Addressing
import Diagnostics
import Policy
import PolicyFixtures
import Reachability
import Testing

/// Guards on random policies, judged by trying every connection.
@Suite struct GuardProofTests {
  private static let now = Timestamp(seconds: 1500)
  private static let guardsEach = 14

  /// A policy with hosts that observe and guards of every kind.
  private static func policy(seed: UInt64) -> (random: RandomPolicy, policy: Policy) {
    let random = RandomPolicy(seed: seed)
    var generator = SeededGenerator(seed: seed ^ 0x5eed)
    var hosts = random.policy.hosts
    if generator.oneIn(3) {
      for index in hosts.indices where generator.oneIn(3) {
        hosts[index] = hosts[index].observing(&generator)
      }
    }
    let guards = (random.policy.peers.isEmpty ? 0..<0 : 0..<guardsEach).map { number in
      Guard(
        name: "g\(number)", statement: statement(random.policy, &generator),
        location: SourceLocation(file: "guards.yaml", line: number + 1, column: 1))
    }
    let policy = random.policy
    return (
      random,
      Policy(
        hosts: hosts, peers: policy.peers, services: policy.services, flows: policy.flows, guards: guards,
        zones: [])
    )
  }

  private static func statement(_ policy: Policy, _ random: inout SeededGenerator) -> GuardStatement {
    func peers() -> PeersID { PeersID(Int.random(in: policy.peers.indices, using: &random)) }
    func service() -> ServiceID { ServiceID(Int.random(in: policy.services.indices, using: &random)) }
    switch Int.random(in: 0..<8, using: &random) {
    case 0, 1, 2:
      return .never(
        from: peers(), to: peers(), service: random.oneIn(3) ? service() : nil,
        hops: Int.random(in: 1...4, using: &random))
    case 3:
      return .only(from: peers(), to: peers(), service: random.oneIn(2) ? service() : nil)
    case 4:
      return random.oneIn(2)
        ? .only(from: peers(), to: nil, service: service())
        : .only(from: nil, to: peers(), service: service())
    case 5: return .expect(from: peers(), to: peers(), service: service(), allowed: random.oneIn(2))
    case 6: return .isolated(peers())
    default: return .through(from: peers(), to: peers(), via: peers())
    }
  }

  @Test(arguments: 0..<8)
  func `guards break exactly when trying every connection breaks them`(part: UInt64) throws {
    for seed in part * 32..<part * 32 + 32 {
      let (random, policy) = Self.policy(seed: seed)
      if policy.peers.isEmpty { continue }
      let naive = NaiveReach(policy, random.addresses, now: Self.now)
      let broken = Dictionary(
        uniqueKeysWithValues: GuardChecker(policy, at: Self.now).broken().map { ($0.index, $0) })
      for (index, statement) in policy.guards.map(\.statement).enumerated() {
        let truth = naive.breaks(statement, ~0)
        #expect((broken[index] != nil) == truth, "seed \(seed): \(statement)")
        guard let found = broken[index], truth else { continue }
        let isHeldBack = !naive.breaks(statement, ~0, observing: false)
        #expect(found.holdsWhenEnforced == isHeldBack, "seed \(seed): \(statement)")
        check(found, statement, naive, "seed \(seed): \(statement): \(found)")
      }
    }
  }

  private func check(_ found: BrokenGuard, _ statement: GuardStatement, _ naive: NaiveReach, _ what: Comment)
  {
    switch found.breach {
    case .path(let steps):
      let isPath = naive.walks(steps, statement)
      #expect(isPath, what)
    case .touched, .unenforced, .missing: break
    }
    switch found.remedy {
    case .allow: break
    case .enforce:
      let isStillBroken = naive.breaks(statement, 0)
      #expect(isStillBroken, what)
    case .remove(let removal):
      let flows = removal.flows.reduce(UInt32(0)) { $0 | 1 << UInt32($1.index) }
      let isMended = !naive.breaks(statement, ~flows)
      #expect(isMended, what)
      guard removal.isSmallest, flows.nonzeroBitCount > 1 else { return }
      let all = (1 << UInt32(naive.policy.flows.count)) - 1 as UInt32
      for choice in 0...all where choice.nonzeroBitCount < flows.nonzeroBitCount {
        let isNotEnough = naive.breaks(statement, ~choice)
        #expect(isNotEnough, "\(choice): \(what)")
      }
    }
  }

  @Test func `small choices are found, not bounded`() {
    var counts = (smallest: 0, other: 0)
    for seed in 0..<300 as Range<UInt64> {
      let (_, policy) = Self.policy(seed: seed)
      if policy.peers.isEmpty { continue }
      for found in GuardChecker(policy, at: Self.now).broken() {
        guard case .remove(let removal) = found.remedy else { continue }
        if removal.isSmallest { counts.smallest += 1 } else { counts.other += 1 }
      }
    }
    #expect(counts.smallest > 1000)
    #expect(counts.other == 0)
  }
}

extension NaiveReach {
  /// Whether a guard breaks when only some flows are there.
  func breaks(_ statement: GuardStatement, _ flows: UInt32, observing: Bool = true) -> Bool {
    switch statement {
    case .never(let from, let to, let service, let hops):
      return isReachable(
        members(from), members(to), hops: hops, pairs(flows, observing: observing),
        last: service.map { pairs(flows, service: policy[$0], observing: observing) })
    case .only(let from, let to, let service):
      let pairs = pairs(flows, service: service.map { policy[$0] }, observing: observing)
      return pairs.contains { source, targets in
        if let from {
          return !members(from).contains(source)
            && targets.contains { target in to.map { members($0).contains(target) } ?? true }
        }
        return targets.contains { target in to.map { !members($0).contains(target) } ?? false }
      }
    case .expect(let from, let to, let service, let allowed):
      if allowed {
        let isIn = { (id: PeersID) in places.filter { members(id).contains($0) } }
        return !allows(isIn(from), isIn(to), policy[service], flows)
      }
      return isReachable(
        members(from), members(to), hops: 1, pairs(flows, service: policy[service], observing: observing))
    case .isolated(let peers):
      let strangers = members(peers).filter { $0.host == nil }
      for host in policy[peers].hosts where observing {
        if policy[host].modes.ingress != .enforce || policy[host].modes.egress != .enforce { return true }
      }
      return policy.flows.enumerated().contains { index, flow in
        if flows & 1 << UInt32(index) == 0 { return false }
        if let until = flow.until, until <= Timestamp(seconds: 1500) { return false }
        return flow.parts.flatMap { [($0.from, $0.to), ($0.to, $0.from)] }.contains { end, other in
          policy[peers].hosts.contains { host in
            policy[end].hosts.contains(host)
              && !(policy[other].hosts == [host] && policy[other].networks.isEmpty)
          } || !strangers.isDisjoint(with: members(end))
        }
      }
    case .through(let from, let to, let via):
      return isReachable(
        members(from).subtracting(members(via)), members(to).subtracting(members(via)), hops: .max,
        pairs(flows, avoiding: Set(policy[via].hosts), observing: observing), closed: members(via))
    }
  }

  /// Whether each step is possible by its flows alone, and the whole is what the guard forbids.
  func walks(_ steps: [PathStep], _ statement: GuardStatement) -> Bool {
    guard let first = steps.first, let last = steps.last else { return false }
    let (start, end) = (place(first.from), place(last.to))
    var service: ServiceID?
    switch statement {
    case .never(let from, let to, let wanted, let hops):
      service = wanted
      guard !start.isDisjoint(with: members(from)), !end.isDisjoint(with: members(to)), steps.count <= hops
      else { return false }
    case .only(let from, let to, let wanted):
      service = wanted
      if let from, !start.isDisjoint(with: members(from)) { return false }
      if let from, let to, !start.isDisjoint(with: members(from)) || end.isDisjoint(with: members(to)) {
        return false
      }
      if from == nil, let to, !end.isDisjoint(with: members(to)) { return false }
    case .expect(let from, let to, let wanted, _):
      service = wanted
      guard !start.isDisjoint(with: members(from)), !end.isDisjoint(with: members(to)) else { return false }
    case .through(let from, let to, let via):
      guard !start.isDisjoint(with: members(from)), !end.isDisjoint(with: members(to)) else { return false }
      for step in steps where !place(step.from).union(place(step.to)).isDisjoint(with: members(via)) {
        return false
      }
    case .isolated: return false
    }
    for (index, step) in steps.enumerated() {
      let flows = step.flows.reduce(UInt32(0)) { $0 | 1 << UInt32($1.index) }
      let wanted = index == steps.count - 1 ? service.map { policy[$0] } : nil
      let pairs = pairs(flows, service: wanted)
      let isPossible = place(step.from).contains { from in
        pairs[from]?.contains { place(step.to).contains($0) } ?? false
      }
      if !isPossible { return false }
      if index > 0, place(step.from) != place(steps[index - 1].to) { return false }
      if index > 0, place(step.from).contains(where: { $0.host == nil }) { return false }
    }
    return first.from != last.to || start.contains { $0.host == nil }
  }

  /// The place of a position; of an address outside, those that stand for it.
  private func place(_ position: Position) -> Set<NaivePlace> {
    switch position {
    case .host(let host): return [.host(host)]
    case .outside(let address, _):
      return Set(
        places.filter { place in
          guard case .outside(let other) = place, other.family == address.family else { return false }
          return policy.peers.allSatisfy {
            $0.networks.contains(other) == $0.networks.contains(address)
          }
        })
    }
  }
}

extension Host {
  fileprivate func observing(_ random: inout SeededGenerator) -> Host {
    func mode(_ lax: [Mode]) -> Mode {
      random.oneIn(2) ? lax.randomElement(using: &random) ?? .observe : .enforce
    }
    return with(
      modes: Modes(
        ingress: mode([.observe, .leave]), egress: mode([.observe, .leave]), forward: mode([.observe])))
  }
}
