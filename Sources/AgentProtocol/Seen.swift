internal import Diagnostics

/// Where generations are counted, and the one that was looked at: with another it may be another ruleset.
package struct RulesetMoment: Hashable, Sendable, Codable {
  /// Kernel since it was booted, and network namespace: generations count anew in each.
  package let place: String
  /// Of the ruleset (`NFTA_GEN_ID`): every transaction makes the next.
  package let generation: UInt32

  package init(place: String, generation: UInt32) {
    self.place = place
    self.generation = generation
  }
}

/// What was looked at, so that it can be told later whether it is still so.
///
/// The generation moves with every transaction of anybody, one that bans an address among them. What was
/// shown rests on less: all of our own table but what its rules and counters change, and of others the
/// chains, rules and maps. The elements of their sets come and go without it.
package struct Seen: Hashable, Sendable {
  package let moment: RulesetMoment
  /// Digest of Sekisho's table; `nil`: there was none.
  package let own: String?
  /// Digests of other tables that packets pass, by title (`ip filter`).
  package let others: [String: String]

  package init(moment: RulesetMoment, own: String?, others: [String: String]) {
    self.moment = moment
    self.own = own
    self.others = others
  }

  /// What is not as it was, in words for people; empty when everything is.
  package func differences(from before: Seen) -> [String] {
    if moment.place != before.moment.place { return ["the host was started anew, or is another"] }
    if moment == before.moment { return [] }
    var changed: [String] = []
    if own != before.own { changed.append("Sekisho's table") }
    changed += Set(others.keys).union(before.others.keys)
      .filter { others[$0] != before.others[$0] }.sorted().map { "table \($0)" }
    if changed.isEmpty { return [] }
    return ["\(listed(changed)) changed"]
  }
}

extension Seen: Codable {
  private enum Key: CodingKey {
    case place, generation, own, others
  }

  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    moment = RulesetMoment(
      place: try fields.decode(BoundedWord.self, forKey: .place).wrappedValue,
      generation: try fields.decode(UInt32.self, forKey: .generation))
    own = try fields.decodeIfPresent(BoundedWord.self, forKey: .own)?.wrappedValue
    others = try fields.decode([String: String].self, forKey: .others)
    guard others.count <= Bounds.list, others.allSatisfy({ $0.utf8.count + $1.utf8.count <= Bounds.message })
    else { throw DecodingError.dataCorruptedError(forKey: .others, in: fields, debugDescription: "too much") }
  }

  package func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Key.self)
    try fields.encode(moment.place, forKey: .place)
    try fields.encode(moment.generation, forKey: .generation)
    try fields.encodeIfPresent(own, forKey: .own)
    try fields.encode(others, forKey: .others)
  }
}
