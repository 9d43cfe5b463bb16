extension Table {
  /// A file that `nft -f` loads as it is: it replaces this table in one transaction and touches no
  /// other.
  ///
  /// - Parameter header: lines of comment at the top, without `#`.
  /// - Throws: ``TextError``.
  public func fileText(header: [String] = []) throws(TextError) -> [UInt8] {
    var writer = TextWriter(.file)
    try writer.append(opening: self, header: header)
    try writer.append(setsOf: self)
    let sets = NamedSet.intervals(sets)
    for (index, chain) in chains.enumerated() {
      writer.append(gapAheadOfChain: index, of: self)
      try writer.append(opening: chain, in: family)
      for rule in chain.rules { try writer.append(rule, in: family, sets: sets, counter: nil) }
      writer.append("\t}\n")
    }
    writer.append("}\n")
    return writer.out
  }

  /// What `nft list table` prints, in time zone UTC.
  ///
  /// - Parameters:
  ///   - style: how nft(8) is asked to print.
  ///   - states: counter values of the rules; rules without one are printed as if nothing had been counted.
  /// - Throws: ``TextError``, for texts that nft's language has no form for.
  public func listing(
    _ style: TextStyle = .listing, states: [ChainName: [RuleState]] = [:]
  ) throws(TextError) -> [UInt8] {
    var writer = TextWriter(style)
    try writer.append(opening: self)
    try writer.append(setsOf: self)
    let sets = NamedSet.intervals(sets)
    for (index, chain) in chains.enumerated() {
      writer.append(gapAheadOfChain: index, of: self)
      try writer.append(opening: chain, in: family)
      let states = states[chain.name]
      for (index, rule) in chain.rules.enumerated() {
        let state = states.flatMap { index < $0.count ? $0[index] : nil }
        try writer.append(rule, in: family, sets: sets, counter: state?.counter)
      }
      writer.append("\t}\n")
    }
    writer.append("}\n")
    return writer.out
  }
}

extension NamedSet {
  /// The sets that decide how a rule that looks them up is said.
  static func intervals(_ sets: [NamedSet]) -> [SetName: NamedSet] {
    var found: [SetName: NamedSet] = [:]
    for set in sets where set.flags.contains(.interval) || set.data?.count == 2 { found[set.name] = set }
    return found
  }
}

extension TextWriter {
  fileprivate mutating func append(title table: Table) throws(TextError) {
    guard let family = table.family.keyword else { throw .unsupported("family \(table.family)") }
    append(family)
    append(" ")
    try append(name: table.name.text)
  }

  /// A file up to the table's first set.
  mutating func append(opening table: Table, header: [String]) throws(TextError) {
    append("#!/usr/sbin/nft -f\n")
    for line in header {
      try QuotedText.check(line, limit: 4096)
      append(line.isEmpty ? "#\n" : "# \(line)\n")
    }
    // The first line makes sure that there is a table to delete.
    append("\ntable ")
    try append(title: table)
    append("\ndelete table ")
    try append(title: table)
    append("\n\n")
    try append(opening: table)
  }

  /// The table up to its first set.
  fileprivate mutating func append(opening table: Table) throws(TextError) {
    append("table ")
    try append(title: table)
    append(" {\n")
    try append(flags: table)
    try append(comment: table.comment)
    if style.use == .file, let other = table.others.first {
      throw .unsupported("\(other.kind) \(other.name)")
    }
    if style.use == .listing {
      for other in table.others { append("\t(opaque \(other.kind) \(other.name))\n") }
    }
  }

  fileprivate mutating func append(setsOf table: Table) throws(TextError) {
    for (index, set) in table.sets.enumerated() {
      if index > 0 || !table.others.isEmpty { append("\n") }
      try append(set)
    }
  }

  private mutating func append(flags table: Table) throws(TextError) {
    guard !table.flags.isEmpty else { return }
    guard table.flags == .dormant else { throw .unsupported("table flags \(table.flags.rawValue)") }
    append("\tflags dormant\n")
  }

  private mutating func append(comment: String?, indent: StaticString = "\t") throws(TextError) {
    guard let comment else { return }
    try QuotedText.check(comment, limit: QuotedText.commentLimit)
    append(indent)
    append("comment ")
    append(quoted: comment)
    append("\n")
  }

