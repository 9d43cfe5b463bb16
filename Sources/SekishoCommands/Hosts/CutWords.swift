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
    if report.isDone, report.sessions > 0 {
      words.append(
        "\(counted(report.sessions, "session")) ended that the rules do not allow any more (\(report.flowWords))"
      )
    } else if report.sessions > 0 {
      words.append(
        "\(counted(report.sessions, "session")) that the rules do not allow go on (\(report.flowWords))")
    }
    return words + leftWords(report)
  }

  /// What is said of those that go on although they may be meant.
  static func leftWords(_ report: CutReport) -> [String] {
    var words: [String] = []
    if let failure = report.failure {
      words.append(
        "it is not known that every session has ended that was to: \(failure); \"sekisho cut\" tries again")
    } else if report.isDone, report.left > 0 {
      words.append(
        "\(counted(report.left, "session")) kept coming back; \"sekisho cut\" tries again, \"sekisho sessions\" lists them"
      )
    }
    if report.uncertain > 0 {
      words.append("of \(counted(report.uncertain, "session")) the rules do not say for certain; they go on")
    }
    return words
  }
}
