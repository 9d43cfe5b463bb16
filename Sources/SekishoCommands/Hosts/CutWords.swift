internal import AgentProtocol
internal import ConnectionDiff

extension CutReport {
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
      let flows = report.flows.map { "\($0.flow ?? "no flow") \($0.sessions)" }
      let shown = flows.prefix(6).joined(separator: ", ") + (flows.count > 6 ? ", …" : "")
      words.append(
        report.isDone
          ? "\(counted(report.sessions, "session")) ended that the rules do not allow any more (\(shown))"
          : "\(counted(report.sessions, "session")) that the rules do not allow go on (\(shown))")
    }
    if report.isUnfinished {
      words.append("more of them kept coming back")
    }
    if report.uncertain > 0 {
      words.append("of \(counted(report.uncertain, "session")) the rules do not say for certain; they go on")
    }
    return words
  }
}
