extension Table {
  /// Tables in the schema of libnftables-json(5) for ``tables(fromJSON:)`` to read: whatever they hold is said,
  /// and what has no words there is said to be there.
  ///
  /// A part of a rule without words is a statement `{"opaque": [names of the kernel's expressions]}`, an expression
  /// that is kept byte for byte an object with its name and its attributes in hexadecimal there, which nft(8)
  /// does not know; a set without words is an object of the kind `opaque set`. Comments that cannot be
  /// written are left out.
  public static func dump(_ tables: [Table]) -> [UInt8] {
    var writer = DumpWriter()
    for table in tables { writer.append(table) }
    return writer.finish()
  }
}

/// Writes objects one by one; one that cannot be written is replaced by what can.
private struct DumpWriter {
  private var writer = JSONWriter()
  private var isFirst = true

  init() { writer.append("[") }

  consuming func finish() -> [UInt8] {
    writer.append("]")
    return writer.out
  }

  mutating func append(_ table: Table) {
    guard table.family.keyword != nil else { return }
    begin()
    writer.append("{\"table\":{\"family\":")
    writer.append(string: table.family.description)
    writer.append(",\"name\":")
    writer.append(string: table.name.text)
    writer.append(",\"flags\":")
    writer.append(decimal: UInt64(table.flags.rawValue))
    writer.append("}}")
    // Chains come first: a map may lead to any of them.
    let chains = table.chains.filter { chain in
      object("chain", chain.name.text, in: table) { (writer) throws(TextError) in
        try writer.append(chain.withoutComment, in: table)
      }
    }
    for set in table.sets {
      object("set", set.name.text, in: table) { (writer) throws(TextError) in
        try writer.append(set.withoutComments, of: table.family, table.name, saysDynamic: true)
      }
    }
    for other in table.others {
      // What is not modelled of a kind that is must not be read as one that is.
      let isModelled = ["chain", "set", "map", "rule", "element"].contains(other.kind)
      opaque(isModelled ? "opaque \(other.kind)" : other.kind, other.name, in: table)
    }
    let sets = Dictionary(table.sets.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    for chain in chains {
      for rule in chain.rules {
        begin()
        writer.append(rule, of: chain.name, in: table, sets)
      }
    }
  }

  private mutating func begin() {
    writer.append(isFirst ? "\n" : ",\n")
    isFirst = false
  }

  /// Writes an object whole, or says that it is there.
  ///
  /// - Returns: whether it is whole.
  @discardableResult
  private mutating func object(
    _ kind: String, _ name: String, in table: Table, _ write: (inout JSONWriter) throws(TextError) -> Void
  ) -> Bool {
    var attempt = JSONWriter()
    do throws(TextError) {
      try write(&attempt)
    } catch {
      opaque("opaque \(kind)", name, in: table)
      return false
    }
    begin()
    writer.out += attempt.out
    return true
  }

  private mutating func opaque(_ kind: String, _ name: String, in table: Table) {
    begin()
    writer.append("{")
    writer.append(string: kind)
    writer.append(":{\"family\":")
    writer.append(string: table.family.description)
    writer.append(",\"table\":")
    writer.append(string: table.name.text)
    writer.append(",\"name\":")
    writer.append(string: name)
    writer.append("}}")
  }
}

extension JSONWriter {
  fileprivate mutating func append(
    _ rule: Rule, of chain: ChainName, in table: Table, _ sets: [SetName: NamedSet]
  ) {
    append("{\"rule\":{\"family\":")
    append(string: table.family.description)
    append(",\"table\":")
    append(string: table.name.text)
    append(",\"chain\":")
    append(string: chain.text)
    if let comment = rule.comment {
      append(",\"comment\":")
      append(string: comment)
    }
    append(",\"expr\":[")
    let families = RejectContext(table: table.family, packet: rule.rejectFamily(in: table.family, sets: sets))
    for (index, statement) in rule.statements(in: table.family, sets: sets).enumerated() {
      if index > 0 { append(",") }
      let start = out.count
      do throws(TextError) {
        try append(statement, in: families)
      } catch {
        out.removeSubrange(start...)
        append(opaque: statement)
      }
    }
    append("]}}")
  }
}

extension JSONWriter {
  /// Extensions of iptables with their structures, everything else by the names of its steps; one word for a statement
  /// that is modelled and has no words in JSON.
  fileprivate mutating func append(opaque statement: Statement) {
    guard case .opaque(let steps) = statement else {
      append("{\"opaque\":[\"unwritten\"]}")
      return
    }
    var others: [Expression] = []
    var isFirst = true
    func separated(_ writer: inout JSONWriter) {
      if !isFirst { writer.append(",") }
      isFirst = false
    }
    func settle(_ writer: inout JSONWriter) {
      if others.isEmpty { return }
      separated(&writer)
      writer.append(opaque: others)
      others = []
    }
    for step in steps {
      guard let held = step.heldExtension else {
        others.append(step)
        continue
      }
      settle(&self)
      separated(&self)
      append(held)
    }
    settle(&self)
  }

  /// What the steps are called, with what they hold where that is known byte for byte.
  private mutating func append(opaque steps: [Expression]) {
    append("{\"opaque\":[")
    for (index, step) in steps.enumerated() {
      if index > 0 { append(",") }
      let held = step.heldBytes
      if held.isEmpty {
        append(string: step.opaqueName)
        continue
      }
      append("{\"name\":")
      append(string: step.opaqueName)
      append(",\"attributes\":\"")
      append(Hex.text(held))
      append("\"}")
    }
    append("]}")
  }

  /// As nft(8) names it, and beside that what it holds: bytes to read again, and words for people.
  private mutating func append(_ held: HeldExtension) {
    append("{\"xt\":{\"type\":")
    append(string: held.type)
    append(",\"name\":")
    append(string: held.name)
    append(",\"rev\":")
    append(decimal: UInt64(held.revision))
    append(",\"info\":\"")
    append(Hex.text(held.structure))
    append("\",\"text\":")
    append(string: held.text)
    append("}}")
  }
}

extension Chain {
  fileprivate var withoutComment: Chain { Chain(name: name, base: base, rules: []) }
}

extension NamedSet {
  fileprivate var withoutComments: NamedSet {
    NamedSet(
      name: name, key: key, data: data, flags: flags, size: size, timeout: timeout,
      countsElements: countsElements, elements: elements)
  }
}
