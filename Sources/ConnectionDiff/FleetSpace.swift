internal import Addressing
internal import ConnectionSpace
internal import Nftables
internal import Policy
internal import PolicySpace
internal import RulesetShape
internal import RulesetSpace

/// What some hosts' rulesets let pass, between two bounds.
struct FleetSpace {
  /// One bound: at each end, through gateways, and from end to end as far as these hosts decide.
  struct Bound {
    /// The addresses of the hosts, virtual ones among them.
    let judging: AddressSet
    let sides: ConnectionSpace
    /// By host, as ``ConnectionSpace/Passage/whole``.
    let forwarded: [String: ConnectionSpace]
    let whole: ConnectionSpace

    /// - Parameter ends: the sides by which it is told what passes from end to end; `nil`: no others.
    fileprivate init(
      _ judging: AddressSet, _ sides: ConnectionSpace, _ gateways: [(host: String, gateway: Gateway)],
      joining ends: ConnectionSpace? = nil
    ) throws(NotProven) {
      self.judging = judging
      self.sides = sides
      forwarded = Dictionary(
        uniqueKeysWithValues: gateways.map {
          ($0.host, $0.gateway.forwarded.moved(from: .forward, to: .whole))
        })
      whole = try (ends ?? sides).endToEnd(judging: judging, through: gateways.map(\.gateway))
    }
  }

  /// Surely passes.
  let lower: Bound
  /// May pass.
  let upper: Bound

  /// A host with the tables that are looked at.
  typealias Member = (host: HostRulesets, tables: [Table])

  /// - Parameter groups: see ``Parts``.
  /// - Parameter enforcing: whether what is only observed counts as denied.
  /// - Throws: ``NotProven`` when the universe's budget is spent.
  init(_ members: [Member], groups: ConnectionSpace, at now: Timestamp, enforcing: Bool = true)
    throws(NotProven)
  {
    try self.init(Parts(members, groups: groups, at: now, enforcing: enforcing), but: [:], as: nil)
  }

  /// - Parameters:
  ///   - alone: the addresses of hosts that leave a direction alone here: these let pass what they do on the other side of a
  ///     change, and whatever another host judges, which says what comes of it.
  ///   - other: the other side of the change.
  /// - Throws: ``NotProven`` when the universe's budget is spent.
  init(_ parts: Parts, but alone: [Direction: AddressSet], as other: Parts?) throws(NotProven) {
    func bound(_ side: KeyPath<Parts, Parts.Side>) throws(NotProven) -> Bound {
      let own = parts[keyPath: side]
      guard let other = other?[keyPath: side], !alone.isEmpty else {
        return try Bound(parts.judging, own.space, own.gateways)
      }
      var (sides, ends) = (own.space, own.space)
      for (direction, addresses) in alone {
        let left = try own.space.part(direction, of: addresses)
        let judged = try other.space.part(direction, of: addresses)
        sides = try sides.subtracting(left).union(judged)
        let facing = parts.judged[direction == .egress ? .ingress : .egress] ?? AddressSet()
        let faced = try direction == .egress ? left.restricted(to: facing) : left.restricted(from: facing)
        ends = try ends.subtracting(left).union(judged).union(faced)
      }
      return try Bound(parts.judging, sides, own.gateways, joining: ends)
    }
    lower = try bound(\.lower)
    upper = try bound(\.upper)
  }
}

extension FleetSpace {
  /// What each of some hosts lets pass for itself.
  struct Parts {
    typealias Side = (space: ConnectionSpace, gateways: [(host: String, gateway: Gateway)])

    let judging: AddressSet
    /// The addresses of hosts that do not leave a direction alone.
    let judged: [Direction: AddressSet]
    let lower: Side
    let upper: Side

