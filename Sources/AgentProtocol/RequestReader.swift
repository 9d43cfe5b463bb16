internal import FoundationEssentials
internal import Nftables

/// Reads requests from lines, on the agent's side.
package struct RequestReader: Sendable {
  /// A request that has arrived whole.
  package struct Arrived: Sendable {
    package let id: Int
    package let name: String
    let header: [UInt8]
    let tables: [Table]

    /// The request as a value.
    ///
    /// - Throws: ``AgentFailure`` `.badRequest`.
    package func read<Request: AgentRequest>(as type: Request.Type) throws(AgentFailure) -> Request {
      let header: RequestHeader<Request>
      do { header = try JSONDecoder().decode(RequestHeader<Request>.self, from: Data(self.header)) } catch {
        throw AgentFailure(.badRequest, "not a request \(Request.name) of the agent protocol")
      }
      return try Request(header.content, tables)
    }
  }

  /// What a line has brought.
  package enum Step: Sendable {
    /// More lines belong to it.
    case more
    case request(Arrived)
    /// A message that cannot be used, all of which has been read.
    case bad(AgentFailure, id: Int)
  }

  private struct Pending {
    let id: Int
    let name: String
    let header: [UInt8]
    let count: Int
    var taken = 0
    var tables: [Table] = []
    var failure: AgentFailure?
    var room = Bounds.tables
  }

  private var pending: Pending?

  package init() {}

  /// Whether the next line begins a message.
  package var isBetween: Bool { pending == nil }

  /// Bytes of the longest line that may come next.
  package var longestLine: Int { pending.map { max(0, $0.room) } ?? Bounds.requestHeader }

  /// Takes the next line; `nil`: it was longer than ``longestLine`` and has been passed over.
  package mutating func take(_ line: [UInt8]?) -> Step {
    guard var message = pending else { return begin(line) }
    message.taken += 1
    if message.failure == nil {
      do throws(AgentFailure) {
        guard let line else { throw Self.tooLong(Bounds.tables) }
        message.room -= line.count
        message.tables.append(try TableLine.read(line))
      } catch { message.failure = error }
    }
    return settle(message)
  }

  private struct Start: Decodable {
    let id: Int
    let request: String
    let tables: Int?
  }

  private mutating func begin(_ line: [UInt8]?) -> Step {
    guard let line else { return .bad(Self.tooLong(Bounds.requestHeader), id: 0) }
    guard let start = try? JSONDecoder().decode(Start.self, from: Data(line)) else {
      return .bad(AgentFailure(.badRequest, "not a request of the agent protocol"), id: 0)
    }
    let count = start.tables ?? 0
    guard (0...Bounds.tableCount).contains(count) else {
      return .bad(AgentFailure(.badRequest, "not a number of tables: \(count)"), id: start.id)
    }
    return settle(Pending(id: start.id, name: start.request, header: line, count: count))
  }

  private mutating func settle(_ message: Pending) -> Step {
    pending = nil
    if message.taken < message.count {
      pending = message
      return .more
    }
    if let failure = message.failure { return .bad(failure, id: message.id) }
    return .request(
      Arrived(id: message.id, name: message.name, header: message.header, tables: message.tables))
  }

  private static func tooLong(_ bound: Int) -> AgentFailure {
    AgentFailure(.badRequest, "a line is longer than \(bound) bytes, and was not read; nothing was done")
  }

  /// Whether a line acknowledges an event.
  package static func isGo(_ line: [UInt8], for id: Int) -> Bool {
    struct Go: Decodable {
      let id: Int
      let go: Bool
    }
    guard line.count < 256, let go = try? JSONDecoder().decode(Go.self, from: Data(line)) else {
      return false
    }
    return go.id == id && go.go
  }
}
