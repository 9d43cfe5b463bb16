internal import FoundationEssentials
public import Nftables

/// The agent protocol on a byte stream: one JSON object a line, a request and its reply in turn.
///
///     {"id":1,"request":"hello"}                               {"id":1,"reply":{…AgentHello…}}
///     {"id":2,"request":"compare","nftables":[…]}              {"id":2,"reply":{…Comparison…}}
///     {"id":3,"request":"apply","generation":7,"nftables":[…]} {"id":3,"reply":{…ApplyReport…}}
///     {"id":4,"request":"listing"}                             {"id":4,"reply":{"text":"table inet …"}}
///
/// A request that fails is answered `{"id":…,"failure":{"code":…,"message":…}}`. `nftables` is the array
/// of libnftables-json(5), so that what travels is what a compile writes.
public enum AgentRequest: Hashable, Sendable {
  case hello
  case compare(Table)
  case apply(ApplyRequest)
  case listing
}

/// The reply to ``AgentRequest/listing``.
struct ListingReply: Codable {
  let text: String?
}

extension AgentRequest {
  private struct Header: Codable {
    let id: Int
    let request: String
    var generation: UInt32?
  }

  /// The request as one line, without the line break.
  ///
  /// - Throws: ``AgentFailure`` when the table cannot be said in JSON.
  func line(id: Int) throws(AgentFailure) -> [UInt8] {
    let (header, table): (Header, Table?) =
      switch self {
      case .hello: (Header(id: id, request: "hello"), nil)
      case .listing: (Header(id: id, request: "listing"), nil)
      case .compare(let wanted): (Header(id: id, request: "compare"), wanted)
      case .apply(let request):
        (Header(id: id, request: "apply", generation: request.expectedGeneration), request.wanted)
      }
    do {
      var bytes = Array(try JSONEncoder().encode(header))
      guard let table else { return bytes }
      bytes.removeLast()
      bytes += Array(",\"nftables\":".utf8)
      // Line breaks stand between tokens only: within strings they are escaped.
      bytes += try table.jsonCommands().map { $0 == UInt8(ascii: "\n") ? UInt8(ascii: " ") : $0 }
      bytes.append(UInt8(ascii: "}"))
      return bytes
    } catch {
      throw AgentFailure(.badRequest, "the ruleset cannot be sent: \(error)")
    }
  }

  /// Reads a line.
  ///
  /// - Throws: ``AgentFailure`` `.badRequest`.
  static func parse(_ line: [UInt8]) throws(AgentFailure) -> (id: Int, request: AgentRequest) {
    guard let header = try? JSONDecoder().decode(Header.self, from: Data(line)) else {
      throw AgentFailure(.badRequest, "not a request of the agent protocol")
    }
    do throws(AgentFailure) {
      switch header.request {
      case "hello": return (header.id, .hello)
      case "listing": return (header.id, .listing)
      case "compare": return (header.id, .compare(try table(line)))
      case "apply":
        let request = ApplyRequest(wanted: try table(line), expectedGeneration: header.generation)
        return (header.id, .apply(request))
      default: throw AgentFailure(.badRequest, "no such request: \(header.request)")
      }
    } catch {
      throw AgentFailure(error.code, error.message, request: header.id)
    }
  }

  private static func table(_ line: [UInt8]) throws(AgentFailure) -> Table {
    let tables: [Table]
    do {
      tables = try Table.tables(fromJSON: line)
    } catch {
      throw AgentFailure(.badRequest, "the ruleset of the request cannot be read: \(error)")
    }
    guard tables.count == 1 else {
      throw AgentFailure(.badRequest, "a request carries one table, not \(tables.count)")
    }
    return tables[0]
  }
}

/// A reply as it travels.
struct AgentReply<Content: Codable>: Codable {
  let id: Int
  var reply: Content?
  var failure: Failure?

  struct Failure: Codable {
    let code: String
    let message: String
  }

  func line() throws -> [UInt8] { Array(try JSONEncoder().encode(self)) }
}
