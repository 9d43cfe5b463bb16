internal import AgentProtocol
internal import Enforcement
internal import Machine
internal import Policy

extension AgentServer {
  mutating func answerHello(_ here: HostHere, version: String) {
    handle(Hello.self) { (_, conversation) throws(AgentFailure) in
      do throws(SystemFailure) {
        let name = try SystemName.current()
        return Greeting(
          requests: conversation.known, version: version, node: name.node, kernel: name.release,
          addresses: try Interfaces.addresses(),
          bridged: try Interfaces.addresses(of: Containers.isEngines), approvals: here.approvals)
      } catch { throw AgentFailure(error) }
    }
  }
}
