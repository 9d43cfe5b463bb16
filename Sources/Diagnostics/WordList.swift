/// `a, b, c` of up to `limit` words; `a, b and 4 more` of more.
///
/// - Parameters:
///   - words: the first of them at least, in order.
///   - count: how many there are, where not all of them are at hand.
///   - limit: how many are named.
///   - and: what stands ahead of the number.
///   - noun: what stands behind it.
package func listed(
  _ words: [String], of count: Int? = nil, limit: Int = 6, and: String = " and ", noun: String = ""
) -> String {
  let told = words.prefix(limit)
  let more = max(count ?? words.count, words.count) - told.count
  return told.joined(separator: ", ")
    + (more > 0 ? "\(and)\(more) more\(noun.isEmpty ? "" : " \(noun)")" : "")
}

/// `a`, `a and b`, `a, b and c`.
package func conjoined(_ words: some Collection<String>) -> String {
  guard words.count > 1 else { return words.first ?? "" }
  return words.dropLast().joined(separator: ", ") + " and " + words.suffix(1).joined()
}
