internal import AgentProtocol

/// What the records of hosts lack, in the words of every verb that tells of them.
enum RecordGaps {
  /// Why what came earlier is not among them.
  static func words(of loss: String?, at host: String) -> [String] {
    loss.map { ["\(host): what was recorded before is not among it: \($0)"] } ?? []
  }

  /// What a direction has not recorded, or not told.
  ///
  /// - Parameter isUntoldMeant: whether what is older than what was told is asked for.
  static func words(
    of direction: RecordList.Direction, at host: String, isUntoldMeant: Bool = true
  ) -> [String] {
    var words: [String] = []
    if let unrecorded = direction.unrecorded, unrecorded.total > 0 {
      words.append("records are not complete since its rules were made: \(unrecorded.sentence)")
    }
    if direction.isFull {
      words.append("records are full: who else comes is not recorded, or what came earlier is forgotten")
    }
    if direction.untold > 0, isUntoldMeant {
      words.append("\(counted(direction.untold, "older record")) not told")
    }
    return words.map { "\(host), \(direction.hook.rawValue): \($0)" }
  }
}
