internal import AgentProtocol
internal import Enforcement
internal import HostLife

extension AgentServer {
  mutating func answerLook(_ here: HostHere) {
    handle(Look.self) { (request, _) throws(AgentFailure) in
      var looked = try here.host.look(request.wanted)
      looked.stop = here.stopNow
      return looked
    }
  }
}
