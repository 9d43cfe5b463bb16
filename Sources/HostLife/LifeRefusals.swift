internal import AgentProtocol
internal import HostState

extension AgentFailure {
  init(_ refusal: HostStateRefusal) {
    switch refusal {
    case .trialRuns(let trial, let left):
      self.init(
        .trialRuns,
        "revision \(trial.revision) is on trial by \(HostLife.words(trial.by)) for another \((left + 999) / 1000) s",
        remedy: "wait, or end it: \"sekisho confirm TOKEN\" or \"sekisho rollback\"")
    case .noTrial: self.init(.noTrial, "nothing is on trial")
    case .wrongToken: self.init(.badRequest, "this is not the token of the trial that runs")
    case .trialOver(let number):
      self.init(.noTrial, "the trial of revision \(number) is over; the confirmed ruleset is in force")
    case .noRevision(let number):
      self.init(
        .badRequest, number.map { "there is no revision \($0)" } ?? "there is no revision to go back to")
    case .stopped(let stop):
      self.init(.refused, "\(HostLife.words(stop.by)) has stopped Sekisho on this host")
    case .nothingToStop(hasRules: false):
      self.init(.badRequest, "nothing is enforced on this host, and there is nothing to stop")
    case .nothingToStop(hasRules: true):
      self.init(
        .badRequest, "nothing was ever confirmed on this host that could be put back",
        remedy: "apply and confirm a ruleset first; rules that are there without one go by --until for-good")
    case .notStopped:
      self.init(
        .badRequest, "this host is not stopped",
        remedy: "\"sekisho boot\" on it makes its rules again what was confirmed")
    }
  }
}
