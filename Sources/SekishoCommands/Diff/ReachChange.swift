internal import Operations
internal import Reachability

extension ReachChange {
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
