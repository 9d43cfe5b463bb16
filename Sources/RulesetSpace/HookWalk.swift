internal import Addressing
internal import ConnectionSpace
internal import Nftables

/// Sends the connections of a domain along the hooks of a host, as the client asks for them: translation moves them
/// from one hook to another, and what chains behind it see is another destination.
struct HookWalk {
  struct Result {
    var passing: Match
    var splits: Set<IPProtocol> = []
    var translated: [Translated] = []
    var masquerades: Set<RulePlace> = []
    /// Chains that were given up.
    var givenUp: Set<String> = []
    var visits: [Visit] = []
    /// What beside the rules stops some of it, or may.
    var obstacles: Set<KernelFacts.Obstacle> = []
  }

  /// What one rule led elsewhere.
  struct Translated {
    let alteration: Alteration
    /// What it may have led, and what of that surely.
    let connections: ConnectionSpace
    var sure: ConnectionSpace
    let delivery: Delivery
    /// What of it may pass on that way.
    var passing: ConnectionSpace
  }

  /// A base chain that packets met, and what decided there.
  struct Visit {
    let hook: Hook
    let table: String
    let chain: ChainName
    let policy: ChainPolicy?
    let decisions: [ChainRun.Decision]
    let alteration: Alteration
    /// Whether some of it may end up at the chain's policy.
    let reachesPolicy: Bool
  }

  private let ruleset: BaseChains
  private let domain: Domain
  private let circumstances: Circumstances
  private let isTraced: Bool
  private let givesUp: Bool
  private var dropped: ConnectionSpace
  /// What may have come through without being translated.
  private var plain: [ConnectionSpace] = []
  private var result: Result

  init(
    _ ruleset: BaseChains, _ domain: Domain, _ circumstances: Circumstances, isTraced: Bool = false,
    givesUp: Bool = false
  ) {
    self.ruleset = ruleset
    self.domain = domain
    self.circumstances = circumstances
    self.isTraced = isTraced
    self.givesUp = givesUp
    dropped = domain.empty
    result = Result(passing: domain.never)
  }

  consuming func result(_ passage: Passage) throws(NotProven) -> Result {
    let start = [Course(here: domain.all)]
    let input: LinkPlace.Link =
      circumstances.input.map { .known($0) } ?? (circumstances.notBy.isEmpty ? other : .otherInput)
    var ends: [Course] = []
    switch passage {
    case .egress:
      let loop = LinkPlace.Link.known(LinkPlace.loopback)
      var out: [Course] = []
      for (output, courses) in circumstances.isToItself ? [(loop, start)] : try departing(start) {
        out += try go(courses, .output, LinkPlace(.output, input: .none, output: output))
      }
      var outward: [Course] = []
      var back: [Course] = []
      for course in out {
        let delivery = deliver(course, usual: circumstances.isToItself ? .here : .onward)
        if delivery != .here { outward.append(course) }
        if delivery != .onward { back.append(course) }
      }
      for (output, courses) in try departing(outward) {
        ends += try go(courses, .postrouting, LinkPlace(.postrouting, input: .none, output: output))
      }
      // What is for the host itself goes over the loopback, where its destination is not asked again.
      for hook in [Hook.postrouting, .prerouting, .input] {
        let link = LinkPlace(hook, input: hook == .postrouting ? .none : loop, output: loop)
        back = try go(back, hook, link, isBound: hook != .postrouting)
      }
      ends += back
    case .ingress, .forward, .whole:
      let before = try go(start, .prerouting, LinkPlace(.prerouting, input: input, output: .none))
      var here: [Course] = []
      var onward: [Course] = []
      for course in before {
        let delivery = deliver(course, usual: passage == .ingress ? .here : .onward)
        if delivery != .onward { here.append(course) }
        if delivery != .here { onward.append(course) }
      }
      here = try withoutMartians(here)
      ends = try go(here, .input, LinkPlace(.input, input: input, output: .none))
      for (output, courses) in try departing(forwarded(onward)) {
        let through = try go(courses, .forward, LinkPlace(.forward, input: input, output: output))
        ends += try go(through, .postrouting, LinkPlace(.postrouting, input: input, output: output))
      }
    }
    // A chain that is not modelled, or called for one device, may drop.
    if ruleset.hasUnknown(passage, isToItself: circumstances.isToItself) { dropped = domain.all }
    if ruleset.mayMissNeighbours(domain.family, isToItself: circumstances.isToItself) {
      result.obstacles.insert(.arp)
      dropped = domain.all
    }
    let isAnything = ruleset.mayRewrite && (passage != .egress || circumstances.isToItself)
    var possible = isAnything ? domain.all : try domain.empty.union(ends.map(\.here))
    if circumstances.kernel.hasLegacyRules(domain.family) {
      result.obstacles.insert(.legacy)
      dropped = domain.all
      if circumstances.kernel.mayRewrite(domain.family) { possible = domain.all }
    }
    result.passing = Match(sure: try possible.subtracting(dropped), possible: possible)
    for index in result.translated.indices {
      let place = result.translated[index].alteration
      let mine = ends.filter { $0.alteration.ofDestination == place }.map(\.here)
      result.translated[index].passing = try domain.empty.union(mine)
      let others = result.translated.indices.filter { $0 != index }.map { result.translated[$0].connections }
      // Whether a socket listens is not known.
      result.translated[index].sure =
        place.isHandedOver
        ? domain.empty
        : try result.translated[index].sure.subtracting(domain.empty.union(others + plain))
    }
    return result
  }

