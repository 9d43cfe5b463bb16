internal import CNftnl
internal import Netlink
public import Nftables

/// The sets of one table, so that rules can be read: which names are anonymous sets, and what they hold.
public struct SetCatalog: Sendable {
  private enum Entry: Sendable {
    case named
    case inline(InlineSet)
    /// Anonymous, with something in it that an ``InlineSet`` cannot say.
    case unmodelled
  }

  private var entries: [SetName: Entry] = [:]
  /// The sets that have names of their own and are modelled, with their elements.
  public private(set) var named: [NamedSet] = []
  /// Names of sets that hold or are something that a ``Nftables/NamedSet`` cannot say.
  public private(set) var unmodelled: [SetName] = []

  /// Knows no set: what is called like an anonymous set becomes opaque, every other name is kept.
  public init() {}

  /// Reads `NFT_MSG_NEWSET` and, behind each, its `NFT_MSG_NEWSETELEM` messages, headers included.
  ///
  /// - Throws: ``MessageError``.
  public init(decoding messages: [[UInt8]]) throws(MessageError) {
    var collectors: [SetName: ElementCollector] = [:]
    for bytes in messages {
      var cursor = MessageCursor(0..<bytes.count)
      guard let message = cursor.next(in: bytes.span) else { throw .malformed }
      guard let object = ObjectMessage(message, in: bytes) else { throw .otherType(message.type) }
      switch object.kind {
      case NFT_MSG_NEWSET:
        let set = try SetMessage(object, in: bytes)
        collectors[set.set.name] = ElementCollector(set)
      case NFT_MSG_NEWSETELEM:
        let name = try ElementCollector.setName(object, in: bytes)
        guard collectors[name] != nil else { throw .missing(NFTA_SET_ELEM_LIST_SET.rawValue) }
        try collectors[name]?.add(object, in: bytes)
      default: throw .otherType(message.type)
      }
    }
    for collector in collectors.values { try add(collector) }
    named.sort { $0.name < $1.name }
    unmodelled.sort()
  }

  /// Adds a set whose elements are all collected.
  mutating func add(_ collector: ElementCollector) throws(MessageError) {
    let message = collector.message
    let elements = try collector.finish()
    let set = message.set
    guard set.flags.contains(.anonymous) else {
      entries[set.name] = .named
      if message.isExact, let elements {
        named.append(set.holding(elements))
      } else {
        unmodelled.append(set.name)
      }
      return
    }
    let other = set.flags.subtracting([.anonymous, .constant, .interval, .map, .concatenated])
    guard message.isExact, other.isEmpty, set.timeout == nil, let elements else {
      entries[set.name] = .unmodelled
      return
    }
    entries[set.name] = .inline(
      InlineSet(key: set.key, data: set.data, flags: set.flags, elements: elements))
  }

  /// Adds a set whose elements are known.
  mutating func add(_ message: SetMessage, _ elements: SetElements) {
    entries[message.set.name] = .named
    named.append(message.set.holding(elements))
  }

  /// What a rule that names this set refers to; `nil` for an anonymous set that cannot be told.
  func reference(_ name: SetName) -> SetReference? {
    switch entries[name] {
    case .named: .named(name)
    case .inline(let set): .inline(set)
    case .unmodelled: nil
    case nil: Self.looksAnonymous(name) ? nil : .named(name)
    }
  }

  /// Whether the kernel gives such names: `__set0`, `__map12` (`nf_tables_set_alloc_name`).
  private static func looksAnonymous(_ name: SetName) -> Bool {
    guard name.text.hasPrefix("__set") || name.text.hasPrefix("__map") else { return false }
    let number = name.text.utf8.dropFirst(5)
    return !number.isEmpty && number.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
  }
}
