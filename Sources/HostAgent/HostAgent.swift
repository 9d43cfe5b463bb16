internal import AgentProtocol
internal import Enforcement

extension AgentServer {
  /// What is answered about a host: a request is one line here and one file beside this one.
  ///
  /// - Parameter version: of the tool.
  package init(_ here: HostHere, version: String) {
    self.init()
    let host = here.host
    let standing = StandingWitness()
    answerHello(here, version: version)
    answerStatus(here)
    answerLook(here)
    answerRead(host)
    answerApply(here)
    answerArm(here)
    answerAccept(here)
    answerConfirm(here)
    answerExtend(here)
    answerEndTrial(here)
    answerStop(here)
    answerStart(here)
    answerQuarantine(here)
    answerRelease(here)
    answerReleaseTripped(here)
    answerOpen(here)
    answerClose(here)
    answerHistory(here)
    answerReadConfirmed(here)
    answerReadRevision(here)
    answerList(host)
    answerListRecords(here)
    answerFollowRecords(host)
    answerListUsage(here)
    answerListSessions(here)
    answerListPeers(host)
    answerEndSessions(here)
    answerProbe(standing)
    answerWitness(standing)
    answerSightings(standing)
    whileWaiting { standing.look(until: $0, by: $1) }
  }
}
