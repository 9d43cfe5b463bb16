package import Nftables

/// What happens to a packet that nothing has allowed: the last rule of a denying chain.
package enum Denial: Hashable, Sendable {
  /// It passes; the rules ahead of the last have recorded it.
  case observe
  case drop
  /// Answered with ICMP "administratively prohibited".
  case reject

  /// The statements of the rule.
  package var statements: [Statement] {
    switch self {
    case .observe: [.counter, .accept]
    case .drop: [.counter, .drop]
    case .reject: [.counter, .reject(.adminProhibited)]
    }
  }

  /// The comment of the rule.
  package var note: RuleNote { self == .observe ? .observed : .denied }

  /// What stands ahead of the copy of a packet that goes to a netlink group: `sekisho web-1 in denied `. Programs put their own
  /// words behind it.
  ///
  /// - Parameter host: a name of the inventory, whose 63 characters at most leave room in the kernel's 127
  ///   (`NF_LOG_PREFIXLEN`, linux/netfilter/nf_log.h).
  package func logPrefix(_ side: Side, host: String) -> String {
    "\(TableName.sekisho.text) \(host) \(side.rawValue) \(self == .observe ? "observed" : "denied") "
  }

  /// What a last rule does; `nil`: none of these.
  package init?(_ rule: Rule) {
    switch rule.expressions.last {
    case .verdict(.accept): self = .observe
    case .verdict(.drop): self = .drop
    case .reject: self = .reject
    default: return nil
    }
  }
}
