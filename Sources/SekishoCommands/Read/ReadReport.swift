internal import ConnectionDiff
internal import Diagnostics
internal import Nftables
internal import Operations
internal import Policy
internal import RulesetSpace

/// Rulesets as an answer.
struct ReadReport {
  let rulesets: [ReadRuleset]
  /// Whether it is told which connections pass, rather than the rules.
  let tellsAllowed: Bool
  let links: AllowedConnections.Links

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
        let allowed = try ruleset.allowed(links)
        for (direction, result) in allowed {
          switch result {
          case .success(let connections): answer.parts.append(.chapter(chapter(connections)))
          case .failure(let error):
            answer.parts.append(
              .chapter(Chapter(.facts, Words(title(direction), .strong), [Entry(.risk, "\("\(error)")")])))
            answer.exitCode = .failed
          }
        }
        told.append(
          File.Ruleset(
            name: ruleset.name, directions: allowed.map { File.Allowed($0, $1) }, error: nil))
      } else if !asJSON {
        answer.parts += try tables.map {
          .verbatim(try $0.listing(TextStyle(.listing, isStateless: true)))
        }
        answer.parts += tables.compactMap { table in
          table.loadingObstacle.map { .remark("table \(table.family) \(table.name): \($0)") }
        }
        if let legacy = KernelWords([.legacy], links.kernel).legacy { answer.parts.append(.remark(legacy)) }
        if tables.isEmpty { answer.parts.append(.remark("\(ruleset.name) has no tables")) }
      }
    }
    if tellsAllowed { answer.data = .document(File(rulesets: told)) }
    return answer
  }

  private func chapter(_ connections: AllowedConnections) -> Chapter {
    let title = Words(title(connections.direction), .strong)
    let nowhere = Sources(files: [])
    let obstacles = KernelWords(connections.obstacles, links.kernel).entries
    if !connections.isFiltered {
      return Chapter(.facts, title, ["everything"] + obstacles + connections.beside(nowhere))
    }
    // A ruleset that stops nothing there is not what does.
    if connections.direction == .forward, links.kernel.forwardsNothing {
      return Chapter(.facts, title, ["nothing"] + obstacles)
    }
    var entries = connections.lines.map { $0.entry(.opens, nowhere) }
    if entries.isEmpty, connections.possible.isEmpty { entries.append("nothing") }
    if !connections.possible.isEmpty {
      entries.append("and perhaps, depending on more than the connection:")
      entries += connections.possible.map { $0.entry(.changes, nowhere) }
    }
    if !connections.lines.isEmpty || !connections.possible.isEmpty {
      let what = "replies and errors of what was let through"
      switch connections.replies {
      case .all: break
      case .perhaps: entries.append(Entry(.changes, "\(what) may not all pass"))
      case .notAll: entries.append(Entry(.risk, "\(what) do not all pass"))
      }
    }
    return Chapter(.facts, title, entries + obstacles + connections.beside(nowhere))
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

    struct Later: Encodable {
      let time: String
      let opens: [LineJSON]
      let closes: [LineJSON]
    }

    struct Allowed: Encodable {
      let direction: String
      let error: String?
      var isFiltered: Bool?
      var allowed: [LineJSON]?
      var possible: [LineJSON]?
      var translations: [TranslationJSON]?
      var masquerading: [String]?
      var later: [Later]?
      var timedSets: [String]?
      var isApartFromOwnAddresses: Bool?
      /// Names of bridges of containers, of which something else is to be said.
      var apartFromBridges: [String]?
      var givenUp: [String]?
      var letsRepliesPass: Bool?
      var besideTables: [String]?

      init(_ direction: Direction, _ result: Result<AllowedConnections, any Error>) {
        self.direction = direction.rawValue
        switch result {
        case .failure(let reason): error = "\(reason)"
        case .success(let connections):
          error = nil
          let nowhere = Sources(files: [])
          isFiltered = connections.isFiltered
          allowed = connections.lines.map { LineJSON($0, nowhere) }
          possible = connections.possible.map { LineJSON($0, nowhere) }
          translations = connections.translations.map { TranslationJSON($0) }
          masquerading = connections.masquerading
          later = connections.later.map { later in
            Later(
              time: "\(later.moment)", opens: later.opens.map { LineJSON($0, nowhere) },
              closes: later.closes.map { LineJSON($0, nowhere) })
          }
          timedSets = connections.timedSets
          isApartFromOwnAddresses = connections.isApartFromOwn
          apartFromBridges = connections.bridges?.names ?? []
          givenUp = connections.givenUp.chains
          letsRepliesPass = connections.replies == .all
          besideTables = KernelWords.codes(connections.obstacles)
        }
      }
    }

    let rulesets: [Ruleset]
  }
}

extension BridgesApart {
  var entry: Entry {
    let (way, options) =
      isOfInput && isOfOutput
      ? ("comes or goes", "--in NAME and --out NAME tell")
      : isOfInput ? ("comes", "--in NAME tells") : ("goes", "--out NAME tells")
    return "what \(way) by bridges of containers (\(listed(names))) apart; \(options) it"
  }
}

extension AllowedConnections {
  /// What else there is to know of what passes.
  fileprivate func beside(_ nowhere: Sources) -> [Entry] {
    var entries: [Entry] = []
    if isApartFromOwn, isFiltered {
      entries.append("sources that are the machine's own addresses apart; --host NAME says them")
    }
    if let bridges { entries.append(bridges.entry) }
    entries += translations.map(\.entry)
    if !masquerading.isEmpty {
      entries.append(
        "the source is translated by table \(listed(masquerading)), which only chains behind that see")
    }
    for later in later {
      entries.append("by itself, at \(later.moment):")
      entries += later.opens.map { $0.entry(.opens, nowhere) }
      entries += later.closes.map { $0.entry(.closes, nowhere) }
    }
    if !timedSets.isEmpty, isFiltered {
      entries.append("elements of set \(listed(timedSets)) go by themselves when their time is over")
    }
    if !givenUp.isEmpty { entries.append(Entry(.risk, "\("\(givenUp)")")) }
    return entries
  }
}
