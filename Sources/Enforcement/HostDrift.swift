package import AgentProtocol
package import Nftables
internal import NftablesNetlink
package import RulesetDiff
internal import RulesetShape

extension LocalHost {
  /// Our table beside what it should be.
  package struct Drift: Hashable, Sendable {
    /// What it would take to go back; empty: nothing.
    package let back: ChangeDescription
    /// `nil`: there is none, beside a trial or without one.
    package let own: Table?
    /// Milliseconds for which a trial still judges; `nil`: none does.
    package let left: UInt64?
    /// Packets that its rules have counted, each the first of a connection, by the flow that allows them.
    package let allowed: [String: UInt64]
    /// The same of those that its rules have denied.
    package let denied: UInt64
  }

  /// What of our table is not as it should be. A trial ends, one way or the other: compared is what it stands beside.
  ///
  /// - Parameter confirmed: what it should be; `nil`: nothing is compared.
  package func drift(from confirmed: Table?, _ hold: Hold) throws(AgentFailure) -> Drift {
    var pause = Backoff()
    let found = try own(hold.kernel, &pause).own
    let left = try trialLeft(hold)
    let own = found?.beneathTrial
    // Of a table that is gone everything differs.
    let back = confirmed.map {
      own == nil ? ChangeDescription() : Self.comparison(of: own, with: $0).described
    }
    var allowed: [String: UInt64] = [:]
    var denied: UInt64 = 0
    for chain in own?.table.chains ?? [] {
      for (rule, state) in zip(chain.rules, own?.rules[chain.name] ?? []) {
        guard let packets = state.counter?.packets else { continue }
        if let flow = rule.acceptedFlow {
          allowed[flow, default: 0] &+= packets
        } else if rule.isDenying {
          denied &+= packets
        }
      }
    }
    return Drift(
      back: back ?? ChangeDescription(), own: own?.table, left: left, allowed: allowed, denied: denied)
  }

  /// The change between a table and what it should be, and what is told of it.
  static func comparison(
    of own: InstalledTable?, with wanted: Table
  ) -> (change: Change, described: ChangeDescription) {
    let change = TableDiff.change(from: own, to: wanted)
    return (change, ChangeDescription(change, from: own, to: wanted))
  }
}

extension Rule {
  fileprivate var isDenying: Bool {
    switch expressions.last {
    case .verdict(.drop), .reject: true
    default: false
    }
  }
}
