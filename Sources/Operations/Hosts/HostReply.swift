package import AgentProtocol
internal import Fleet
internal import HostAgent

/// What a host answered to a question.
package struct HostReply<Answer: Sendable>: Sendable {
  package let host: String
  /// `nil`: this machine, of which no inventory was asked.
  package let target: Target?
  package let result: Result<Answer, any Error>

  /// The same of a part of the answer.
  package func map<Part: Sendable>(_ part: (Answer) throws -> Part) -> HostReply<Part> {
    HostReply<Part>(
      host: host, target: target, result: result.flatMap { answer in Result { try part(answer) } })
  }

  /// Asks hosts; without any, this machine.
  ///
  /// - Parameter question: gets `nil` for this machine.
  package static func asking(
    _ targets: Targets?, watch: any HostWatch,
    _ question: @escaping @Sendable (Target?) async throws -> Answer
  ) async -> [Self] {
    guard let targets else {
      let result: Result<Answer, any Error>
      do { result = .success(try await question(nil)) } catch { result = .failure(error) }
      return [Self(host: "this host", target: nil, result: result)]
    }
    return await asking(each: targets, watch: watch) { try await question($0) }
  }

  /// Asks hosts, in their order.
  package static func asking(
    each targets: Targets, watch: any HostWatch,
    _ question: @escaping @Sendable (Target) async throws -> Answer
  ) async -> [Self] {
    await watch.begins(targets.hosts.map(\.name))
    let results = await concurrently(targets.hosts) { target in
      defer { watch.has(target.name) }
      return try await question(target)
    }
    await watch.ends()
    return zip(targets.hosts, results).map { Self(host: $0.name, target: $0, result: $1) }
  }
}

extension AgentRequest {
  /// Asks a host; without one, this machine.
  package func asked(of target: Target?) async throws -> Reply {
    guard let target else { return try ThisMachine.agent().answer(self) }
    return try await target.ask([Self.self]) { try await $0.ask(self) }
  }
}
