internal import AgentProtocol
internal import Enforcement
internal import HostLife
internal import HostServices
internal import Machine

extension AgentServer {
  mutating func answerStatus(_ here: HostHere) {
    handle(Status.self) { (_, _) throws(AgentFailure) in
      var status = try here.host.status { $0.isFallback }
      // Whoever may not read the books may still see the kernel.
      if StateDirectory.isThere { status.stop = try? here.life().stopNow() }
      // Services are of the machine, and act in its first namespace.
      if NetworkNamespace.isFirst { status.flushing = FlushingServices.found(below: "") }
      return status
    }
  }
}
