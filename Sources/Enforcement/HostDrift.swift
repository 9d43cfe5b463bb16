package import AgentProtocol
package import Nftables
internal import NftablesNetlink
package import RulesetDiff
package import RulesetShape

extension LocalHost {
  /// Our table beside what it should be.
  package struct Drift: Hashable, Sendable {
    /// What it would take to go back; empty: nothing.
    package let back: ChangeDescription
    /// What it would take to make the rules on trial again what they were; empty: nothing.
    package let trialBack: ChangeDescription
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
  /// - Parameters:
  ///   - confirmed: what it should be; `nil`: nothing is compared.
  ///   - trial: what is on trial; `nil`: that is not compared.
  ///   - kept: what the host is to keep in its rules.
  ///   - known: all that it may keep; `nil`: that is not known.
  package func drift(
    from confirmed: Table?, trial: Table? = nil, keeping kept: [KeptElement] = [],
    known: Set<KeptElement.Place>? = nil,
    _ hold: Hold
  ) throws(AgentFailure) -> Drift {
    let table = try self.own(hold.kernel)
    let (found, generation) = (table.own, table.generation)
    let left = try trialLeft(hold)
    let own = found?.beneathTrial
    // Of a table that is gone everything differs.
    let back = confirmed.map {
      own == nil
        ? ChangeDescription()
        : Self.comparison(of: own, with: $0) { $0.correcting(kept, known: known) }.described
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
    var trialBack = ChangeDescription()
    if let trial, let found, left != nil {
      let armed = TrialTable(of: trial, beside: found.table, milliseconds: 0).armed.withClock(of: found.table)
      do throws(ReadError) {
        // Else it may have been armed between the two.
        if try hold.kernel.generation() == generation {
          trialBack = Self.comparison(of: found, with: armed).described
        }
      } catch { throw AgentFailure(error) }
    }
    return Drift(
      back: back ?? ChangeDescription(), trialBack: trialBack, own: own?.table, left: left, allowed: allowed,
      denied: denied)
  }

  /// The change between a table and what it should be, and what is told of it.
  ///
  /// - Parameter more: what else it takes.
  static func comparison(
    of own: InstalledTable?, with wanted: Table, _ more: (Table) -> [Operation] = { _ in [] }
  ) -> (change: Change, described: ChangeDescription) {
    var change = TableDiff.change(from: own, to: wanted)
    if let own {
      change = Change(
        family: change.family, table: change.table, transactions: change.transactions + [more(own.table)])
    }
    return (change, ChangeDescription(change, from: own, to: wanted))
  }
}

extension Table {
  /// With the time of a trial as another has it: it is extended in the kernel first.
  fileprivate func withClock(of other: Table) -> Table {
    Table(
      family: family, name: name, flags: flags, comment: comment, chains: chains,
      sets: sets.map { $0.name == TrialName.clock ? other.set(TrialName.clock) ?? $0 : $0 }, others: others)
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
