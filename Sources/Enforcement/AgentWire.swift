internal import FoundationEssentials
public import Nftables

/// The agent protocol on a byte stream: one JSON object a line, a request and its reply in turn.
///
///     {"id":1,"request":"hello"}                               {"id":1,"reply":{…AgentHello…}}
///     {"id":9,"request":"status"}                              {"id":9,"reply":{…HostStatus…}}
///     {"id":2,"request":"compare","nftables":[…]}              {"id":2,"reply":{…Comparison…}}
///     {"id":3,"request":"apply","seen":{…},"nftables":[…]}     {"id":3,"reply":{…ApplyReport…}}
///     {"id":8,"request":"track","seen":{…RulesetMoment…}}      {"id":8,"reply":{…RulesetMoment…}}
///     {"id":4,"request":"listing"}                             {"id":4,"reply":{"text":"table inet …"}}
///     {"id":10,"request":"ruleset"}                            {"id":10,"reply":{"generation":8},"nftables":[…]}
///     {"id":5,"request":"probe","attempts":["tcp - 10.0.0.1 80"]}  {"id":5,"reply":{"outcomes":["open"]}}
///     {"id":6,"request":"listen","tcp":[80],"udp":[],"protocols":[]}  {"id":6,"reply":{"unheard":[]}}
///     {"id":7,"request":"arrivals"}                            {"id":7,"reply":{"arrivals":["…"]}}
///
/// The agent listens from the reply to `listen` until the next request comes.
///
/// A request that fails is answered `{"id":…,"failure":{"code":…,"message":…}}`. `nftables` is the array
/// of libnftables-json(5), so that what travels is what a compile writes; that of `ruleset` is one of
/// ``Nftables/Table/dump(_:)``.
public enum AgentRequest: Hashable, Sendable {
  case hello
  case status
  case compare(Table)
  case apply(ApplyRequest)
  case listing
  case ruleset
  case track(after: RulesetMoment)
  case probe([String])
  case listen(ListenPorts)
  case arrivals
}

/// Where an agent listens for probes.
public struct ListenPorts: Hashable, Sendable, Codable {
  public let tcp: [UInt16]
  public let udp: [UInt16]
  /// Numbers of protocols without ports, ICMP among them, whose packets are counted.
  public let protocols: [UInt8]

  public init(tcp: [UInt16], udp: [UInt16], protocols: [UInt8]) {
    self.tcp = tcp
    self.udp = udp
    self.protocols = protocols
  }
}

/// The reply to ``AgentRequest/probe(_:)``: `Probing.Outcome` as text, one an attempt.
struct ProbeReply: Codable {
  let outcomes: [String]
}

/// The reply to ``AgentRequest/listen(_:)``: what cannot be listened to here, and why.
struct ListenReply: Codable {
  let unheard: [String]
}

/// The reply to ``AgentRequest/arrivals``: `Probing.Arrival` as text.
struct ArrivalsReply: Codable {
  let arrivals: [String]
}

/// The reply to ``AgentRequest/ruleset``; the tables follow it in the same line.
struct RulesetReply: Codable {
  let generation: UInt32
}

extension HostRuleset {
  /// The reply as one line, without the line break.
  func line(id: Int) throws -> [UInt8] {
    try AgentReply(id: id, reply: RulesetReply(generation: generation)).line().with(
      nftables: Table.dump(tables))
  }

  /// - Throws: ``AgentFailure`` `.unreachable`.
  init(reply line: [UInt8]) throws(AgentFailure) {
    do {
      guard let content = try JSONDecoder().decode(AgentReply<RulesetReply>.self, from: Data(line)).reply
      else {
        throw AgentFailure(.unreachable, "the other end answered another question")
      }
      self.init(generation: content.generation, tables: try Table.tables(fromJSON: line))
    } catch {
      throw AgentFailure(.unreachable, "the ruleset that the other end sent cannot be read: \(error)")
    }
  }
}

extension [UInt8] {
  /// A JSON object with an array more.
  fileprivate func with(nftables: [UInt8]) -> [UInt8] {
    // Line breaks stand between tokens only: within strings they are escaped.
    dropLast() + Array(",\"nftables\":".utf8)
      + nftables.map { $0 == UInt8(ascii: "\n") ? UInt8(ascii: " ") : $0 } + [UInt8(ascii: "}")]
  }
}

/// The reply to ``AgentRequest/listing``.
struct ListingReply: Codable {
  let text: String?
}

extension AgentRequest {
  private struct Header: Codable {
    let id: Int
    let request: String
    var seen: RulesetMoment?
    var attempts: [String]?
    var tcp: [UInt16]?
    var udp: [UInt16]?
    var protocols: [UInt8]?
  }

  /// The request as one line, without the line break.
  ///
  /// - Throws: ``AgentFailure`` when the table cannot be said in JSON.
  func line(id: Int) throws(AgentFailure) -> [UInt8] {
    let (header, table): (Header, Table?) =
      switch self {
      case .hello: (Header(id: id, request: "hello"), nil)
      case .status: (Header(id: id, request: "status"), nil)
      case .listing: (Header(id: id, request: "listing"), nil)
      case .ruleset: (Header(id: id, request: "ruleset"), nil)
      case .track(let seen): (Header(id: id, request: "track", seen: seen), nil)
      case .arrivals: (Header(id: id, request: "arrivals"), nil)
      case .probe(let attempts): (Header(id: id, request: "probe", attempts: attempts), nil)
      case .listen(let ports):
        (
          Header(id: id, request: "listen", tcp: ports.tcp, udp: ports.udp, protocols: ports.protocols), nil
        )
      case .compare(let wanted): (Header(id: id, request: "compare"), wanted)
      case .apply(let request):
        (Header(id: id, request: "apply", seen: request.seen), request.wanted)
      }
    do {
      let bytes = Array(try JSONEncoder().encode(header))
      return if let table { bytes.with(nftables: try table.jsonCommands()) } else { bytes }
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
      case "status": return (header.id, .status)
      case "listing": return (header.id, .listing)
      case "ruleset": return (header.id, .ruleset)
      case "arrivals": return (header.id, .arrivals)
      case "track":
        guard let seen = header.seen else {
          throw AgentFailure(.badRequest, "track needs the moment that was looked at")
        }
        return (header.id, .track(after: seen))
      case "probe": return (header.id, .probe(header.attempts ?? []))
      case "listen":
        return (
          header.id,
          .listen(
            ListenPorts(tcp: header.tcp ?? [], udp: header.udp ?? [], protocols: header.protocols ?? []))
        )
      case "compare": return (header.id, .compare(try table(line)))
      case "apply":
        let request = ApplyRequest(wanted: try table(line), seen: header.seen)
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
