extension InventoryLoader {
  private static let statements: [Keyword] = [.never, .only, .expect, .isolated, .through]

  mutating func readGuard(_ rule: YAMLEntry) {
    guard let name = declareOwn(rule, .guards, "guard"), expectMapping(rule.value, "a guard") else { return }
    var found: [YAMLEntry] = []
    for entry in tree.entries(rule.value) {
      switch Keyword(entry.symbol) {
      case .never, .only, .expect, .isolated, .through: found.append(entry)
      case .why: _ = text(entry.value, "why")
      default: unknownKey(entry, in: "a guard", Self.statements + [.why])
      }
    }
    guard let entry = found.first, found.count == 1 else {
      return error(
        found.last?.key ?? rule.key, "a guard has exactly one statement",
        help: "write one of \(Self.list(Self.statements.map(\.rawValue)))")
    }
    guard let keyword = Keyword(entry.symbol), let statement = statement(keyword, entry) else { return }
    draft.guards.append(GuardDraft(name: name, key: rule.key, statement: statement))
  }

  private mutating func statement(_ keyword: Keyword, _ entry: YAMLEntry) -> GuardDraft.Statement? {
    switch keyword {
    case .never:
      guard let values = values(entry, [.from, .to, .service, .within]),
        let from = required(values[.from], "from", entry.key), let to = required(values[.to], "to", entry.key)
      else { return nil }
      guard let within = values[.within] else {
        error(
          entry.key, "`never` does not say how far it looks",
          help: "`within: 1 hop` forbids a flow, `within: 3 hops` also a path through two hosts between")
        return nil
      }
      guard let hops = readHops(within) else { return nil }
      return .never(from: from, to: to, service: values[.service], hops: hops)
    case .only:
      guard let values = values(entry, [.from, .to, .service]) else { return nil }
      guard values.count > 1, values[.from] != nil || values[.to] != nil else {
        error(
          entry.key, "`only` needs what is limited and what it is limited to",
          help: "`only: {from: egress-proxy, to: internet}`: nothing else has a flow there")
        return nil
      }
      return .only(from: values[.from], to: values[.to], service: values[.service])
    case .expect:
      guard let values = values(entry, [.from, .to, .service, .verdict]),
        let from = required(values[.from], "from", entry.key),
        let to = required(values[.to], "to", entry.key),
        let service = required(values[.service], "service", entry.key),
        let verdict = required(values[.verdict], "verdict", entry.key),
        let word = word(verdict, "verdict", ExpectedVerdict.self)
      else { return nil }
      return .expect(from: from, to: to, service: service, allowed: word == .allowed)
    case .through:
      guard let values = values(entry, [.from, .to, .via]),
        let from = required(values[.from], "from", entry.key),
        let to = required(values[.to], "to", entry.key),
        let via = required(values[.via], "via", entry.key)
      else { return nil }
      return .through(from: from, to: to, via: via)
    default: return .isolated(entry.value)
    }
  }

  private mutating func values(_ statement: YAMLEntry, _ known: [Keyword]) -> [Keyword: NodeID]? {
    let name = tree.string(statement.key)
    guard expectMapping(statement.value, "`\(name)`") else { return nil }
    var result: [Keyword: NodeID] = [:]
    for entry in tree.entries(statement.value) {
      if let keyword = Keyword(entry.symbol), known.contains(keyword) {
        result[keyword] = entry.value
      } else {
        unknownKey(entry, in: "`\(name)`", known)
      }
    }
    return result
  }

  /// `1 hop`, `3 hops`.
  private mutating func readHops(_ node: NodeID) -> Int? {
    let words = tree.string(node).split(separator: " ", omittingEmptySubsequences: false)
    if words.count == 2, let number = Int(words[0]), (1...64).contains(number), String(number) == words[0],
      words[1] == (number == 1 ? "hop" : "hops")
    {
      return number
    }
    error(
      node, "`within` is a number of hops, not \(found(node))", help: "write `within: 3 hops`, at most 64")
    return nil
  }
}

/// The words of `verdict`.
private enum ExpectedVerdict: String, CaseIterable {
  case allowed, denied
}
