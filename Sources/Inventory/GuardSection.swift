extension MappingSchema {
  static let `guard` = Self(
    "a guard",
    [
      Key(
        .never, .mapping(.never), "No path of at most so many allowed connections leads there."),
      Key(
        .only, .mapping(.only),
        "What goes `to` there (with that service) comes only `from` here; two of the three at least."),
      Key(.expect, .mapping(.expect), "These connections are allowed, or denied."),
      Key(.isolated, .selector, "No flow touches these hosts."),
      Key(.through, .mapping(.through), "Every path there crosses these hosts."),
      Key(.why, .text, "The reason, for the person who would like to remove the guard."),
    ],
    rules: [.exactlyOne([.never, .only, .expect, .isolated, .through])])

  static let never = Self(
    "`never`",
    [
      from, to, Key(.service, .names, "Of the last connection; without it any service."),
      Key(
        .within, .pattern(.hops), isRequired: true,
        "How far it looks: `1 hop` at flows alone, `3 hops` also at paths through two hosts between."),
    ])

  static let only = Self(
    "`only`",
    [
      Key(.from, .selector, "Who alone may."), Key(.to, .selector, "What is limited."),
      Key(.service, .names, "With which services; without it with any."),
    ], rules: [.atLeast(2)])

  static let expect = Self(
    "`expect`",
    [
      from, to, Key(.service, .names, isRequired: true, "The name of a service, or a list of names."),
      Key(
        .verdict, .words(ExpectedVerdict.self), isRequired: true,
        "allowed: every one of them by flows; denied: none of them."),
    ])

  static let through = Self(
    "`through`",
    [from, to, Key(.via, .selector, isRequired: true, "Hosts on the path, or gateways that forward it.")])

  private static let from = Key(.from, .selector, isRequired: true, "Where paths begin: a selector.")
  private static let to = Key(.to, .selector, isRequired: true, "Where they lead: a selector.")
}

extension InventoryLoader {
  private static let statements: [Keyword] = [.never, .only, .expect, .isolated, .through]

  mutating func readGuard(_ rule: YAMLEntry) {
    guard let name = declareOwn(rule, .guards, "guard"), expectMapping(rule.value, "a guard") else { return }
    var found: [YAMLEntry] = []
    var why: String?
    for entry in tree.entries(rule.value) {
      switch MappingSchema.guard.keyword(entry) {
      case .never, .only, .expect, .isolated, .through: found.append(entry)
      case .why: why = text(entry.value, "why")
      default: unknownKey(entry, in: .guard, of: rule.value)
      }
    }
    guard let entry = found.first, found.count == 1 else {
      return error(
        found.last?.key ?? rule.key, "a guard has exactly one statement",
        help: "write one of \(Self.list(Self.statements.map(\.rawValue)))")
    }
    guard let keyword = MappingSchema.guard.keyword(entry), let statement = statement(keyword, entry) else {
      return
    }
    draft.guards.append(GuardDraft(name: name, key: rule.key, statement: statement, why: why))
  }

  private mutating func statement(_ keyword: Keyword, _ entry: YAMLEntry) -> GuardDraft.Statement? {
    switch keyword {
    case .never:
      guard let values = values(entry, .never),
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
      guard let values = values(entry, .only) else { return nil }
      guard values.count > 1, values[.from] != nil || values[.to] != nil else {
        error(
          entry.key, "`only` needs what is limited and what it is limited to",
          help: "`only: {from: egress-proxy, to: internet}`: nothing else has a flow there")
        return nil
      }
      return .only(from: values[.from], to: values[.to], service: values[.service])
    case .expect:
      guard let values = values(entry, .expect),
        let from = required(values[.from], "from", entry.key),
        let to = required(values[.to], "to", entry.key),
        let service = required(values[.service], "service", entry.key),
        let verdict = required(values[.verdict], "verdict", entry.key),
        let word = word(verdict, "verdict", ExpectedVerdict.self)
      else { return nil }
      return .expect(from: from, to: to, service: service, allowed: word == .allowed)
    case .through:
      guard let values = values(entry, .through),
        let from = required(values[.from], "from", entry.key),
        let to = required(values[.to], "to", entry.key),
        let via = required(values[.via], "via", entry.key)
      else { return nil }
      return .through(from: from, to: to, via: via)
    default: return .isolated(entry.value)
    }
  }

  private mutating func values(_ statement: YAMLEntry, _ schema: MappingSchema) -> [Keyword: NodeID]? {
    guard expectMapping(statement.value, schema.what) else { return nil }
    var result: [Keyword: NodeID] = [:]
    for entry in tree.entries(statement.value) {
      if let keyword = schema.keyword(entry) {
        result[keyword] = entry.value
      } else {
        unknownKey(entry, in: schema, of: statement.value)
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
enum ExpectedVerdict: String, CaseIterable {
  case allowed, denied
}
