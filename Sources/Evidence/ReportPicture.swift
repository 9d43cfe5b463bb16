package import Policy
package import Reachability

/// The policy as boxes and arrows, with how far an intruder gets from each box.
package struct ReportPicture: Hashable, Sendable {
  /// A box, and what it is called when it is read aloud.
  package struct Box: Hashable, Sendable {
    package let name: String
    package let kind: Picture.Kind
    package let hosts: Int
    package let zone: String?
    package let isCrown: Bool
    package let members: [String]
    /// In ``ReportPicture/boxes``: of a dashed box those that it stands for.
    package let parts: [Int]
  }

  /// How far an intruder gets who is on a box's hosts, on one or another of those that a dashed box stands for, or in its network.
  package struct Reached: Hashable, Sendable {
    /// In ``ReportPicture/boxes``: the fewest connections to one of its hosts, by box.
    package let hops: [Int: Int]
    /// How many other hosts there are in 1 connection, 2, and so on.
    package let counts: [Int]
    package let crowns: Int
  }

  /// An arrow with what it stands for.
  package struct Arrow: Hashable, Sendable {
    package let from: Int
    package let to: Int
    package let flows: [String]
    package let services: [String]
  }

  package let boxes: [Box]
  package let arrows: [Arrow]
  /// In the order of ``boxes``; `nil` for what the policy has no name for.
  package let reached: [Reached?]
  /// Whether a box is a zone, since there are too many roles to draw.
  package let isByZone: Bool
  package let hosts: Int

  /// More boxes than these are drawn by zone.
  package static let mostBoxes = 60

  package init(_ policy: Policy, at now: Timestamp) {
    var picture = Picture(policy, at: now)
    isByZone = picture.boxes.count > Self.mostBoxes && !policy.zones.isEmpty
    if isByZone { picture = Picture(policy, at: now, byZone: true) }
    hosts = policy.hosts.count
    let places = picture.boxes.map(\.hosts)
    let graph = ReachGraph(policy, at: now, marking: places.filter { !$0.isEmpty })
    let named = picture.named(in: policy)
    let peers = Dictionary(
      policy.peers.enumerated().map { ($1.name, PeersID($0)) }, uniquingKeysWith: { first, _ in first })
    boxes = named.boxes.map {
      Box(
        name: $0.name, kind: $0.kind, hosts: $0.count,
        zone: $0.zone, isCrown: $0.isCrown, members: $0.members, parts: $0.parts)
    }
    arrows = picture.arrows.map { arrow in
      Arrow(
        from: arrow.from, to: arrow.to, flows: arrow.flows.map { policy[$0].name },
        services: Set(arrow.flows.flatMap { policy[$0].services }).sorted().map { policy[$0].name })
    }
    var boxOfHost = Array(repeating: -1, count: policy.hosts.count)
    for (box, hosts) in places.enumerated() { for host in hosts { boxOfHost[host.index] = box } }
    let areas = picture.boxes.enumerated().compactMap { box, drawn -> (box: Int, area: Area)? in
      let area: Area? =
        switch drawn.kind {
        case .hosts: graph.area(of: drawn.hosts)
        case .network: peers[drawn.name].map { graph.area(of: $0) }
        case .selection: nil
        }
      return area.flatMap { $0.isEmpty ? nil : (box, $0) }
    }
    var levels = [[[HostID]]?](repeating: nil, count: places.count)
    for (box, reach) in zip(areas.map(\.box), graph.reach(fromEach: areas.map(\.area))) {
      levels[box] = reach.hosts
    }
    for (box, drawn) in picture.boxes.enumerated() where drawn.kind == .selection {
      levels[box] = Self.nearest(drawn.parts.compactMap { levels[$0] })
    }
    var reached = [Reached?](repeating: nil, count: places.count)
    for (box, levels) in levels.enumerated() {
      guard let levels else { continue }
      var hops: [Int: Int] = [:]
      for (index, level) in levels.enumerated() {
        for host in level where boxOfHost[host.index] >= 0 && boxOfHost[host.index] != box {
          hops[boxOfHost[host.index]] = min(hops[boxOfHost[host.index]] ?? .max, index + 1)
        }
      }
      reached[box] = Reached(
        hops: hops, counts: levels.map(\.count), crowns: levels.joined().count { policy.isCrown($0) })
    }
    self.reached = reached
  }

  /// Hosts by how near they are to the nearest of several starts.
  private static func nearest(_ reaches: [[[HostID]]]) -> [[HostID]] {
    var hops: [HostID: Int] = [:]
    for levels in reaches {
      for (index, level) in levels.enumerated() {
        for host in level { hops[host] = min(hops[host] ?? .max, index) }
      }
    }
    var levels = Array(repeating: [HostID](), count: (hops.values.max() ?? -1) + 1)
    for (host, index) in hops.sorted(by: { $0.key < $1.key }) { levels[index].append(host) }
    return levels
  }
}