  // MARK: Sets

  mutating func append(_ set: NamedSet) throws(TextError) {
    if style.use == .file { try set.checkWidths() }
    append(set.data == nil ? "\tset " : "\tmap ")
    try append(name: set.name.text)
    append(" {\n\t\ttype ")
    try append(types: set.key)
    if let data = set.data {
      append(" : ")
      try append(types: data)
    }
    append("\n")
    if let size = set.size {
      append("\t\tsize ")
      append(decimal: UInt64(size))
      append("\n")
    }
    append(flags: set)
    if set.countsElements { append("\t\tcounter\n") }
    if let timeout = set.timeout, timeout > 0 {
      append("\t\ttimeout ")
      try append(milliseconds: timeout)
      append("\n")
    }
    try append(comment: set.comment, indent: "\t\t")
    if !set.elements.isEmpty {
      append("\t\telements = { ")
      out += try set.elementText(style)
      append(" }\n")
    }
    append("\t}\n")
  }

  private mutating func append(types: [DataType]) throws(TextError) {
    for (index, type) in types.enumerated() {
      if index > 0 { append(" . ") }
      guard let name = type.name, type == .verdict || type.isDeclarable else {
        throw .unsupported("a set of type \(type.rawValue)")
      }
      append(name)
    }
  }

  private mutating func append(flags set: NamedSet) {
    var words: [StaticString] = []
    if set.flags.contains(.constant) { words.append("constant") }
    if set.flags.contains(.dynamic) { words.append("dynamic") }
    if set.flags.contains(.interval) { words.append("interval") }
    // A default timeout says the flag already, unless there are others to name.
    if set.flags.contains(.timeout), set.timeout == nil || !words.isEmpty { words.append("timeout") }
    guard !words.isEmpty else { return }
    append("\t\tflags ")
    for (index, word) in words.enumerated() {
      if index > 0 { append(",") }
      append(word)
    }
    append("\n")
  }

  // MARK: Chains

  /// What stands between a chain and what is ahead of it.
  mutating func append(gapAheadOfChain index: Int, of table: Table) {
    if index > 0 || !table.sets.isEmpty || !table.others.isEmpty { append("\n") }
  }

  /// A chain up to its first rule.
  mutating func append(opening chain: Chain, in family: Family) throws(TextError) {
    append("\tchain ")
    try append(name: chain.name.text)
    append(" {\n")
    try append(comment: chain.comment, indent: "\t\t")
    if let base = chain.base { try append(base, in: family) }
  }

  private mutating func append(_ base: BaseChain, in family: Family) throws(TextError) {
    guard let hook = base.hook.name(in: family) else { throw .unsupported("hook \(base.hook.rawValue)") }
    guard ["filter", "nat", "route"].contains(base.type) else {
      throw .unsupported("chain type \(base.type)")
    }
    append("\t\ttype \(base.type) hook \(hook) ")
    for device in base.devices { try QuotedText.check(device, limit: 15) }
    if base.devices.count == 1 {
      append("device ")
      append(quoted: base.devices[0])
      append(" ")
    } else if base.devices.count > 1 {
      append("devices = { \(base.devices.joined(separator: ", ")) } ")
    }
    append("priority \(base.priority.text(hook: base.hook, family: family));")
    if let policy = base.policy { append(" policy \(policy.keyword);") }
    append("\n")
  }

  // MARK: Rules

  /// One line; in a file a point in time is explained at its end.
  mutating func append(
    _ rule: Rule, in family: Family, sets: [SetName: NamedSet], counter: CounterValues?
  ) throws(TextError) {
    let isListing = style.use == .listing
    let statements =
      isListing
      ? rule.listedStatements(in: family, sets: sets)
      : try rule.loadableStatements(in: family, sets: sets)
    let families = RejectContext(table: family, packet: rule.rejectFamily(in: family, sets: sets))
    try append(rule, statements, in: families, counter: counter)
  }

