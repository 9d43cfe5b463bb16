internal import AgentProtocol
internal import ConnectionDiff
internal import Diagnostics

extension CutReport {
  /// `b-web 2, no flow 1`.
  var flowWords: String {
    listed(flows.map { "\($0.flow ?? "no flow") \($0.sessions)" }, of: flows.count)
  }

  /// What is said of the sessions that rules would not let begin; nothing where there were none.
  ///
  /// - Parameter report: `nil`: the host does not let itself be asked.
  static func words(_ report: CutReport?) -> [String] {
    guard let report else {
      return [
        "its kernel cannot be asked for sessions (nf_conntrack_netlink); those that the rules do not allow any more go on"
      ]
    }
    var words: [String] = []
    if report.sessions > 0 {
      let shown = report.flowWords
      words.append(
        report.isDone
          ? "\(counted(report.sessions, "session")) ended that the rules do not allow any more (\(shown))"
          : "\(counted(report.sessions, "session")) that the rules do not allow go on (\(shown))")
    }
    return words + leftWords(report)
  }

  /// What is said of those that go on although they may be meant.
  static func leftWords(_ report: CutReport) -> [String] {
    var words: [String] = []
    if report.isUnfinished {
      words.append("more of them kept coming back; end them with \"sekisho cut\"")
    }
    if report.uncertain > 0 {
      words.append("of \(counted(report.uncertain, "session")) the rules do not say for certain; they go on")
    }
    return words
  }
}
