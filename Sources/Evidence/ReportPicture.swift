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
  }

  /// How far an intruder gets who is on any of a box's hosts.
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
  /// In the order of ``boxes``; `nil` for what is no hosts.
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
    let names = PeerNames(policy)
    let peers = Dictionary(
      policy.peers.enumerated().map { ($1.name, PeersID($0)) }, uniquingKeysWith: { first, _ in first })
    boxes = picture.boxes.map {
      Box(
        // An end of a flow is called by what it is made of.
        name: $0.kind != .hosts && Peers.isDerived($0.name)
          ? peers[$0.name].map(names.name) ?? $0.name : $0.name, kind: $0.kind, hosts: $0.count,
        zone: $0.zone, isCrown: $0.isCrown, members: $0.members)
    }
    arrows = picture.arrows.map { arrow in
      Arrow(
        from: arrow.from, to: arrow.to, flows: arrow.flows.map { policy[$0].name },
        services: Set(arrow.flows.flatMap { policy[$0].services }).sorted().map { policy[$0].name })
    }
    var boxOfHost = Array(repeating: -1, count: policy.hosts.count)
    for (box, hosts) in places.enumerated() { for host in hosts { boxOfHost[host.index] = box } }
    let drawn = places.indices.filter { !places[$0].isEmpty }
    var reached = [Reached?](repeating: nil, count: places.count)
    let reaches = graph.reach(fromEach: drawn.map { graph.area(of: places[$0]) })
    for (box, reach) in zip(drawn, reaches) {
      var hops: [Int: Int] = [:]
      for (index, level) in reach.hosts.enumerated() {
        for host in level where boxOfHost[host.index] >= 0 && boxOfHost[host.index] != box {
          hops[boxOfHost[host.index]] = min(hops[boxOfHost[host.index]] ?? .max, index + 1)
        }
      }
      reached[box] = Reached(hops: hops, counts: reach.hosts.map(\.count), crowns: reach.crowns.count)
    }
    self.reached = reached
  }
}
