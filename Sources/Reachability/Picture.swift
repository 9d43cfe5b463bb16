package import Addressing
package import Policy

/// A policy as boxes and arrows: who may connect to whom, as a person would draw it.
///
/// A box is the hosts of one role. A flow's end that is more than a few of them is a box of its own, with the name of the
/// end, so that what everybody needs is one arrow and not one from everybody.
package struct Picture: Sendable {
  package private(set) var boxes: [Box]
  package let arrows: [Arrow]

  /// What a box stands for.
  package enum Kind: Hashable, Sendable {
    case hosts
    /// An end of flows that stands for several boxes.
    case selection
    case network
  }

  /// Hosts, an end of flows, or a network.
  package struct Box: Hashable, Sendable {
    package let kind: Kind
    /// `db`, `web-1`, `internet`.
    package internal(set) var name: String
    /// How many hosts it is; 0 for networks.
    package let count: Int
    /// `nil` for networks, for hosts in none and for selections.
    package let zone: String?
    package let isCrown: Bool
    /// Names of what it takes together: the boxes of a selection, the hosts that carry a virtual address.
    package var members: [String] = []
    /// Of a box of hosts which they are, ascending.
    package var hosts: [HostID] = []
    /// In ``Picture/boxes``: of a selection the boxes whose hosts it has some of.
    package var parts: [Int] = []
    /// Of a selection whether it is not all of the end of flows that it is called by: only that was asked for.
    package var isInPart = false
  }

  /// The same with other names.
  package func renamed(_ name: (Box) -> String) -> Self {
    var picture = self
    for index in boxes.indices { picture.boxes[index].name = name(boxes[index]) }
    return picture
  }

  /// Hosts and outside addresses that one end of a flow has to have some of, to be drawn.
  package struct Filter: Sendable {
    let hosts: Set<HostID>
    let networks: AddressSet
    let virtuals: Set<VirtualID>

    /// - Parameter virtuals: peers whose virtual addresses are meant.
    package init(hosts: [HostID], networks: AddressSet, virtuals: [PeersID] = [], in policy: Policy) {
      self.hosts = Set(hosts)
      self.networks = networks
      self.virtuals = Set(virtuals.flatMap { policy[$0].virtuals })
    }

    func takes(_ peers: Peers, _ policy: Policy) -> Bool {
      !hosts.isDisjoint(with: peers.hosts) || takes(peers.networks)
        || peers.virtuals.contains { takes($0, policy) }
    }

    func takes(_ addresses: AddressSet) -> Bool { !networks.intersection(addresses).isEmpty }

    func takes(_ virtual: VirtualID, _ policy: Policy) -> Bool {
      virtuals.contains(virtual) || !hosts.isDisjoint(with: policy[virtual].carriers)
    }
  }

  /// Flows between the same two boxes.
  package struct Arrow: Hashable, Sendable {
    /// In ``Picture/boxes``.
    package let from: Int
    package let to: Int
    package let flows: [FlowID]
  }

  /// Roles that one end of a flow is drawn as at most.
  private static let few = 3

  /// - Parameters:
  ///   - now: flows that have ended then are not drawn.
  ///   - byZone: whether a zone is one box.
  ///   - from: whose flows are drawn, and to whom; `nil`: everybody's. With one of them boxes without an arrow are left out.
  package init(
    _ policy: Policy, at now: Timestamp, byZone: Bool = false, from: Filter? = nil, to: Filter? = nil
  ) {
    var drawing = Drawing(policy, now, byZone: byZone)
    for (index, flow) in policy.flows.enumerated() {
      if let until = flow.until, now >= until { continue }
      let parts = flow.parts.filter {
        from?.takes(policy[$0.from], policy) != false && to?.takes(policy[$0.to], policy) != false
      }
      drawing.draw(FlowID(index), parts, few: Self.few, from: from, to: to)
    }
    let arrows = drawing.arrows.sorted { ($0.key.from, $0.key.to) < ($1.key.from, $1.key.to) }
    let isAll = from == nil && to == nil
    let drawn = Set(arrows.flatMap { [$0.key.from, $0.key.to] })
    let shown = drawing.boxes.indices.filter { isAll || drawn.contains($0) }
    let places = Dictionary(uniqueKeysWithValues: shown.enumerated().map { ($0.element, $0.offset) })
    boxes = shown.map { index in
      var box = drawing.boxes[index]
      box.parts = box.parts.compactMap { places[$0] }
      return box
    }
    self.arrows = arrows.compactMap { ends, flows in
      guard let from = places[ends.from], let to = places[ends.to] else { return nil }
      return Arrow(from: from, to: to, flows: flows)
    }
  }
}

private struct Drawing {
  struct Ends: Hashable {
    let from: Int
    let to: Int
  }

  /// An end of flows, as one side of arrows shows it.
  private struct End: Hashable {
    let peers: PeersID
    let isTarget: Bool
  }

  private(set) var boxes: [Picture.Box] = []
  private(set) var arrows: [Ends: [FlowID]] = [:]
  private let policy: Policy
  /// By host.
  private var boxOfHost: [Int]
  private var known: [End: [Int]] = [:]
  private var selections: [Picture.Box: Int] = [:]

