package import AgentProtocol
internal import Fleet
internal import HostAgent

/// What a host answered to one request.
package struct HostReply<Request: AgentRequest>: Sendable {
  package let host: String
  /// `nil`: this machine, of which no inventory was asked.
  package let target: Target?
  package let result: Result<Request.Reply, any Error>

  /// Asks hosts; without any, this machine.
  package static func asking(_ request: Request, of targets: Targets?, watch: any HostWatch) async -> [Self] {
    guard let targets else {
      let result = Result { try ThisMachine.agent().answer(request) as Request.Reply }
      return [Self(host: "this host", target: nil, result: result)]
    }
    await watch.begins(targets.hosts.map(\.name))
    let results = await concurrently(targets.hosts) { target in
      let answer = try await target.ask([Request.self]) { try await $0.ask(request) }
      watch.has(target.name)
      return answer
    }
    await watch.ends()
    return zip(targets.hosts, results).map { Self(host: $0.name, target: $0, result: $1) }
  }
}

extension Target {
  /// Whether it is this machine, asked without a connection.
  package var isHere: Bool { if case .here = reach { true } else { false } }
}
