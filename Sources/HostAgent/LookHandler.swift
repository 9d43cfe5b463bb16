internal import AgentProtocol
internal import Enforcement
internal import HostLife
internal import Machine

extension AgentServer {
  mutating func answerLook(_ here: HostHere) {
    handle(Look.self) { (request, _) throws(AgentFailure) in
      var looked = try here.host.look(request.wanted) { hook in
        StateDirectory.isThere ? (try? here.life())?.remembered(hook) : nil
      }
      looked.stop = here.stopNow
      if looked.comparison.isInstalled, !looked.isToChange, looked.trialLeft == nil,
        here.bootsOtherwise(than: request.wanted) == true
      {
        looked.bootsOtherwise = true
      }
      let touched = looked.comparison.closingFlows
      if !touched.isEmpty { looked.usage = (try? here.usage(keeping: false))?.of(touched) }
      return looked
    }
  }
}
