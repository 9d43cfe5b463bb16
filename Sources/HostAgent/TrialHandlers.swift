internal import AgentProtocol
internal import Enforcement
internal import HostLife
internal import HostState

extension AgentServer {
  mutating func answerArm(_ here: HostHere) {
    handle(Arm.self) { (request, conversation) throws(AgentFailure) in
      let source: HostLife.Source =
        if let table = request.wanted {
          .table(table)
        } else {
          .revision(RevisionNumber(rawValue: request.revision ?? 0))
        }
      let armed = try here.life().arm(
        source, seen: request.seen, seconds: request.seconds, cutsNow: request.cutsNow,
        signed: request.signed,
        HostLife.Reason(why: request.note.why, meaning: request.note.meaning)
      ) { () throws(AgentFailure) in
        try conversation.tell(Apply.Event(.tracking))
        here.host.learn()
      }
      here.startKeeper()
      return armed
    }
  }

  mutating func answerAccept(_ here: HostHere) {
    handle(Accept.self) { (request, _) throws(AgentFailure) in try here.life().accept(request.signed) }
  }

  mutating func answerConfirm(_ here: HostHere) {
    handle(Confirm.self) { (request, _) throws(AgentFailure) in
      let revision = request.revision.map { RevisionNumber(rawValue: $0) }
      return try here.life().confirm(
        token: request.token, revision: revision, keepsSessions: request.keepsSessions ?? false)
    }
  }

  mutating func answerExtend(_ here: HostHere) {
    handle(Extend.self) { (request, _) throws(AgentFailure) in
      guard Arm.possibleSeconds.contains(request.seconds) else {
        throw AgentFailure(.badRequest, "a trial cannot last \(request.seconds) s")
      }
      let extended = try here.life().extend(seconds: request.seconds)
      here.startKeeper()
      return extended
    }
  }

  mutating func answerEndTrial(_ here: HostHere) {
    handle(EndTrial.self) { (_, _) throws(AgentFailure) in try here.life().rollBack() }
  }

  mutating func answerReadConfirmed(_ here: HostHere) {
    handle(ReadConfirmed.self) { (_, _) throws(AgentFailure) in try here.life().confirmed() }
  }

  mutating func answerReadRevision(_ here: HostHere) {
    handle(ReadRevision.self) { (request, _) throws(AgentFailure) in
      let number = RevisionNumber(rawValue: request.revision)
      return RevisionRuleset(table: try here.life().ruleset(of: number))
    }
  }

  mutating func answerHistory(_ here: HostHere) {
    handle(History.self) { (request, _) throws(AgentFailure) in
      here.endStopThatIsOver()
      return try here.life().books(verifying: request.verifies == true)
    }
  }
}