  /// The line of a rule whose statements are known.
  mutating func append(
    _ rule: Rule, _ statements: [Statement], in families: RejectContext, counter: CounterValues?
  ) throws(TextError) {
    let isListing = style.use == .listing
    append("\t\t")
    var counter: CounterValues? = isListing ? counter ?? CounterValues(packets: 0, bytes: 0) : nil
    for (index, statement) in statements.enumerated() {
      if index > 0 { append(" ") }
      try append(statement, in: families, counter: counter)
      // The kernel's state has the values of the first counter only.
      if statement == .counter, counter != nil { counter = CounterValues(packets: 0, bytes: 0) }
    }
    if let comment = rule.comment {
      try QuotedText.check(comment, limit: QuotedText.commentLimit)
      append(" comment ")
      append(quoted: comment)
    }
    if !isListing {
      for statement in statements {
        guard case .match(.time, _, .value(let value)) = statement, let time = number(value, .host)
        else { continue }
        append(" # ")
        append(utc: time / 1_000_000_000)
        append(" UTC")
      }
    }
    append("\n")
  }
}

extension Rule {
  /// The rule as nft(8) writes it, without indentation; as a listing with opaque parts shown.
  ///
  /// - Throws: ``TextError``.
  public func text(
    in family: Family, sets: [SetName: NamedSet] = [:], style: TextStyle = .listing,
    counter: CounterValues? = nil
  ) throws(TextError) -> String {
    var writer = TextWriter(style)
    try writer.append(self, in: family, sets: sets, counter: counter)
    return String(decoding: writer.out.dropFirst(2).dropLast(), as: UTF8.self)
  }

  /// The family whose ICMP codes a `reject` of the rule has: in tables of both it is what the rule has
  /// matched.
  func rejectFamily(in family: Family, sets: [SetName: NamedSet]) -> Family {
    let isAmbiguous = expressions.contains { expression in
      if case .reject(let reject) = expression { return reject.kind == .icmpUnreachable }
      return false
    }
    guard isAmbiguous, family != .ipv4, family != .ipv6 else { return family }
    var context = ProtocolContext(family: family)
    for statement in Delinearizer(family: family, sets: sets).statements(of: expressions) {
      if case .match(let left, .equal, .value(let value)) = statement {
        context.learn(left, equals: value)
      }
    }
    switch context.network {
    case .ip: return .ipv4
    case .ip6: return .ipv6
    default: return family
    }
  }
}

extension Hook {
  /// nft's word; `nil` for a hook the family does not have.
  func name(in family: Family) -> String? {
    if family == .netdev { return self == Self(rawValue: 0) ? "ingress" : rawValue == 1 ? "egress" : nil }
    if family == .arp { return rawValue == 0 ? "input" : rawValue == 1 ? "output" : nil }
    let names = ["prerouting", "input", "forward", "output", "postrouting", "ingress"]
    return rawValue < UInt32(names.count) ? names[Int(rawValue)] : nil
  }

  /// The hook of that name.
  init?(name: String, family: Family) {
    guard let number = (0...5).first(where: { Hook(rawValue: $0).name(in: family) == name }) else {
      return nil
    }
    self.init(rawValue: number)
  }
}

extension ChainPriority {
  /// Names of priorities by family and hook (nft(8), "Standard priority names").
  private static func names(hook: Hook, family: Family) -> [(name: String, value: Int32)] {
    switch family {
    case .bridge:
      [("filter", -200)] + (hook == .prerouting ? [("dstnat", -300)] : [])
        + (hook == .output ? [("out", 100)] : []) + (hook == .postrouting ? [("srcnat", 300)] : [])
    case .inet, .ipv4, .ipv6:
      [("raw", -300), ("mangle", -150), ("filter", 0), ("security", 50)]
        + (hook == .prerouting ? [("dstnat", -100)] : [])
        + (hook == .postrouting ? [("srcnat", 100)] : [])
    case .arp, .netdev: [("filter", 0)]
    default: []
    }
  }

  /// As nft(8) writes it: a name, a name and up to 10 more or less, or a number.
  func text(hook: Hook, family: Family) -> String {
    let names = Self.names(hook: hook, family: family)
    if let exact = names.first(where: { $0.value == rawValue }) { return exact.name }
    for (name, value) in names {
      let distance = Int64(rawValue) - Int64(value)
      if abs(distance) <= 10 { return "\(name) \(distance < 0 ? "-" : "+") \(abs(distance))" }
    }
    return String(rawValue)
  }
}
