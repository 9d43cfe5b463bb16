internal import AgentProtocol
internal import Synchronization

/// Our table as it was read last: at the same moment of the same kernel it is what it was.
final class LastRead: Sendable {
  private struct Note {
    let moment: RulesetMoment
    let found: LocalHost.FoundTable
  }

  private let last = Mutex<Note?>(nil)

  func note(_ found: LocalHost.FoundTable, at moment: RulesetMoment) {
    last.withLock { $0 = Note(moment: moment, found: found) }
  }

  func found(at moment: RulesetMoment) -> LocalHost.FoundTable? {
    last.withLock { $0?.moment == moment ? $0?.found : nil }
  }
}
