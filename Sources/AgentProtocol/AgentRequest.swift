package import Nftables

/// Something that an agent can be asked.
///
/// A request is a type in a file of its own, with the type of its reply; what carries it out on a host is
/// one handler, and nothing else knows it by name.
package protocol AgentRequest: AgentMessage {
  /// What the answer holds.
  associatedtype Reply: AgentMessage
  /// What an agent may tell ahead of the answer; it goes on when that was acknowledged.
  associatedtype Event: Codable & Sendable = Never

  /// What it is called on the wire.
  static var name: String { get }
  /// Whether it may change the host: with the answer lost, what happened is then unknown.
  static var isChange: Bool { get }
}

extension AgentRequest {
  package static var isChange: Bool { false }
}

/// What travels in one direction: a header, which is one line, and tables, each a line behind it.
package protocol AgentMessage: Sendable {
  /// Everything but the tables.
  associatedtype Header: Codable & Sendable

  var header: Header { get }
  var tables: [Table] { get }

  /// Puts together what has arrived.
  ///
  /// - Throws: ``AgentFailure`` when header and tables do not belong together.
  init(_ header: Header, _ tables: [Table]) throws(AgentFailure)

  /// A table as a line, without the line break.
  ///
  /// - Throws: ``AgentFailure`` when the table cannot be said.
  static func line(_ table: Table) throws(AgentFailure) -> [UInt8]
}

extension AgentMessage {
  /// Whatever the table holds is said (``Nftables/Table/dump(_:)``).
  package static func line(_ table: Table) throws(AgentFailure) -> [UInt8] {
    TableLine.of(Table.dump([table]))
  }
}

extension AgentMessage where Self: Codable, Header == Self {
  package var header: Self { self }
  package var tables: [Table] { [] }

  package init(_ header: Self, _ tables: [Table]) throws(AgentFailure) {
    guard tables.isEmpty else { throw AgentFailure(.badRequest, "tables where none belong") }
    self = header
  }
}

/// A header without anything in it.
package struct Nothing: Hashable, Sendable, Codable {
  package init() {}
}

/// A table on the wire: libnftables-json(5) on one line.
enum TableLine {
  /// A table that is to be put in place: exactly as a compile writes it.
  static func exact(_ table: Table) throws(AgentFailure) -> [UInt8] {
    do throws(TextError) {
      return of(try table.jsonCommands())
    } catch {
      throw AgentFailure(.badRequest, "the ruleset cannot be sent: \(error)")
    }
  }

  /// Line breaks stand between tokens only: within strings they are escaped.
  static func of(_ objects: [UInt8]) -> [UInt8] {
    Array("{\"nftables\":".utf8) + objects.map { $0 == UInt8(ascii: "\n") ? UInt8(ascii: " ") : $0 }
      + [UInt8(ascii: "}")]
  }

  /// - Throws: ``AgentFailure`` `.badRequest`.
  static func read(_ line: [UInt8]) throws(AgentFailure) -> Table {
    let tables: [Table]
    do {
      tables = try Table.tables(fromJSON: line)
    } catch {
      throw AgentFailure(.badRequest, "a table cannot be read: \(error)")
    }
    guard tables.count == 1 else {
      throw AgentFailure(.badRequest, "a line carries one table, not \(tables.count)")
    }
    return tables[0]
  }
}
