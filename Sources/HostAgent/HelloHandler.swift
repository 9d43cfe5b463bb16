internal import AgentProtocol
internal import Enforcement
internal import Machine
internal import Policy

extension AgentServer {
  mutating func answerHello(version: String) {
    handle(Hello.self) { (_, conversation) throws(AgentFailure) in
      let name: SystemName
      do throws(SystemFailure) { name = try SystemName.current() } catch { throw AgentFailure(error) }
      return Greeting(
        requests: conversation.known, version: version, node: name.node, kernel: name.release,
        addresses: Interfaces.addresses(),
        bridged: Interfaces.addresses(of: Containers.isEngines))
    }
  }
}
