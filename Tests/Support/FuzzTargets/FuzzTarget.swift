/// What reads bytes from outside, and what must hold whatever the bytes are.
///
/// Beside the promises that are checked, nothing may trap, take more than a second, or grow without bound.
public enum FuzzTarget: String, CaseIterable, Sendable {
  /// An inventory's file; two NUL bytes in a row begin another file.
  case inventory
  /// Datagrams as netlink frames them: messages, acknowledgements, attributes.
  case netlink
  /// A ruleset: messages of nf_tables as a kernel lists them, or the JSON of libnftables.
  case ruleset
  /// Lines of the agent protocol, as either end may send them.
  case agent

  /// The promises that do not hold for these bytes, in words.
  public func faults(in bytes: [UInt8]) -> [String] {
    var promises = Promises()
    switch self {
    case .inventory: InventoryTarget.run(bytes, &promises)
    case .netlink: NetlinkTarget.run(bytes, &promises)
    case .ruleset: RulesetTarget.run(bytes, &promises)
    case .agent: AgentTarget.run(bytes, &promises)
    }
    return promises.broken
  }
}

/// Collects what does not hold.
struct Promises {
  private(set) var broken: [String] = []

  mutating func hold(_ condition: Bool, _ words: @autoclosure () -> String) {
    if !condition { broken.append(words()) }
  }
}