    /// - Parameters:
    ///   - groups: what is looked at that goes to multicast groups, as ``ConnectionSpace/Passage/ingress``:
    ///     a host takes any service from a group, which means nothing where nobody sends it.
    ///   - enforcing: whether what is only observed counts as denied.
    /// - Throws: ``NotProven`` when the universe's budget is spent.
    init(_ members: [Member], groups: ConnectionSpace, at now: Timestamp, enforcing: Bool = true)
      throws(NotProven)
    {
      let universe = groups.universe
      var sides = (lower: universe.empty, upper: universe.empty)
      typealias Gateways = [(host: String, gateway: Gateway)]
      var gateways: (lower: Gateways, upper: Gateways) = ([], [])
      for (tables, others, hosts) in members.byWay {
        let addresses = AddressSet(hosts.flatMap(\.addresses))
        let carried = AddressSet(hosts.flatMap(\.carried))
        let asked = addresses.union(AddressSet(hosts.flatMap(\.stray)))
        // What one of several hosts does not believe it gets from itself, or would send itself, the others do.
        let bridges = tables.bridgeNames
        var arriving = Circumstances(ownAddresses: asked, atSecond: now.seconds, apartFrom: bridges)
        var leaving = arriving
        if hosts.count > 1 { (arriving.ownSources, leaving.ownDestinations) = (AddressSet(), AddressSet()) }
        leaving.ownSources = addresses.union(carried)
        let tables = enforcing ? tables.map(\.enforcing) : tables
        let into = try RulesetSpace(tables, beside: others, .ingress, arriving, in: universe)
        let out = try RulesetSpace(tables, beside: others, .egress, leaving, in: universe)
        sides.lower = try sides.lower.union(into.lower.restricted(to: asked))
          .union(into.lower.intersection(groups)).union(out.lower.restricted(from: addresses.union(carried)))
        sides.upper = try sides.upper.union(into.upper.restricted(to: asked))
          .union(into.upper.intersection(groups)).union(out.upper.restricted(from: addresses.union(carried)))
        for host in hosts where !host.carried.isEmpty {
          // A virtual address at the other end is one that another host carries.
          let virtual = AddressSet(host.carried)
          var here = Circumstances(
            ownAddresses: AddressSet(host.addresses), atSecond: now.seconds, apartFrom: bridges)
          here.ownDestinations = virtual.union(AddressSet(host.addresses))
          let into = try RulesetSpace(tables, beside: others, .ingress, here, in: universe)
          sides.lower = try sides.lower.union(into.lower.restricted(to: virtual))
          sides.upper = try sides.upper.union(into.upper.restricted(to: virtual))
        }
        for host in hosts where host.mayForward {
          let here = Circumstances(
            ownAddresses: AddressSet(host.addresses), atSecond: now.seconds, apartFrom: bridges)
          let through = try RulesetSpace(tables, beside: others, .forward, here, in: universe)
          gateways.lower.append((host.name, Gateway(host, through.lower)))
          gateways.upper.append((host.name, Gateway(host, through.upper)))
        }
      }
      func addresses(where isMeant: (Member) -> Bool) -> AddressSet {
        AddressSet(members.filter(isMeant).flatMap { $0.host.addresses + $0.host.carried + $0.host.stray })
      }
      judging = addresses { _ in true }
      judged = Dictionary(
        uniqueKeysWithValues: [Direction.ingress, .egress].map { direction in
          (direction, addresses { $0.tables.leave(direction) != true })
        })
      lower = (sides.lower, gateways.lower)
      upper = (sides.upper, gateways.upper)
    }
  }
}

extension ConnectionSpace {
  /// What is judged at some hosts in a direction.
  fileprivate func part(_ direction: Direction, of hosts: AddressSet) throws(NotProven) -> ConnectionSpace {
    direction == .egress
      ? try restricted { $0.passage == .egress }.restricted(from: hosts)
      : try restricted { $0.passage == .ingress }.restricted(to: hosts)
  }
}

extension [FleetSpace.Member] {
  /// Hosts with equal tables together, in the order of the first of each.
  var byTables: [(tables: [Table], hosts: [HostRulesets])] {
    var places: [[Table]: Int] = [:]
    // Those of hosts with one ruleset are one array: to hash it whole for each of ten thousand hosts would cost
    // more than everything that is asked of it.
    var known: [UInt: Int] = [:]
    var result: [(tables: [Table], hosts: [HostRulesets])] = []
    for (host, tables) in self {
      let memory = unsafe tables.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) }
      let place = known[memory] ?? places[tables] ?? result.count
      known[memory] = place
      if place == result.count {
        places[tables] = place
        result.append((tables, []))
      }
      result[place].hosts.append(host)
    }
    return result
  }
}

extension [FleetSpace.Member] {
  /// Hosts with equal tables and equal translation together: the latter may stand in tables that stay as they are.
  fileprivate var byWay: [(tables: [Table], others: [Table], hosts: [HostRulesets])] {
    byTables.flatMap { tables, hosts -> [(tables: [Table], others: [Table], hosts: [HostRulesets])] in
      var result: [(tables: [Table], others: [Table], hosts: [HostRulesets])] = []
      for host in hosts {
        let others = host.staying.filter { $0.translates && !tables.contains($0) }
        if let place = result.firstIndex(where: { $0.others == others }) {
          result[place].hosts.append(host)
        } else {
          result.append((tables, others, [host]))
        }
      }
      return result
    }
  }
}

extension Table {
  /// Whether a chain of it may lead packets elsewhere.
  fileprivate var translates: Bool {
    chains.contains { $0.base?.type == "nat" && !$0.rules.isEmpty }
  }
}

extension Gateway {
  fileprivate init(_ host: HostRulesets, _ forwarded: ConnectionSpace) {
    self.init(
      addresses: AddressSet(host.addresses + host.stray), joining: host.routes, forwarded: forwarded)
  }
}

extension HostRulesets {
  /// Whether anything is known to pass through the host: it is a gateway, or filters what passes through on either side,
  /// and not for its containers alone: those are its own.
  /// On a side where it does not, everything passes.
  fileprivate var mayForward: Bool {
    let tables = (old ?? []) + (new ?? []) + staying + elsewhere
    return routes != nil
      || tables.contains { !$0.judgesContainers && $0.chains.contains { $0.base?.hook == .forward } }
  }
}
