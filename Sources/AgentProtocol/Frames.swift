internal import FoundationEssentials
internal import Nftables

/// The agent protocol on a byte stream: JSON objects, one a line; the two ends speak in turn.
///
///     {"id":1,"request":"hello"}                     {"id":1,"reply":{"protocol":2,…}}
///     {"id":2,"request":"look","tables":1}           {"id":2,"reply":{…},"tables":2}
///     {"nftables":[…]}                               {"nftables":[…]}
///                                                    {"nftables":[…]}
///     {"id":3,"request":"apply","seen":{…},"tables":1}
///     {"nftables":[…]}                               {"id":3,"event":{"step":"tracking"}}
///     {"id":3,"go":true}                             {"id":3,"reply":{…}}
///
/// The first line of a message is its header. Behind it come as many lines as its `tables` says, each a
/// table in the schema of libnftables-json(5). A request that fails is answered
/// `{"id":…,"failure":{"code":…,"message":…}}`. An agent that tells an event waits for the line that
/// acknowledges it: the controller is still there, and its words have come through.
package enum ProtocolVersion {
  /// Of what is on this page. Ends of different numbers do not go on.
  package static let number = 2
}

/// Writes the lines of messages; none has its line break.
package enum Frames {
  /// - Throws: ``AgentFailure`` `.badRequest` when a table cannot be said or is too large.
  package static func request<Request: AgentRequest>(
    _ request: Request, id: Int
  ) throws(AgentFailure) -> [[UInt8]] {
    let tables = try lines(of: request)
    let header = RequestHeader<Request>(
      id: id, request: Request.name, tables: tables.isEmpty ? nil : tables.count, content: request.header)
    return [try encoded(header, atMost: Bounds.requestHeader)] + tables
  }

  /// - Throws: ``AgentFailure`` when the answer cannot be said or is too large.
  package static func reply(_ reply: some AgentMessage, to id: Int) throws(AgentFailure) -> [[UInt8]] {
    let tables = try lines(of: reply)
    return try [header(reply, tables: tables.count, id)] + tables
  }

  private static func header<Reply: AgentMessage>(
    _ reply: Reply, tables: Int, _ id: Int
  ) throws(AgentFailure) -> [UInt8] {
    let header = AnswerHeader<Reply.Header, Never>(
      id: id, reply: reply.header, tables: tables == 0 ? nil : tables)
    return try encoded(header, atMost: Bounds.answerHeader)
  }

  /// - Throws: ``AgentFailure`` when the event cannot be said or is too large.
  package static func event<Event: Codable & Sendable>(
    _ event: Event, of id: Int
  ) throws(AgentFailure) -> [UInt8] {
    try encoded(AnswerHeader<Nothing, Event>(id: id, event: event), atMost: Bounds.answerHeader)
  }

  package static func failure(_ failure: AgentFailure, to id: Int) -> [UInt8] {
    // Texts and numbers are always JSON.
    (try? encoded(AnswerHeader<Nothing, Never>(id: id, failure: failure), atMost: .max)) ?? Array("{}".utf8)
  }

  /// Acknowledges an event.
  package static func go(_ id: Int) -> [UInt8] { Array(#"{"id":\#(id),"go":true}"#.utf8) }

  private static func lines<Content: AgentMessage>(of message: Content) throws(AgentFailure) -> [[UInt8]] {
    let tables = message.tables
    guard tables.count <= Bounds.tableCount else {
      throw AgentFailure(
        .badRequest, "there are \(tables.count) tables, and at most \(Bounds.tableCount) travel")
    }
    var lines: [[UInt8]] = []
    var size = 0
    for table in tables {
      lines.append(try Content.line(table))
      size += lines.last?.count ?? 0
    }
    guard size <= Bounds.tables else {
      throw AgentFailure(
        .badRequest, "the tables are \(size) bytes as text, and at most \(Bounds.tables) travel")
    }
    return lines
  }

  private static func encoded(_ header: some Encodable, atMost bound: Int) throws(AgentFailure) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let data: Data
    do { data = try encoder.encode(header) } catch {
      throw AgentFailure(.failed, "a message cannot be said in JSON: \(error)")
    }
    guard data.count <= bound else {
      throw AgentFailure(
        .badRequest, "a message has \(data.count) bytes without its tables, and at most \(bound) travel")
    }
    return Array(data)
  }
}

/// The header of a request; its own fields stand beside those that all have.
struct RequestHeader<Request: AgentRequest>: Codable {
  let id: Int
  let request: String
  let tables: Int?
  let content: Request.Header

  init(id: Int, request: String, tables: Int?, content: Request.Header) {
    self.id = id
    self.request = request
    self.tables = tables
    self.content = content
  }

  private enum Key: CodingKey {
    case id, request, tables
  }

  init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    id = try fields.decode(Int.self, forKey: .id)
    request = try fields.decode(String.self, forKey: .request)
    tables = try fields.decodeIfPresent(Int.self, forKey: .tables)
    content = try Request.Header(from: decoder)
  }

  func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Key.self)
    try fields.encode(id, forKey: .id)
    try fields.encode(request, forKey: .request)
    try fields.encodeIfPresent(tables, forKey: .tables)
    try content.encode(to: encoder)
  }
}

/// The header of whatever an agent says.
struct AnswerHeader<Reply: Codable, Event: Codable>: Codable {
  let id: Int
  var reply: Reply?
  var event: Event?
  var failure: AgentFailure?
  var tables: Int?
}
