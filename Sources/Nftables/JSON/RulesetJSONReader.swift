internal import JSONStrings

extension Table {
  /// Reads the tables of a libnftables-json(5) text: what ``dump(_:)`` writes, or a file for `nft -j -f`.
  ///
  /// Dates (`meta time`) are read in UTC. What is not modelled becomes opaque: objects as ``OpaqueObject``,
  /// statements as an opaque step named after them that no kernel takes. Elements of sets that rules fill are left
  /// out.
  ///
  /// - Throws: ``RulesetJSONError``.
  public static func tables(fromJSON bytes: [UInt8]) throws(RulesetJSONError) -> [Table] {
    var reader = RulesetJSONReader()
    return try reader.tables(of: bytes)
  }

  /// Reads what `nft -j list ruleset` printed somewhere, as far as it is understood: one rule or set that is not does
  /// not hide the others, and becomes opaque.
  ///
  /// - Parameters:
  ///   - bytes: what `nft -j list ruleset` prints.
  ///   - clock: that of the machine where it was printed.
  /// - Returns: the tables, and what was not understood of them.
  /// - Throws: ``RulesetJSONError`` where it is no ruleset at all.
  public static func tables(
    listed bytes: [UInt8], clock: LocalClock
  ) throws(RulesetJSONError) -> (tables: [Table], misunderstood: [RulesetJSONError]) {
    var reader = RulesetJSONReader(clock: clock)
    let tables = try reader.tables(of: bytes)
    return (tables, reader.misunderstood)
  }
}

extension RulesetJSONReader {
  fileprivate mutating func tables(of bytes: [UInt8]) throws(RulesetJSONError) -> [Table] {
    let root: JSONValue
    do throws(JSONSyntaxError) {
      root = try JSONValue(parsing: bytes)
    } catch {
      throw RulesetJSONError(.syntax(error.reason, offset: error.offset))
    }
    guard let list = root["nftables"] else { throw RulesetJSONError(.missing("nftables")) }
    guard let objects = list.array else {
      throw RulesetJSONError(.expected("an array", found: list.kind)).under("nftables")
    }
    for (index, object) in objects.enumerated() {
      do throws(RulesetJSONError) {
        try take(object, at: index)
      } catch {
        let error = error.under(index).under("nftables")
        guard isTolerant, let (kind, body) = object.onlyMember, note(kind, body) else { throw error }
        misunderstood.append(error)
      }
    }
    return try tables()
  }
}

/// Collects the objects of a ruleset and puts tables together.
struct RulesetJSONReader {
  /// Of the machine where the text was printed; `nil`: it is our own, and has to be understood whole.
  private let clock: LocalClock?
  fileprivate var isTolerant: Bool { clock != nil }
  fileprivate var misunderstood: [RulesetJSONError] = []

  init(clock: LocalClock? = nil) { self.clock = clock }

  private struct Pending {
    let value: JSONValue
    /// Index in the array under `nftables`.
    let index: Int
    /// The keys that lead from there to the value.
    let path: String
  }

  private struct Draft {
    let family: Family
    let name: TableName
    let flags: TableFlags
    let comment: String?
    /// Whether nobody can tell from the text whether the table is dormant.
    let hasUnknownFlags: Bool
    /// Sets whose elements the text has apart from them.
    var unknownSets: Set<String> = []
    var chains: [(chain: Chain, rules: [Pending])] = []
    var sets: [Pending] = []
    var others: [OpaqueObject] = []
  }

  private var drafts: [Draft] = []

  // MARK: Objects

  mutating func take(_ object: JSONValue, at index: Int) throws(RulesetJSONError) {
    guard let (verb, value) = object.onlyMember else {
      throw RulesetJSONError(.expected("an object with one key", found: object.kind))
    }
    switch verb {
    case "metainfo": return
    case "add", "create":
      guard let (kind, body) = value.onlyMember else {
        throw RulesetJSONError(.expected("an object with one key", found: value.kind)).under(verb)
      }
      do throws(RulesetJSONError) {
        try take(kind, body, Pending(value: body, index: index, path: "\(verb).\(kind)"))
      } catch {
        throw error.under(kind).under(verb)
      }
    case "delete", "flush":
      do throws(RulesetJSONError) {
        try remove(value, verb)
      } catch {
        throw error.under(verb)
      }
    default:
      do throws(RulesetJSONError) {
        try take(verb, value, Pending(value: value, index: index, path: verb))
      } catch {
        throw error.under(verb)
      }
    }
  }

  /// What files that replace a table have in front; nothing else is taken away in a text.
  private mutating func remove(_ value: JSONValue, _ verb: String) throws(RulesetJSONError) {
    guard let (kind, body) = value.onlyMember else {
      throw RulesetJSONError(.expected("an object with one key", found: value.kind))
    }
    switch (verb, kind) {
    case ("flush", "ruleset"): drafts = []
    case ("delete", "table"):
      let family = try Self.family(body)
      let name = try body.name(TableName.self, "name")
      drafts.removeAll { $0.family == family && $0.name == name }
    default: throw RulesetJSONError(.expected("a table to delete", found: "\(verb) \(kind)"))
    }
  }

