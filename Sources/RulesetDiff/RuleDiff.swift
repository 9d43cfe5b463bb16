internal import Nftables

/// Which rules of a chain stay, go and come.
struct RuleDiff {
  /// Handles of the rules that go.
  private(set) var deleted: [UInt64] = []
  /// Rules that come, in the order in which they are inserted.
  private(set) var added: [(rule: Rule, position: RulePosition)] = []

  /// - Parameter mustGo: rules that cannot stay although they look alike, because a set they refer
  ///   to is replaced.
  init(from old: [Rule], _ states: [RuleState], to new: [Rule], mustGo: (Rule) -> Bool) {
    let kept = Self.keptPairs(old, new, mustGo)
    let stays = Set(kept.map(\.old))
    deleted = old.indices.filter { !stays.contains($0) }.map { states[$0].handle }

    // A new rule goes before the next rule that stays, so that kept rules never move.
    var next = kept[...]
    for (index, rule) in new.enumerated() {
      if let pair = next.first, pair.new == index {
        next.removeFirst()
        continue
      }
      let position = next.first.map { RulePosition.before(handle: states[$0.old].handle) } ?? .last
      added.append((rule, position))
    }
  }

  /// Pairs of equal rules in ascending order on both sides: the longest such list.
  ///
  /// Equal rules are paired by occurrence first, which leaves a permutation, whose longest ascending
  /// subsequence is found in n log n.
  private static func keptPairs(_ old: [Rule], _ new: [Rule], _ mustGo: (Rule) -> Bool) -> [(
    old: Int, new: Int
  )] {
    if old == new, !old.contains(where: mustGo) { return old.indices.map { ($0, $0) } }
    var waiting: [Rule: [Int]] = [:]
    for (index, rule) in old.enumerated().reversed() where !mustGo(rule) {
      waiting[rule, default: []].append(index)
    }
    var pairs: [(old: Int, new: Int)] = []
    for (index, rule) in new.enumerated() {
      if let match = waiting[rule]?.popLast() { pairs.append((match, index)) }
    }

    var tails: [Int] = []  // tails[n]: the pair that ends an ascending list of n + 1 pairs lowest
    var previous = [Int?](repeating: nil, count: pairs.count)
    for (index, pair) in pairs.enumerated() {
      var low = 0
      var high = tails.count
      while low < high {
        let middle = (low + high) / 2
        if pairs[tails[middle]].old < pair.old { low = middle + 1 } else { high = middle }
      }
      previous[index] = low > 0 ? tails[low - 1] : nil
      if low == tails.count { tails.append(index) } else { tails[low] = index }
    }
    var result: [(old: Int, new: Int)] = []
    var at = tails.last
    while let index = at {
      result.append(pairs[index])
      at = previous[index]
    }
    return result.reversed()
  }
}
