internal import AgentProtocol
internal import Enforcement

extension AgentServer {
  /// Half of what whoever asks takes for one question.
  private static let mostEvents = Bounds.events / 2

  mutating func answerFollowRecords(_ host: LocalHost) {
    handle(FollowRecords.self) { (request, conversation) throws(AgentFailure) in
      guard FollowRecords.possibleSeconds.contains(request.seconds) else {
        throw AgentFailure(.badRequest, "nobody can follow for \(request.seconds) s")
      }
      let isOver = try host.followRecords(for: .seconds(request.seconds), most: Self.mostEvents) {
        (list) throws(AgentFailure) in try conversation.tell(FollowRecords.Event(list))
      }
      return FollowedRecords(isOver: isOver)
    }
  }
}
