/// "Did you mean": the nearest of the names that exist.
public enum Suggestion {
  /// The candidate with the fewest changed, added, dropped or swapped letters, if they are few; the
  /// first in order of bytes among equals.
  ///
  /// One change is allowed in a name of up to four letters, two in a longer one.
  public static func nearest(to name: String, among candidates: some Sequence<String>) -> String? {
    let wanted = Array(name.utf8.prefix(80))
    var best: (distance: Int, name: String)?
    for candidate in candidates where candidate != name {
      let limit = min(wanted.count <= 4 ? 1 : 2, best?.distance ?? .max)
      guard abs(candidate.utf8.count - wanted.count) <= limit else { continue }
      let distance = editDistance(wanted, Array(candidate.utf8), limit: limit)
      guard distance <= limit else { continue }
      if let known = best, known.distance == distance, known.name <= candidate { continue }
      best = (distance, candidate)
    }
    return best?.name
  }

  /// What a word was meant to be: the one candidate that it is the beginning of, of three letters at least, or else the nearest.
  public static func meant(by name: String, among candidates: [String]) -> String? {
    let whole = name.utf8.count < 3 ? [] : candidates.filter { $0 != name && $0.hasPrefix(name) }
    return whole.count == 1 ? whole[0] : nearest(to: name, among: candidates)
  }

  /// Optimal string alignment distance; anything above `limit` comes back as `limit + 1`.
  private static func editDistance(_ a: [UInt8], _ b: [UInt8], limit: Int) -> Int {
    var beforeLast = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    for i in 1..<(a.count + 1) {
      var row = [Int](repeating: i, count: b.count + 1)
      for j in 1..<(b.count + 1) {
        let cost = a[i - 1] == b[j - 1] ? 0 : 1
        row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + cost)
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
          row[j] = min(row[j], beforeLast[j - 2] + 1)
        }
      }
      guard let lowest = row.min(), lowest <= limit else { return limit + 1 }
      beforeLast = last
      last = row
    }
    return last[b.count]
  }
}