  /// What is led on, as far as the kernel does that.
  private mutating func forwarded(_ courses: [Course]) throws(NotProven) -> [Course] {
    let setting = circumstances.kernel.forwards(domain.family)
    if setting == .on || courses.isEmpty { return courses }
    result.obstacles.insert(.forwarding)
    dropped = try dropped.union(courses.map(\.here))
    return setting == .off ? [] : courses
  }

  /// What goes in, without what comes by a link and is for the loopback: that is dropped where the route is looked for, unless
  /// `route_localnet` is set (`ip_route_input_slow`, net/ipv4/route.c).
  private mutating func withoutMartians(_ courses: [Course]) throws(NotProven) -> [Course] {
    let setting = circumstances.kernel.routesLoopback(domain.family)
    if setting == .on || circumstances.input?.name == LinkPlace.loopback.name { return courses }
    let loopback = Alteration.loopback(domain.family)
    var result: [Course] = []
    for course in courses {
      var rest = course
      var stopped = domain.empty
      var isSure = setting == .off
      switch course.alteration.destination {
      case .asked:
        // A space is about addresses that are asked for from elsewhere.
        if isTraced { stopped = try course.here.intersection(domain.space(of: Box(destinations: loopback))) }
      case .bytes, .among:
        let targets = course.alteration.targets
        if !targets.intersection(loopback).isEmpty { stopped = course.here }
        if !targets.subtracting(loopback).isEmpty { isSure = false }
      case .own, .unknown: break
      }
      if !stopped.isEmpty {
        self.result.obstacles.insert(.loopback)
        dropped = try dropped.union(stopped)
        if isSure { rest.here = try rest.here.subtracting(stopped) }
      }
      result.append(rest)
    }
    return result
  }

  /// A link that nothing is known of.
  private var other: LinkPlace.Link { circumstances.apartFrom.isEmpty ? .some : .other }

  /// Courses by the links that packets leave by. Where translation led them to, and no route says by which link that is,
  /// it may also be one of those that are looked at apart.
  private func departing(_ courses: [Course]) throws(NotProven) -> [(LinkPlace.Link, [Course])] {
    if let output = circumstances.output { return [(.known(output), courses)] }
    var result: [(link: LinkPlace.Link, courses: [Course])] = []
    func add(_ course: Course, _ link: LinkPlace.Link) {
      if course.here.isEmpty { return }
      if let place = result.firstIndex(where: { $0.link == link }) {
        result[place].courses.append(course)
      } else {
        result.append((link, [course]))
      }
    }
    for var course in courses {
      switch course.alteration.destination {
      case .asked:
        // Routes come and go: where no link is looked at apart, what is sent as it was asked for may leave by any.
        for exit in circumstances.apartFrom.isEmpty ? [] : circumstances.exits {
          var near = course
          near.here = try course.here.intersection(
            domain.space(of: Box(destinations: IntervalSet(exit.destinations.ranges(domain.family)))))
          course.here = try course.here.subtracting(near.here)
          add(near, .known(exit.link))
        }
        add(course, other)
      case .bytes(let bytes):
        let hull = IntervalSet([Alteration.hull(bytes)])
        let exit = circumstances.exits.first {
          hull.subtracting(IntervalSet($0.destinations.ranges(domain.family))).isEmpty
        }
        add(course, exit.map { .known($0.link) } ?? .some)
      case .among, .own, .unknown: add(course, .some)
      }
    }
    return result
  }

  /// Where a course goes on, and notes what was led there.
  private mutating func deliver(_ course: Course, usual: Delivery) -> Delivery {
    let delivery = course.alteration.delivery(usual, own: circumstances.ownDestinations, domain.family)
    guard course.alteration.rule != nil else {
      plain.append(course.here)
      return delivery
    }
    result.translated.append(
      Translated(
        alteration: course.alteration.ofDestination, connections: course.here, sure: course.here,
        delivery: delivery, passing: domain.empty))
    return delivery
  }

  // MARK: Hooks

  /// Sends courses through the base chains of a hook.
  private mutating func go(
    _ courses: [Course], _ hook: Hook, _ link: LinkPlace, isBound: Bool = false
  ) throws(NotProven) -> [Course] {
    var courses = courses.filter { !$0.here.isEmpty }
    for place in ruleset.places(of: hook, domain.family) {
      var next: [Course] = []
      for course in courses { next += try send(course, through: place, hook, link, isBound: isBound) }
      courses = try Course.fewer(next, in: domain)
    }
    return courses
  }

