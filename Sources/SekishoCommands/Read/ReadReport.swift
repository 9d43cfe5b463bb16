internal import ConnectionDiff
internal import Diagnostics
internal import Nftables
internal import Policy

/// Rulesets as an answer.
struct ReadReport {
  let rulesets: [ReadRuleset]
  /// Whether it is told which connections pass, rather than the rules.
  let tellsAllowed: Bool

  /// - Parameter asJSON: tables are printed in one form only: all of a ruleset may be much.
  func answer(asJSON: Bool) throws -> Answer {
    var answer = Answer()
    if rulesets.contains(where: \.isFailure) { answer.exitCode = .failed }
    if !tellsAllowed, asJSON {
      let tables = rulesets.flatMap { (try? $0.tables.get()) ?? [] }
      answer.data = .json(
        Array("{\"format_version\":\(JSONOutput.formatVersion),\"nftables\":".utf8) + Table.dump(tables)
          + Array("}\n".utf8))
    }
    var told: [File.Ruleset] = []
    for ruleset in rulesets {
      let tables: [Table]
      switch ruleset.tables {
      case .success(let read): tables = read
      case .failure(let error):
        answer.parts.append(.failure("\(ruleset.name): \(error)"))
        told.append(File.Ruleset(name: ruleset.name, directions: nil, error: FailureJSON(error)))
        continue
      }
      answer.parts += ruleset.remarks.map { .remark($0) }
      if rulesets.count > 1 {
        answer.parts.append(.chapter(.sentence("\(ruleset.name, .strong)")))
      }
      if tellsAllowed {
        let allowed = try ruleset.allowed()
        answer.parts += allowed.map { .chapter(chapter($0)) }
        told.append(
          File.Ruleset(name: ruleset.name, directions: allowed.map { File.Allowed($0) }, error: nil))
      } else if !asJSON {
        answer.parts += try tables.map {
          .verbatim(try $0.listing(TextStyle(.listing, isStateless: true)))
        }
        answer.parts += tables.compactMap { table in
          table.loadingObstacle.map { .remark("table \(table.family) \(table.name): \($0)") }
        }
        if tables.isEmpty { answer.parts.append(.remark("\(ruleset.name) has no tables")) }
      }
    }
    if tellsAllowed { answer.data = .document(File(rulesets: told)) }
    return answer
  }

  private func chapter(_ connections: AllowedConnections) -> Chapter {
    let title = Words(title(connections.direction), .strong)
    if !connections.isFiltered { return Chapter(.facts, title, ["everything"]) }
    let nowhere = Sources(files: [])
    var entries = connections.lines.map { $0.entry(.opens, nowhere) }
    if entries.isEmpty, connections.possible.isEmpty { entries.append("nothing") }
    if !connections.possible.isEmpty {
      entries.append("and perhaps, depending on more than the connection:")
      entries += connections.possible.map { $0.entry(.changes, nowhere) }
    }
    if !connections.letsRepliesPass, !connections.lines.isEmpty || !connections.possible.isEmpty {
      entries.append(
        Entry(.risk, "replies and errors of what was let through do not all pass"))
    }
    return Chapter(.facts, title, entries)
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
      let error: FailureJSON?
    }

    struct Allowed: Encodable {
      let direction: String
      let isFiltered: Bool
      let allowed: [LineJSON]
      let possible: [LineJSON]
      let letsRepliesPass: Bool

      init(_ connections: AllowedConnections) {
        let nowhere = Sources(files: [])
        direction = connections.direction.rawValue
        isFiltered = connections.isFiltered
        allowed = connections.lines.map { LineJSON($0, nowhere) }
        possible = connections.possible.map { LineJSON($0, nowhere) }
        letsRepliesPass = connections.letsRepliesPass
      }
    }

    let rulesets: [Ruleset]
  }
}