  private mutating func take(
    _ kind: String, _ body: JSONValue, _ pending: Pending
  ) throws(RulesetJSONError) {
    switch kind {
    case "table":
      let family = try Self.family(body)
      let name = try body.name(TableName.self, "name")
      // To add a table that is there already changes nothing.
      if drafts.contains(where: { $0.family == family && $0.name == name }) { return }
      var flags: TableFlags? = []
      if body["flags"] != nil {
        do throws(RulesetJSONError) { flags = try Self.tableFlags(body) } catch {
          if !isTolerant { throw error }
          misunderstood.append(error.under(kind).under(pending.index).under("nftables"))
          flags = nil
        }
      }
      drafts.append(
        Draft(
          family: family, name: name, flags: flags ?? [], comment: try body.optionalString("comment"),
          hasUnknownFlags: flags == nil))
    case "chain":
      let draft = try draft(of: body)
      let chain = try Self.chain(body, family: drafts[draft].family)
      guard !drafts[draft].chains.contains(where: { $0.chain.name == chain.name }) else {
        throw RulesetJSONError(.duplicate("chain \(chain.name)"))
      }
      drafts[draft].chains.append((chain, []))
    case "set", "map": drafts[try draft(of: body)].sets.append(pending)
    case "rule":
      let draft = try draft(of: body)
      let name = try body.name(ChainName.self, "chain")
      guard let chain = drafts[draft].chains.firstIndex(where: { $0.chain.name == name }) else {
        throw RulesetJSONError(.unknownReference("chain \(name)"))
      }
      drafts[draft].chains[chain].rules.append(pending)
    case "element":
      throw RulesetJSONError(.expected("elements within their set", found: "element"))
    default:
      // Named counters, quotas, limits, flowtables, helpers.
      let draft = try draft(of: body)
      let name = try body.optionalString("name") ?? ""
      drafts[draft].others.append(OpaqueObject(kind: kind, name: name))
    }
  }

  private func draft(of body: JSONValue) throws(RulesetJSONError) -> Int {
    let family = try Self.family(body)
    let name = try body.name(TableName.self, "table")
    guard let index = drafts.firstIndex(where: { $0.family == family && $0.name == name }) else {
      throw RulesetJSONError(.unknownReference("table \(family) \(name)"))
    }
    return index
  }

  private static func family(_ body: JSONValue) throws(RulesetJSONError) -> Family {
    let word = try body.string("family")
    let families: [Family] = [.inet, .ipv4, .ipv6, .arp, .bridge, .netdev]
    guard let family = families.first(where: { $0.description == word }) else {
      throw RulesetJSONError(.invalid("no family is called \(word.debugDescription)")).under("family")
    }
    return family
  }

  private static func tableFlags(_ body: JSONValue) throws(RulesetJSONError) -> TableFlags {
    switch body["flags"] {
    case .integer(let number)?: return TableFlags(rawValue: UInt32(truncatingIfNeeded: number))
    case .string("dormant")?: return .dormant
    case .array(let words)? where words.count == 1 && words[0].string == "dormant": return .dormant
    default: throw RulesetJSONError(.expected("flags of a table", found: "something else")).under("flags")
    }
  }

  private static func chain(_ body: JSONValue, family: Family) throws(RulesetJSONError) -> Chain {
    let name = try body.name(ChainName.self, "name")
    let comment = try body.optionalString("comment")
    guard let type = try body.optionalString("type") else {
      return Chain(name: name, comment: comment, rules: [])
    }
    let word = try body.string("hook")
    guard let hook = Hook(name: word, family: family) else {
      throw RulesetJSONError(.invalid("no hook is called \(word.debugDescription)")).under("hook")
    }
    guard let priority = body["prio"]?.integer.flatMap(Int32.init(exactly:)) else {
      throw RulesetJSONError(.expected("a priority", found: body["prio"]?.kind ?? "nothing")).under("prio")
    }
    var policy: ChainPolicy?
    switch try body.optionalString("policy") {
    case "drop"?: policy = .drop
    case "accept"?: policy = .accept
    case nil: break
    case let word?:
      throw RulesetJSONError(.invalid("no policy is called \(word.debugDescription)")).under("policy")
    }
    var devices: [String] = []
    switch body["dev"] {
    case nil: break
    case .string(let device)?: devices = [device]
    case .array(let list)?: devices = list.compactMap(\.string)
    case let other?: throw RulesetJSONError(.expected("a device", found: other.kind)).under("dev")
    }
    return Chain(
      name: name,
      base: BaseChain(
        type: type, hook: hook, priority: ChainPriority(rawValue: priority), policy: policy,
        devices: devices.sorted()), comment: comment, rules: [])
  }

