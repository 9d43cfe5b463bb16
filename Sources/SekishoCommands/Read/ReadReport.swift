internal import ConnectionDiff
internal import Diagnostics
internal import Nftables
internal import Policy

/// Rulesets as text and JSON.
struct ReadReport {
  let console: Console
  /// Whether there is one ruleset only, which then needs no title.
  let isAlone: Bool

  func write(_ ruleset: ReadRuleset, allows: Bool) throws {
    let tables: [Table]
    switch ruleset.tables {
    case .success(let read): tables = read
    case .failure(let error): return console.error("\(ruleset.name): \(error)")
    }
    if !isAlone { try console.line(console.styled(ruleset.name, .bold)) }
    if allows { return try write(ruleset.allowed()) }
    for table in tables { try console.write(try table.listing(TextStyle(.listing, isStateless: true))) }
    if tables.isEmpty { console.message("\(ruleset.name) has no tables") }
  }

  private func write(_ allowed: [AllowedConnections]) throws {
    for connections in allowed {
      try console.line(console.styled(title(connections.direction), .bold))
      if !connections.isFiltered {
        try console.line("  everything")
        continue
      }
      for line in connections.lines { try console.line("  \(console.styled("+", .opens)) \(line.words)") }
      if connections.lines.isEmpty, connections.possible.isEmpty { try console.line("  nothing") }
      if !connections.possible.isEmpty {
        try console.line("  and perhaps, depending on more than the connection:")
        for line in connections.possible {
          try console.line("  \(console.styled("~", .changes)) \(line.words)")
        }
      }
      if !connections.letsRepliesPass, !connections.lines.isEmpty || !connections.possible.isEmpty {
        try console.line(
          "  \(console.styled("!", .changes)) replies and errors of what was let through do not all pass")
      }
    }
  }

  private func title(_ direction: Direction) -> String {
    switch direction {
    case .ingress: "New connections in"
    case .egress: "New connections out"
    case .forward: "New connections through"
    }
  }

  // MARK: - JSON

  private struct File: Encodable {
    struct Ruleset: Encodable {
      let name: String
      let directions: [Allowed]?
      let error: String?
    }

    struct Allowed: Encodable {
      let direction: String
      let isFiltered: Bool
      let allowed: [LineJSON]
      let possible: [LineJSON]
      let letsRepliesPass: Bool
    }

    let format_version = 1
    let rulesets: [Ruleset]
  }

  /// What passes; or the tables, as libnftables-json(5) writes them.
  func writeJSON(_ rulesets: [ReadRuleset], allows: Bool) throws {
    for case .failure(let error) in rulesets.map(\.tables) { console.error("\(error)") }
    if !allows {
      let tables = rulesets.flatMap { (try? $0.tables.get()) ?? [] }
      return try console.write(
        Array("{\"format_version\":1,\"nftables\":".utf8) + Table.dump(tables) + Array("}\n".utf8))
    }
    let sources = Sources(files: [])
    let answers = try rulesets.map { ruleset -> File.Ruleset in
      if case .failure(let error) = ruleset.tables {
        return File.Ruleset(name: ruleset.name, directions: nil, error: "\(error)")
      }
      let directions = try ruleset.allowed().map { connections in
        File.Allowed(
          direction: connections.direction.rawValue, isFiltered: connections.isFiltered,
          allowed: connections.lines.map { LineJSON($0, sources) },
          possible: connections.possible.map { LineJSON($0, sources) },
          letsRepliesPass: connections.letsRepliesPass)
      }
      return File.Ruleset(name: ruleset.name, directions: directions, error: nil)
    }
    try console.write(try JSONOutput.encode(File(rulesets: answers)))
  }
}
