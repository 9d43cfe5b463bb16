internal import FoundationEssentials
internal import Nftables

/// Reads the answer to one request from lines, on the controller's side.
package struct AnswerReader<Request: AgentRequest>: Sendable {
  /// What a line has brought.
  package enum Step: Sendable {
    /// More lines belong to it.
    case more
    /// To be acknowledged with ``Frames/go(_:)``.
    case event(Request.Event)
    case reply(Request.Reply)
  }

  private let id: Int
  private var events = 0
  private var header: Request.Reply.Header?
  private var expected = 0
  private var tables: [Table] = []
  private var room = Bounds.tables

  /// - Parameter id: that the request was sent with.
  package init(id: Int) { self.id = id }

  /// Bytes of the longest line that may come next.
  package var longestLine: Int { header == nil ? Bounds.answerHeader : max(0, room) }

  /// - Throws: what the agent failed with; ``AgentFailure`` `.unreachable` when the line is none of the protocol.
  package mutating func take(_ line: [UInt8]) throws(AgentFailure) -> Step {
    if let header {
      room -= line.count
      do throws(AgentFailure) {
        tables.append(try TableLine.read(line))
      } catch {
        throw Self.stranger("sent a table that cannot be read: \(error.message)")
      }
      return tables.count < expected ? .more : .reply(try whole(header))
    }
    let answer: AnswerHeader<Request.Reply.Header, Request.Event>
    do { answer = try JSONDecoder().decode(AnswerHeader.self, from: Data(line)) } catch {
      throw Self.stranger("does not speak the agent protocol; it said: \(Self.start(of: line))")
    }
    guard answer.id == id else { throw Self.stranger("answered another question") }
    switch (answer.reply, answer.event, answer.failure) {
    case (nil, nil, let failure?): throw failure
    case (nil, let event?, nil):
      events += 1
      guard events <= Bounds.events, answer.tables == nil else { throw Self.stranger("tells too much") }
      return .event(event)
    case (let reply?, nil, nil):
      expected = answer.tables ?? 0
      guard (0...Bounds.tableCount).contains(expected) else { throw Self.stranger("tells too much") }
      if expected == 0 { return .reply(try whole(reply)) }
      header = reply
      return .more
    default: throw Self.stranger("answered neither yes nor no")
    }
  }

  private func whole(_ header: Request.Reply.Header) throws(AgentFailure) -> Request.Reply {
    do throws(AgentFailure) {
      return try Request.Reply(header, tables)
    } catch {
      throw Self.stranger("gave an answer that cannot be: \(error.message)")
    }
  }

  private static func stranger(_ what: String) -> AgentFailure {
    AgentFailure(.unreachable, "the other end \(what)", happened: Request.isChange ? .unknown : .nothing)
  }

  private static func start(of line: [UInt8]) -> String {
    String(decoding: line.prefix(120), as: UTF8.self).debugDescription
  }
}
