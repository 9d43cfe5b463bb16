internal import Addressing
internal import ConnectionSpace

/// What the steps of a rule ask for together. Most of them name a box each: those are cut with each other
/// before a space is made of them.
struct Condition {
  private var box = Box()
  private var isSure = true
  private var rest: Match?
  /// Whether nothing meets it.
  private(set) var isNever = false

  mutating func add(_ comparison: Comparison) {
    isNever = isNever || comparison.isNever
    isSure = isSure && comparison.isSure
    for side in [\Box.sources, \.destinations, \.kinds] {
      if let set = comparison.box[keyPath: side] {
        box.restrict(side, to: set)
        if box[keyPath: side]?.isEmpty == true { isNever = true }
      }
    }
  }

  mutating func add(_ match: Match) throws(NotProven) {
    let both = try rest.map { other throws(NotProven) in try other.intersection(match) } ?? match
    rest = both
    if both.possible.isEmpty { isNever = true }
  }

  /// Whatever else holds, for some packets it may not.
  mutating func doubt() { isSure = false }

  /// It holds for no packet.
  mutating func refuse() { isNever = true }

  func match(in domain: Domain) throws(NotProven) -> Match {
    if isNever { return domain.never }
    let space = try domain.space(of: box)
    let match = Match(sure: isSure ? space : domain.empty, possible: space)
    guard let rest else { return match }
    return try match.intersection(rest)
  }
}
