extension Table {
  /// A file in the schema of libnftables-json(5) that `nft -j -f` loads: it replaces this table in one
  /// transaction and touches no other.
  ///
  /// nft 1.0.6 ignores comments of tables, chains and sets in JSON; they are written for other readers.
  ///
  /// - Throws: ``TextError``.
  public func fileJSON() throws(TextError) -> [UInt8] {
    var writer = JSONWriter()
    writer.append("{\"nftables\":")
    writer.out += try jsonCommands()
    writer.append("}\n")
    return writer.out
  }

  /// The array under the key `nftables`, for files with more in them: nft(8) ignores other keys.
  ///
  /// - Throws: ``TextError``.
  public func jsonCommands() throws(TextError) -> [UInt8] {
    var writer = JSONWriter()
    try writer.append(opening: self)
    for set in sets {
      writer.append(",\n")
      try writer.append(set, of: family, name)
    }
    let sets = NamedSet.intervals(sets)
    for chain in chains {
      for rule in chain.rules {
        writer.append(placeOfRuleIn: chain.name, of: family, name)
        let families = RejectContext(table: family, packet: rule.rejectFamily(in: family, sets: sets))
        try writer.append(rule, try rule.loadableStatements(in: family, sets: sets), in: families)
        writer.append("}}}")
      }
    }
    writer.append("\n]")
    return writer.out
  }
}

extension JSONWriter {
  /// The commands ahead of the sets.
  mutating func append(opening table: Table) throws(TextError) {
    if let other = table.others.first { throw .unsupported("\(other.kind) \(other.name)") }
    guard table.flags.isEmpty else { throw .unsupported("table flags \(table.flags.rawValue)") }
    guard table.family.keyword != nil else { throw .unsupported("family \(table.family)") }
    append("[\n")
    try append(command: "add", table)
    append(",\n")
    try append(command: "delete", table)
    append(",\n")
    try append(command: "add", table)
    // Chains come first: a map may lead to any of them.
    for chain in table.chains {
      append(",\n")
      try append(chain, in: table)
    }
  }

  /// A command that adds a rule, up to its comment.
  mutating func append(placeOfRuleIn chain: ChainName, of family: Family, _ table: TableName) {
    append(",\n{\"add\":{\"rule\":{")
    append(place: family, table)
    append(",\"chain\":")
    append(string: chain.text)
  }
}

extension NamedSet {
  /// The elements as a JSON array.
  fileprivate func elementJSON() throws(TextError) -> [UInt8] {
    guard let layout = KeyLayout(key, length: elements.keyLength) else {
      throw .unsupported("keys of set \(name)")
    }
    var writer = JSONWriter()
    try writer.append(
      elements, key: layout, data: try dataLayout(), isInterval: flags.contains(.interval))
    return writer.out
  }
}

extension JSONWriter {
  fileprivate mutating func append(command: StaticString, _ table: Table) throws(TextError) {
    append("{\"")
    append(command)
    append("\":{\"table\":{")
    append(family: table.family)
    append(",\"name\":")
    append(string: table.name.text)
    if let comment = table.comment {
      append(",\"comment\":")
      try append(comment: comment)
    }
    append("}}}")
  }

  private mutating func append(family: Family) {
    append("\"family\":")
    append(string: family.description)
  }

  private mutating func append(place family: Family, _ table: TableName) {
    append(family: family)
    append(",\"table\":")
    append(string: table.text)
  }

  mutating func append(_ chain: Chain, in table: Table) throws(TextError) {
    append("{\"add\":{\"chain\":{")
    append(place: table.family, table.name)
    append(",\"name\":")
    append(string: chain.name.text)
    if let comment = chain.comment {
      append(",\"comment\":")
      try append(comment: comment)
    }
    if let base = chain.base {
      guard let hook = base.hook.name(in: table.family) else {
        throw .unsupported("hook \(base.hook.rawValue)")
      }
      append(",\"type\":")
      append(string: base.type)
      append(",\"hook\":")
      append(string: hook)
      append(",\"prio\":")
      append(String(base.priority.rawValue))
      if base.devices.count == 1 {
        append(",\"dev\":")
        append(string: base.devices[0])
      } else if !base.devices.isEmpty {
        throw .unsupported("a chain of several devices")
      }
      if let policy = base.policy {
        append(",\"policy\":")
        append(string: policy.keyword)
      }
    }
    append("}}}")
  }

  /// A command that adds a set with its elements.
  ///
  /// - Parameter saysDynamic: whether the flag `dynamic` is written: nft 1.0.6 refuses it and derives it from
  ///   the rules.
  mutating func append(
    _ set: NamedSet, of family: Family, _ table: TableName, saysDynamic: Bool = false
  ) throws(TextError) {
    try set.checkWidths()
    append(set.data == nil ? "{\"add\":{\"set\":{" : "{\"add\":{\"map\":{")
    append(place: family, table)
    append(",\"name\":")
    append(string: set.name.text)
    append(",\"type\":")
    try append(types: set.key)
    if let data = set.data {
      append(",\"map\":")
      // nft reads one type here, or several as one text.
      append(string: try names(data).joined(separator: " . "))
    }
    if let size = set.size {
      append(",\"size\":")
      append(decimal: UInt64(size))
    }
    let words: [(SetFlags, String)] = [
      (.constant, "constant"), (.interval, "interval"), (.timeout, "timeout"), (.dynamic, "dynamic"),
    ]
    let flags = words.filter { set.flags.contains($0.0) && ($0.0 != .dynamic || saysDynamic) }.map(\.1)
    if !flags.isEmpty {
      append(",\"flags\":")
      append(strings: flags)
    }
    if let timeout = set.timeout, timeout > 0 {
      append(",\"timeout\":")
      try append(seconds: timeout)
    }
    if let comment = set.comment {
      append(",\"comment\":")
      try append(comment: comment)
    }
    if !set.elements.isEmpty {
      append(",\"elem\":")
      out += try set.elementJSON()
    }
    if set.countsElements { append(",\"stmt\":[{\"counter\":null}]") }
    append("}}}")
  }

  private func names(_ types: [DataType]) throws(TextError) -> [String] {
    var names: [String] = []
    for type in types {
      guard let name = type.name, type == .verdict || type.isDeclarable else {
        throw .unsupported("a set of type \(type.rawValue)")
      }
      names.append(name)
    }
    return names
  }

  private mutating func append(types: [DataType]) throws(TextError) {
    let names = try names(types)
    if names.count == 1 { append(string: names[0]) } else { append(strings: names) }
  }

  /// What is told of a rule behind its place.
  mutating func append(
    _ rule: Rule, _ statements: [Statement], in families: RejectContext
  ) throws(TextError) {
    if let comment = rule.comment {
      append(",\"comment\":")
      try append(comment: comment)
    }
    append(",\"expr\":[")
    for (index, statement) in statements.enumerated() {
      if index > 0 { append(",") }
      try append(statement, in: families)
    }
    append("]")
  }
}