  init(_ policy: Policy, _ now: Timestamp, byZone: Bool) {
    self.policy = policy
    boxOfHost = Array(repeating: 0, count: policy.hosts.count)
    var parts: [[HostID]] = []
    if byZone {
      let byName = Dictionary(grouping: policy.hosts.indices.map { HostID($0) }) { policy[$0].zone }
      for zone in policy.zones.map(\.name) { if let hosts = byName[zone] { parts.append(hosts) } }
      parts += (byName[nil] ?? []).map { [$0] }
    } else {
      // Roles across zones are drawn in each.
      for role in ReachGraph(policy, at: now).rolesOfHosts {
        let byName = Dictionary(grouping: role) { policy[$0].zone ?? "" }
        parts += byName.sorted { $0.key < $1.key }.map(\.value)
      }
    }
    for hosts in parts {
      for host in hosts { boxOfHost[host.index] = boxes.count }
      let zone = policy[hosts[0]].zone
      let isZone = byZone && zone != nil
      boxes.append(
        Picture.Box(
          kind: .hosts, name: isZone ? zone ?? "" : Self.name(of: hosts, policy), count: hosts.count,
          zone: isZone ? nil : zone, isCrown: hosts.contains(where: policy.isCrown), hosts: hosts))
    }
  }

  mutating func draw(
    _ id: FlowID, _ parts: [FlowPart], few: Int, from source: Picture.Filter?, to target: Picture.Filter?
  ) {
    // Of several parts some may be one arrow.
    var drawn: Set<Ends> = []
    for part in parts {
      for from in ends(End(peers: part.from, isTarget: false), few, source) {
        // A host needs no flow to itself.
        for to in ends(End(peers: part.to, isTarget: true), few, target)
        where from != to || boxes[from].count != 1 {
          let ends = Ends(from: from, to: to)
          if drawn.insert(ends).inserted { arrows[ends, default: []].append(id) }
        }
      }
    }
  }

  /// - Parameter filter: what of the end is drawn; `nil`: all of it.
  private mutating func ends(_ end: End, _ few: Int, _ filter: Picture.Filter?) -> [Int] {
    if let known = known[end] { return known }
    let peers = policy[end.peers]
    let hosts = peers.hosts.filter { filter?.hosts.contains($0) != false }
    var result: [Int] = []
    for host in hosts where !result.contains(boxOfHost[host.index]) {
      result.append(boxOfHost[host.index])
    }
    if result.count > few {
      let members = result.map { boxes[$0].name }
      result = [
        box(
          Picture.Box(
            kind: .selection, name: peers.name, count: hosts.count, zone: nil, isCrown: false,
            members: members, parts: result, isInPart: hosts.count < peers.hosts.count))
      ]
    }
    for virtual in peers.virtuals.filter({ filter?.takes($0, policy) != false }).map({ policy[$0] }) {
      result.append(
        box(
          Picture.Box(
            kind: .selection, name: virtual.name, count: virtual.carriers.count, zone: nil, isCrown: false,
            members: virtual.carriers.map { policy[$0].name },
            parts: Set(virtual.carriers.map { boxOfHost[$0.index] }).sorted())))
    }
    for (name, addresses) in networks(of: peers) where filter?.takes(addresses) != false {
      result.append(box(Picture.Box(kind: .network, name: name, count: 0, zone: nil, isCrown: false)))
    }
    known[end] = result
    return result
  }

  /// The networks that an end is made of, by their names; where none of those are just it, the end's own.
  private func networks(of peers: Peers) -> [(name: String, addresses: AddressSet)] {
    if peers.networks.isEmpty { return [] }
    if !Peers.isDerived(peers.name), peers.hosts.isEmpty { return [(peers.name, peers.networks)] }
    let within = policy.peers.filter {
      $0.hosts.isEmpty && $0.virtuals.isEmpty && !Peers.isDerived($0.name) && !$0.networks.isEmpty
        && $0.networks.subtracting(peers.networks).isEmpty
    }
    let whole = within.filter { one in
      !within.contains {
        $0.networks != one.networks && one.networks.subtracting($0.networks).isEmpty
      }
    }
    let union = whole.reduce(AddressSet()) { $0.union($1.networks) }
    return union == peers.networks
      ? whole.map { ($0.name, $0.networks) } : [(peers.name, peers.networks)]
  }

  private mutating func box(_ box: Picture.Box) -> Int {
    if let index = selections[box] { return index }
    selections[box] = boxes.count
    boxes.append(box)
    return boxes.count - 1
  }

  /// The host, the group that is exactly these, or the first and the last.
  private static func name(of hosts: [HostID], _ policy: Policy) -> String {
    if hosts.count == 1 { return policy[hosts[0]].name }
    for name in policy[hosts[0]].groups {
      let members = policy.hosts.indices.filter { policy.hosts[$0].groups.contains(name) }
      if members == hosts.map(\.index) { return name }
    }
    if let group = policy.groups.first(where: { $0.hosts == hosts }) { return group.name }
    return "\(policy[hosts[0]].name) … \(policy[hosts[hosts.count - 1]].name)"
  }
}
