/// Of which hosts can be said that nothing passes but what flows allow: those that enforce both directions.
package struct Enforcement: Sendable {
  /// Hosts that by the inventory deny nothing in some direction; empty: none.
  let meant: String
  /// Names of hosts that were asked and do not enforce just what the inventory says, or did not answer; empty: none, `nil`: none
  /// was asked.
  let told: String?

  /// - Parameters:
  ///   - meant: names of hosts that by the inventory deny nothing in some direction; empty: none.
  ///   - told: names of those that were asked and do not enforce just what the inventory says, or did not answer; empty: none, `nil`: no host
  ///     was asked.
  package init(meant: String, told: String?) {
    self.meant = meant
    self.told = told
  }

  /// Of whom what a chapter claims does not hold, in a sentence.
  var sentence: String {
    var parts: [String] = []
    if !meant.isEmpty {
      parts.append("not for these, which by the inventory deny nothing in some direction: \(meant)")
    }
    switch told {
    case nil: parts.append("no host was asked whether it enforces")
    case let told? where !told.isEmpty:
      parts.append(
        "not for these, which were asked and do not enforce just what the inventory says, or did not answer (the chapter on hosts says why): \(told)"
      )
    default: break
    }
    return parts.isEmpty
      ? "By the inventory every host enforces both directions, and each that was asked does just what it says."
      : "This holds for hosts that enforce both directions: \(parts.joined(separator: "; "))."
  }
}
