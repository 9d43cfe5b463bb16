import AgentProtocol
import Operations
import Testing

/// What became of a trial, as the books of its host say.
@Suite struct TrialEndingTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let testDescription: String
    var confirmed: Int? = 1
    var trial: Int?
    /// Revisions that the log says were confirmed.
    var once: Set<Int> = [1]
    let ending: String
  }

  static let cases = [
    Case(testDescription: "runs", trial: 2, ending: "runs"),
    Case(testDescription: "ended", ending: "unconfirmed"),
    Case(testDescription: "ended, and another runs", trial: 3, ending: "unconfirmed"),
    Case(testDescription: "confirmed", confirmed: 2, once: [1, 2], ending: "confirmed"),
    Case(testDescription: "confirmed, and the log is gone", confirmed: 2, once: [], ending: "confirmed"),
    Case(
      testDescription: "confirmed, and another since", confirmed: 3, once: [1, 2, 3], ending: "confirmed"),
    Case(testDescription: "ended, and another confirmed", confirmed: 3, once: [1, 3], ending: "unconfirmed"),
  ]

  @Test(arguments: cases) func `it is the trial's own end`(_ example: Case) {
    let books = Books(
      confirmed: example.confirmed, trial: example.trial.map { .init(revision: $0, left: 1, by: "root") },
      revisions: (1...3).map { number in
        .init(
          number: number, digest: nil, time: nil, by: nil, why: nil, meaning: nil,
          confirmedAt: example.once.contains(number) ? 1 : nil, confirmedBy: nil)
      }, events: [], chainFaults: [], chainTip: "", damage: [])
    let armed = Armed(revision: 2, token: "", seconds: 60, operations: 1)
    let ending =
      switch books.ending(of: armed, AgentFailure(.noTrial, "over")) {
      case nil: "runs"
      case .confirmed: "confirmed"
      case .unconfirmed: "unconfirmed"
      case .applied, .armed, .unknown: "something else"
      }
    #expect(ending == example.ending)
  }
}
