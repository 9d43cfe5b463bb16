internal import ConnectionDiff
internal import ConnectionSpace
internal import Nftables
internal import Policy
internal import Reachability

/// How much further, or less far, an intruder gets by a change.
struct ReachChange {
  /// How many connections deep is looked.
  static let hops = 3

  let old: BlastRadius
  let new: BlastRadius

  /// Compares two policies at a moment.
  init(from old: Policy, to new: Policy, at now: Timestamp) {
    self.init(
      old: BlastRadius(old, at: now, hops: Self.hops), new: BlastRadius(new, at: now, hops: Self.hops))
  }

  /// Compares what rulesets let pass.
  ///
  /// - Parameters:
  ///   - hosts: all of the fleet: how far he gets over hosts that nobody asked is not known.
  ///   - passage: what passes between them.
  ///   - crowns: the names of crown jewels.
  /// - Throws: ``ConnectionSpace/NotProven``.
  init(of hosts: [HostRulesets], _ passage: FleetPassage, crowns: Set<String>) throws(NotProven) {
    func radius(
      _ whole: ConnectionSpace, _ side: KeyPath<HostRulesets, [Table]?>
    ) throws(NotProven) -> BlastRadius {
      let there = hosts.filter { $0[keyPath: side] != nil }
      let every = try EveryReach(
        whole, hosts: there.map(\.addresses), isCrown: { crowns.contains(there[$0.index].name) },
        hops: Self.hops)
      return BlastRadius(every, crowns: there.count { crowns.contains($0.name) })
    }
    self.init(old: try radius(passage.old, \.old), new: try radius(passage.new, \.new))
  }

  init(old: BlastRadius, new: BlastRadius) {
    self.old = old
    self.new = new
  }

  /// What changes, a line a figure; hop by hop, as in `12, 30, 31 → 12, 34, 40`.
  var lines: [String] {
    var lines: [String] = []
    func add(_ what: String, _ figures: (BlastRadius) -> [Int], of total: (BlastRadius) -> Int) {
      let (before, after) = (figures(old), figures(new))
      if before == after, total(old) == total(new) { return }
      func words(_ figures: [Int], _ radius: BlastRadius) -> String {
        "\(figures.map(String.init).joined(separator: ", ")) of \(total(radius))"
      }
      lines.append("\(what): \(words(before, old)) → \(words(after, new))")
    }
    add("pairs of hosts, one within reach of the other", \.pairs) { $0.hosts * ($0.hosts - 1) }
    add("most hosts within reach of one", \.most) { max(0, $0.hosts - 1) }
    add("hosts within reach from outside", \.fromOutside, of: \.hosts)
    if old.crowns + new.crowns == 0 { return lines }
    add("hosts from which a crown jewel is within reach", \.endangering, of: \.hosts)
    add("crown jewels within reach from outside", \.crownsFromOutside, of: \.crowns)
    return lines
  }

  // MARK: - JSON

  struct JSON: Encodable {
    struct Figures: Encodable {
      let hosts: Int
      let pairs: [Int]
      let most: [Int]
      let fromOutside: [Int]
      let crowns: Int
      let endangering: [Int]
      let crownsFromOutside: [Int]

      init(_ radius: BlastRadius) {
        hosts = radius.hosts
        pairs = radius.pairs
        most = radius.most
        fromOutside = radius.fromOutside
        crowns = radius.crowns
        endangering = radius.endangering
        crownsFromOutside = radius.crownsFromOutside
      }
    }

    let hops: Int
    let old: Figures
    let new: Figures
  }

  var json: JSON { JSON(hops: Self.hops, old: JSON.Figures(old), new: JSON.Figures(new)) }
}
