internal import CNftnl
internal import Netlink
internal import Nftables

/// Everything the kernel tells about one table, gathered message by message.
struct TableParts {
  let family: Family
  let name: TableName
  let generation: UInt32
  private var table: TableMessage?
  private var chains: [ChainMessage] = []
  private var chainNames: Set<ChainName> = []
  private(set) var collectors: [SetName: ElementCollector] = [:]
  private var catalog = SetCatalog()
  /// Sets whose elements need not be listed.
  private let known: [SetName: NamedSet]
  private var rules: [RuleMessage] = []
  private var others: [(object: OpaqueObject, handle: UInt64)] = []
  /// The first message that could not be read.
  private(set) var failure: MessageError?
  /// Whether a message was of another generation than the first, or an object was told twice.
  private(set) var isTorn = false

  /// - Parameter known: sets as they are at the generation.
  init(family: Family, name: TableName, generation: UInt32, known: [NamedSet]) {
    self.family = family
    self.name = name
    self.generation = generation
    self.known = Dictionary(known.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  mutating func take(_ message: Message, _ bytes: [UInt8]) {
    guard failure == nil, let object = ObjectMessage(message, in: bytes) else { return }
    if object.resource != UInt16(truncatingIfNeeded: generation) { isTorn = true }
    do throws(MessageError) { try take(object, bytes) } catch { failure = error }
  }

  private mutating func take(_ object: ObjectMessage, _ bytes: [UInt8]) throws(MessageError) {
    guard object.family == family else { return }
    switch object.kind {
    case NFT_MSG_NEWTABLE:
      let message = try TableMessage(object, in: bytes)
      if message.name == name { table = message }
    case NFT_MSG_NEWCHAIN:
      // The kernel lists the chains of all tables.
      let message = try ChainMessage(object, in: bytes)
      guard message.table == name else { return }
      if Self.isPlain(message.chain.name) {
        guard chainNames.insert(message.chain.name).inserted else { return isTorn = true }
        chains.append(message)
      } else {
        others.append((OpaqueObject(kind: "chain", name: message.chain.name.text), 0))
      }
    case NFT_MSG_NEWSET:
      let message = try SetMessage(object, in: bytes)
      guard message.table == name else { return }
      guard Self.isPlain(message.set.name) else {
        others.append((OpaqueObject(kind: "set", name: message.set.name.text), message.handle))
        return
      }
      guard collectors[message.set.name] == nil else { return isTorn = true }
      collectors[message.set.name] = ElementCollector(message)
    case NFT_MSG_NEWSETELEM:
      // Taken out while it grows, so that its buffers are not copied.
      let set = try ElementCollector.setName(object, in: bytes)
      guard var collector = collectors.removeValue(forKey: set) else { return }
      defer { collectors[set] = collector }
      try collector.add(object, in: bytes)
    case NFT_MSG_NEWRULE:
      let message = try RuleMessage(object, in: bytes, sets: catalog)
      if message.table == name { rules.append(message) }
    case NFT_MSG_NEWOBJ:
      let message = try StatefulMessage(object: object, in: bytes)
      if message.table == name { others.append((message.object, message.handle)) }
    case NFT_MSG_NEWFLOWTABLE:
      let message = try StatefulMessage(flowtable: object, in: bytes)
      if message.table == name { others.append((message.object, message.handle)) }
    default: break
    }
  }

  /// Whether a name is ASCII. Any other, repaired or compared as text, could be taken for a second
  /// one that has other bytes; objects with such names are only known to be there.
  private static func isPlain(_ name: some KernelName) -> Bool { name.text.utf8.allSatisfy { $0 < 0x80 } }

  /// Sets whose elements are to be listed, in order of name.
  var setsToList: [SetName] {
    collectors.values.filter { !$0.message.set.flags.contains(.dynamic) && knownElements($0) == nil }
      .map(\.message.set.name).sorted()
  }

  /// The elements of a set that is declared as a known one is.
  private func knownElements(_ collector: ElementCollector) -> SetElements? {
    guard collector.message.isExact, let set = known[collector.message.set.name] else { return nil }
    let declared = collector.message.set
    return set.key == declared.key && set.data == declared.data && set.flags == declared.flags
      ? set.elements : nil
  }

  /// Must be called between the elements and the rules.
  mutating func closeSets() {
    do throws(MessageError) {
      for collector in collectors.values {
        if let elements = knownElements(collector) {
          catalog.add(collector.message, elements)
        } else {
          try catalog.add(collector)
        }
      }
    } catch { failure = failure ?? error }
  }

  /// The table; `nil` when the kernel told of none.
  func assemble() throws(MessageError) -> InstalledTable? {
    if let failure { throw failure }
    guard let table else { return nil }
    var rulesOf: [ChainName: [RuleMessage]] = [:]
    for rule in rules { rulesOf[rule.chain, default: []].append(rule) }
    var others = others
    for chain in chains {
      guard let kind = chain.unmodelled else { continue }
      others.append((OpaqueObject(kind: kind, name: chain.chain.name.text), 0))
    }
    for set in catalog.unmodelled {
      let message = collectors[set]?.message
      others.append(
        (OpaqueObject(kind: message?.set.data == nil ? "set" : "map", name: set.text), message?.handle ?? 0))
    }
    others.sort { ($0.object.kind, $0.object.name) < ($1.object.kind, $1.object.name) }
    let complete = chains.map(\.chain).map {
      Chain(
        name: $0.name, base: $0.base, comment: $0.comment, rules: rulesOf[$0.name, default: []].map(\.rule))
    }
    return InstalledTable(
      table: Table(
        family: family, name: name, flags: table.flags, comment: table.comment, chains: complete,
        sets: catalog.named,
        others: others.map(\.object)),
      rules: Dictionary(
        uniqueKeysWithValues: Set(complete.map(\.name)).map { ($0, rulesOf[$0, default: []].map(\.state)) }),
      otherHandles: others.map(\.handle), generation: generation, handle: table.handle)
  }
}
