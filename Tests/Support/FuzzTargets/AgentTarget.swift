import AgentProtocol

enum AgentTarget {
  /// What a failure may say: that much of it reaches a terminal.
  private static let words = 20_000

  static func run(_ bytes: [UInt8], _ promises: inout Promises) {
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(Array.init)
    receive(lines, &promises)
    take(lines, Hello.self, &promises)
    take(lines, Status.self, &promises)
    take(lines, Look.self, &promises)
    take(lines, Apply.self, &promises)
    take(lines, Accept.self, &promises)
    take(lines, List.self, &promises)
    take(lines, ListRecords.self, &promises)
    take(lines, FollowRecords.self, &promises)
    take(lines, Read.self, &promises)
    take(lines, Probe.self, &promises)
    take(lines, QuarantineHosts.self, &promises)
    take(lines, ReleaseHosts.self, &promises)
    take(lines, ReleaseTripped.self, &promises)
    take(lines, BearWitness.self, &promises)
    take(lines, Sightings.self, &promises)
    take(lines, OpenDoors.self, &promises)
    take(lines, CloseDoors.self, &promises)
  }

  /// The lines as requests, at the agent's end.
  private static func receive(_ lines: [[UInt8]], _ promises: inout Promises) {
    var reader = RequestReader()
    for line in lines {
      _ = RequestReader.isGo(line, for: 1)
      switch reader.take(line.count > reader.longestLine ? nil : line) {
      case .more: break
      case .bad(let failure, _): promises.hold(failure.description.utf8.count < words, "a long refusal")
      case .request(let arrived):
        read(arrived, Hello.self, &promises)
        read(arrived, Status.self, &promises)
        read(arrived, Look.self, &promises)
        read(arrived, Apply.self, &promises)
        read(arrived, Accept.self, &promises)
        read(arrived, List.self, &promises)
        read(arrived, ListRecords.self, &promises)
        read(arrived, FollowRecords.self, &promises)
        read(arrived, Read.self, &promises)
        read(arrived, Probe.self, &promises)
        read(arrived, QuarantineHosts.self, &promises)
        read(arrived, ReleaseHosts.self, &promises)
        read(arrived, ReleaseTripped.self, &promises)
        read(arrived, BearWitness.self, &promises)
        read(arrived, Sightings.self, &promises)
        read(arrived, OpenDoors.self, &promises)
        read(arrived, CloseDoors.self, &promises)
      }
    }
  }

  /// What is read as a request and can be sent is read as that again.
  private static func read<Request: AgentRequest>(
    _ arrived: RequestReader.Arrived, _: Request.Type, _ promises: inout Promises
  ) {
    guard let request = try? arrived.read(as: Request.self),
      let sent = try? Frames.request(request, id: arrived.id)
    else { return }
    var reader = RequestReader()
    var again: Request?
    for line in sent {
      if case .request(let arrived) = reader.take(line) { again = try? arrived.read(as: Request.self) }
    }
    promises.hold(
      again.flatMap { try? Frames.request($0, id: arrived.id) } == sent,
      "a request \(Request.name) that is sent is read as another")
  }

  /// The lines as the answer to a request, at the controller's end.
  private static func take<Request: AgentRequest>(
    _ lines: [[UInt8]], _: Request.Type, _ promises: inout Promises
  ) {
    var reader = AnswerReader<Request>(id: 1)
    for line in lines {
      guard line.count <= reader.longestLine else { return }
      do throws(AgentFailure) {
        switch try reader.take(line) {
        case .more: break
        case .event(let event):
          promises.hold((try? Frames.event(event, of: 1)) != nil, "an event that cannot be told")
        case .reply(let reply):
          say(reply, Request.self, &promises)
          return
        }
      } catch {
        promises.hold(error.description.utf8.count < words, "a long failure")
        return
      }
    }
  }

  /// What is taken as an answer and can be said is taken as that again.
  private static func say<Request: AgentRequest>(
    _ reply: Request.Reply, _: Request.Type, _ promises: inout Promises
  ) {
    guard let said = try? Frames.reply(reply, to: 1) else { return }
    var reader = AnswerReader<Request>(id: 1)
    var again: Request.Reply?
    for line in said {
      if case .reply(let reply)? = try? reader.take(line) { again = reply }
    }
    promises.hold(
      again.flatMap { try? Frames.reply($0, to: 1) } == said,
      "an answer to \(Request.name) that is said is taken as another")
  }
}
