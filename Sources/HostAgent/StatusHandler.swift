internal import AgentProtocol
internal import Enforcement
internal import HostLife
internal import HostServices
internal import Machine

extension AgentServer {
  mutating func answerStatus(_ here: HostHere) {
    handle(Status.self) { (_, _) throws(AgentFailure) in
      var status = try here.host.status { $0.isFallback }
      status.stop = here.stopNow
      // Services are of the machine, and act in its first namespace.
      if NetworkNamespace.isFirst { status.flushing = FlushingServices.found(below: "") }
      return status
    }
  }
}
