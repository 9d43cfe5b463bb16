import EchoKernel
import Netlink
import Nftables
import NftablesNetlink

/// Reads a batch back into the operations it was made of.
struct BatchReader {
  /// Sets that the batch adds to or deletes from, as they are declared.
  let sets: [NamedSet]
  private var operations: [Nftables.Operation] = []
  private var parts: ArraySlice<SettledBatch.Part>
  /// Declarations and elements of the anonymous sets so far.
  private var anonymous: [[UInt8]] = []

  static func operations(in batch: [UInt8], sets: [NamedSet]) throws -> [Nftables.Operation] {
    var reader = Self(sets: sets, parts: SettledBatch(batch).parts[...])
    while let part = reader.parts.popFirst() { try reader.read(part) }
    return reader.operations
  }

  private init(sets: [NamedSet], parts: ArraySlice<SettledBatch.Part>) {
    self.sets = sets
    self.parts = parts
  }

  private mutating func read(_ part: SettledBatch.Part) throws {
    switch part.kind {
    case .newTable:
      let told = try TableMessage(decoding: part.bytes)
      // Without `NLM_F_CREATE` other flags.
      let isNew = part.header.flags & 0x400 != 0
      operations.append(isNew ? .addTable(comment: told.comment, flags: told.flags) : .setFlags(told.flags))
    case .deleteTable: operations.append(.deleteTable)
    case .newChain: operations.append(try chain(part))
    case .deleteChain: operations.append(.deleteChain(try ChainName(part.text(3))))
    case .newSet: try readSet(part)
    case .deleteSet: operations.append(.deleteSet(try SetName(part.text(2))))
    case .newElements: operations.append(.addElements(try elements(part)))
    case .deleteElements: operations.append(.deleteElements(try elements(part)))
    case .newRule:
      let told = try RuleMessage(decoding: part.bytes, sets: try SetCatalog(decoding: anonymous))
      let place = part.number(6).map { RulePosition.before(handle: $0) } ?? .last
      guard (place == .last) == (part.header.flags & 0x800 != 0) else { throw Unreadable(part: part) }
      operations.append(.addRule(told.chain, told.rule, place))
    case .deleteRule:
      guard let handle = part.number(3) else { throw Unreadable(part: part) }
      operations.append(.deleteRule(try ChainName(part.text(2)), handle: handle))
    default: throw Unreadable(part: part)
    }
  }

  /// With `NLM_F_CREATE` a chain, without it another policy.
  private func chain(_ part: SettledBatch.Part) throws -> Nftables.Operation {
    let told = try ChainMessage(decoding: part.bytes).chain
    if part.header.flags & 0x400 != 0 { return .addChain(told.name, told.base, comment: told.comment) }
    guard let policy = part.number(5).flatMap({ ChainPolicy(rawValue: UInt32($0)) }) else {
      throw Unreadable(part: part)
    }
    return .setPolicy(told.name, policy)
  }

  private mutating func readSet(_ part: SettledBatch.Part) throws {
    let told = try SetMessage(decoding: part.bytes)
    var messages = [part.bytes]
    while let next = parts.first, next.kind == .newElements, next.text(2) == told.set.name.text {
      messages.append(next.bytes)
      parts.removeFirst()
    }
    if told.isAnonymous {
      anonymous += messages
    } else if part.header.flags & 0x200 == 0 {
      guard let set = sets.first(where: { $0.name == told.set.name }), let size = told.set.size else {
        throw Unreadable(part: part)
      }
      operations.append(.resizeSet(set, to: size))
    } else {
      guard let set = try SetCatalog(decoding: messages).named.first else { throw Unreadable(part: part) }
      operations.append(.addSet(set))
    }
  }

  /// The set that elements are of, holding them: read behind its declaration, which the batch lacks. A
  /// deletion tells the keys of a map without what they lead to, so that is read as a set.
  private func elements(_ part: SettledBatch.Part) throws -> NamedSet {
    guard let set = sets.first(where: { $0.name.text == part.text(2) }) else { throw Unreadable(part: part) }
    let kernel = EchoKernel()
    let declaration = NamedSet(
      name: set.name, key: set.key, data: part.kind == .newElements ? set.data : nil, flags: set.flags,
      size: set.size, elements: .none(keyLength: set.elements.keyLength))
    try NftablesConnection(over: kernel).commit(
      Change(family: .inet, table: "t", operations: [.addSet(declaration)]), expecting: nil)
    var bytes = part.bytes
    bytes[4] = UInt8(MessageKind.newElements.rawValue & 0xff)
    let messages = SettledBatch(kernel.batches[0]).parts.map(\.bytes) + [bytes]
    guard let told = try SetCatalog(decoding: messages).named.first else { throw Unreadable(part: part) }
    let known = (0..<told.elements.count).compactMap { set.elements.index(of: told.elements.key($0)) }
    return set.holding(
      part.kind == .newElements || set.data == nil ? told.elements : set.elements.selecting(known))
  }

  struct Unreadable: Error {
    let part: SettledBatch.Part
  }
}

extension SettledBatch.Part {
  fileprivate func text(_ type: UInt16) -> String {
    payload(type).map { String(decoding: bytes[$0].prefix { $0 != 0 }, as: UTF8.self) } ?? ""
  }

  /// In network order.
  fileprivate func number(_ type: UInt16) -> UInt64? {
    payload(type).map { bytes[$0].reduce(0) { $0 << 8 | UInt64($1) } }
  }

  private func payload(_ type: UInt16) -> Range<Int>? {
    var cursor = AttributeCursor(Message.headerLength + 4..<bytes.count)
    while let attribute = cursor.next(in: bytes.span) {
      if attribute.type == type { return attribute.payload }
    }
    return nil
  }
}