  /// Sends a course through what is called at one priority.
  private mutating func send(
    _ course: Course, through place: BaseChains.Place, _ hook: Hook, _ link: LinkPlace, isBound: Bool
  ) throws(NotProven) -> [Course] {
    var courses = [course]
    for chains in place.translating {
      var next: [Course] = []
      for course in courses {
        next +=
          asksTranslation(course, hook) && !isBound ? try send(course, through: chains, link) : [course]
      }
      courses = next
    }
    for chain in place.others {
      // Ahead of the translation it sees what was asked for: what it lets pass then may pass.
      var ahead: ConnectionSpace?
      if !place.translating.isEmpty, courses.contains(where: { $0.alteration != course.alteration }) {
        ahead = try domain.empty.union(send(course, through: chain, link).map(\.here))
      }
      var next: [Course] = []
      for course in courses {
        let behind = try send(course, through: chain, link)
        next += behind
        guard let ahead else { continue }
        var rest = course
        rest.here = try course.here.intersection(ahead).subtracting(domain.empty.union(behind.map(\.here)))
        if !rest.here.isEmpty { next.append(rest) }
      }
      courses = next
    }
    return courses
  }

  /// Sends a course through chains that translate. Of several, whichever is called first binds the
  /// connection, and which one that is no dump tells.
  private mutating func send(
    _ course: Course, through chains: [BaseChains.Called], _ link: LinkPlace
  ) throws(NotProven) -> [Course] {
    if chains.count == 1 { return try send(course, through: chains[0], link) }
    var result: [Course] = []
    var rest = course
    for chain in chains {
      var open = domain.empty
      for one in try send(course, through: chain, link) {
        if one.isTreated(as: course) {
          open = try open.union(one.here)
        } else {
          result.append(one)
        }
      }
      rest.here = try rest.here.intersection(open)
    }
    return rest.here.isEmpty ? result : result + [rest]
  }

  /// Chains that translate see the first packet of a connection alone, and no more once one of them has.
  private func asksTranslation(_ course: Course, _ hook: Hook) -> Bool {
    guard circumstances.state == .new, course.alteration.tracking != .untracked else { return false }
    return [.prerouting, .output].contains(hook) ? !course.isBound : !course.isSourceBound
  }

  private mutating func send(
    _ course: Course, through chain: BaseChains.Called, _ link: LinkPlace
  ) throws(NotProven) -> [Course] {
    // What was not led elsewhere is looked at whole: many chains then ask the same.
    let part = course.alteration == .none ? domain : domain.restricted(to: course.here)
    var run = ChainRun(
      part, chain.table, chain.base, link, circumstances, course.alteration,
      isTranslating: ruleset.isTranslating, isTraced: isTraced)
    let known = try outcome(of: chain, &run, part)
    result.splits.formUnion(run.splits)
    guard let outcome = known else {
      if chain.isJudging { dropped = try dropped.union(course.here) }
      return course.becomingAnything(behind: chain)
    }
    result.masquerades.formUnion(run.masquerades)
    var (accepted, refused) = (outcome.accepted, outcome.dropped)
    if chain.base.policy == .drop {
      refused = try refused.union(outcome.returned)
    } else {
      accepted = try accepted.union(outcome.returned)
    }
    if chain.isJudging {
      dropped = try dropped.union(refused.intersection(course.here))
    } else {
      // Its drops are told elsewhere.
      accepted = try accepted.union(refused)
    }
    if isTraced {
      result.visits.append(
        Visit(
          hook: chain.base.hook, table: chain.table.title, chain: chain.name, policy: chain.base.policy,
          decisions: run.decisions, alteration: course.alteration,
          reachesPolicy: !outcome.returned.isEmpty))
    }
    var rest = course
    rest.here = try course.here.intersection(accepted)
    var result: [Course] = []
    for (alteration, connections) in outcome.translated {
      var here = course
      (here.here, here.alteration) = (try course.here.intersection(connections), alteration)
      if !chain.isTranslating {
        // Its header is another.
        result.append(here)
      } else if [.prerouting, .output].contains(chain.base.hook) {
        result += try here.led(in: domain)
      } else {
        here.isSourceBound = true
        result.append(here)
      }
    }
    try result += rest.setApart(outcome)
    if !rest.here.isEmpty { result.append(rest) }
    return result
  }

  /// What becomes of packets in a chain; `nil` where that takes too much and may be given up: anything.
  private mutating func outcome(
    of chain: BaseChains.Called, _ run: inout ChainRun, _ part: Domain
  ) throws(NotProven) -> Outcome? {
    if !givesUp { return try run.outcome(of: chain.name) }
    do throws(NotProven) {
      return try domain.universe.sharing { () throws(NotProven) -> Outcome in
        try run.outcome(of: chain.name)
      }
    } catch {
      result.givenUp.insert("\(chain.table.title) \(chain.name)")
      return nil
    }
  }
}