  /// Keeps in its table that something is there which was not understood.
  ///
  /// - Returns: `false` where its table is not known either.
  fileprivate mutating func note(_ kind: String, _ body: JSONValue) -> Bool {
    guard kind != "table", let draft = try? draft(of: body) else { return false }
    let name = body["name"]?.string ?? body["chain"]?.string ?? ""
    if kind == "element" { drafts[draft].unknownSets.insert(name) }
    drafts[draft].others.append(OpaqueObject(kind: "opaque \(kind)", name: name))
    return true
  }

  // MARK: Tables

  mutating func tables() throws(RulesetJSONError) -> [Table] {
    var tables: [Table] = []
    for draft in drafts { tables.append(try table(draft)) }
    return tables
  }

  private mutating func table(_ draft: Draft) throws(RulesetJSONError) -> Table {
    let filled = Self.filledSets(draft.chains.flatMap(\.rules).map(\.value))
    var sets: [NamedSet] = []
    var others = draft.others
    var byName: [SetName: NamedSet] = [:]
    for pending in draft.sets {
      let value = clock.map { pending.value.inUTC($0) } ?? pending.value
      let read = try located(pending) { () throws(RulesetJSONError) in
        try SetJSONReader.set(value, isFilled: { filled.contains($0) })
      } instead: {
        .opaque(value["name"]?.string ?? "")
      }
      switch read {
      case .modelled(let set) where draft.unknownSets.contains(set.name.text):
        others.append(OpaqueObject(kind: "set", name: set.name.text))
      case .modelled(let set):
        guard byName.updateValue(set, forKey: set.name) == nil else {
          throw RulesetJSONError(.duplicate("set \(set.name)")).under(pending.path).under(pending.index)
            .under("nftables")
        }
        sets.append(set)
      case .opaque(let name): others.append(OpaqueObject(kind: "set", name: name))
      }
    }
    var chains: [Chain] = []
    for (chain, pending) in draft.chains {
      var rules: [Rule] = []
      rules.reserveCapacity(pending.count)
      // The rules count if the chain is called at all.
      if draft.hasUnknownFlags, chain.base != nil { rules.append(Rule([.opaque(json: "flags", .null)])) }
      for rule in pending {
        let value = clock.map { rule.value.inUTC($0) } ?? rule.value
        var reader = StatementJSONReader(family: draft.family, sets: byName, isTolerant: isTolerant)
        rules.append(
          try located(rule) { () throws(RulesetJSONError) in
            try reader.rule(value)
          } instead: {
            Rule([.opaque(json: "rule", value)])
          })
        misunderstood += reader.misunderstood.map {
          $0.under(rule.path).under(rule.index).under("nftables")
        }
      }
      chains.append(Chain(name: chain.name, base: chain.base, comment: chain.comment, rules: rules))
    }
    return Table(
      family: draft.family, name: draft.name, flags: draft.flags, comment: draft.comment,
      chains: chains, sets: sets,
      others: others)
  }

  /// - Parameter instead: what stands for it where it need not be understood.
  private mutating func located<Value>(
    _ pending: Pending, _ read: () throws(RulesetJSONError) -> Value, instead: () -> Value
  ) throws(RulesetJSONError) -> Value {
    do throws(RulesetJSONError) {
      return try read()
    } catch {
      let error = error.under(pending.path).under(pending.index).under("nftables")
      if !isTolerant { throw error }
      misunderstood.append(error)
      return instead()
    }
  }

  /// Names of the sets that rules add elements to; nft 1.0.6 does not say so in the set.
  private static func filledSets(_ rules: [JSONValue]) -> Set<SetName> {
    var names: Set<SetName> = []
    for rule in rules {
      for statement in rule["expr"]?.array ?? [] {
        for verb in ["set", "map"] {
          guard let name = statement[verb]?[verb]?.string, name.hasPrefix("@"), statement[verb]?["op"] != nil
          else { continue }
          if let name = try? SetName(String(name.dropFirst())) { names.insert(name) }
        }
      }
    }
    return names
  }
}

extension JSONValue {
  func string(_ key: String) throws(RulesetJSONError) -> String {
    guard let value = self[key] else { throw RulesetJSONError(.missing(key)) }
    guard let text = value.string else {
      throw RulesetJSONError(.expected("a text", found: value.kind)).under(key)
    }
    return text
  }

  func optionalString(_ key: String) throws(RulesetJSONError) -> String? {
    self[key] == nil ? nil : try string(key)
  }

  func optionalInteger(_ key: String) throws(RulesetJSONError) -> UInt64? {
    guard let value = self[key] else { return nil }
    guard let number = value.integer.flatMap(UInt64.init(exactly:)) else {
      throw RulesetJSONError(.expected("a number", found: value.kind)).under(key)
    }
    return number
  }

  func name<Name: KernelName>(_: Name.Type, _ key: String) throws(RulesetJSONError) -> Name {
    let text = try string(key)
    do throws(NameError) {
      return try Name(text)
    } catch {
      throw RulesetJSONError(.invalid("\(text.debugDescription) is not a name")).under(key)
    }
  }
}
