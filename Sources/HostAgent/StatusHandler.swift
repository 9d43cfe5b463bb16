internal import AgentProtocol
internal import Enforcement
internal import HostLife

extension AgentServer {
  mutating func answerStatus(_ here: HostHere) {
    handle(Status.self) { (_, _) throws(AgentFailure) in
      var status = try here.host.status { $0.isFallback }
      // Whoever may not read the books may still see the kernel.
      status.stop = try? here.life().stopNow()
      return status
    }
  }
}
