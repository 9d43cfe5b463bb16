/// Flags of a set (`NFT_SET_*`, linux/netfilter/nf_tables.h).
public struct SetFlags: OptionSet, Hashable, Sendable {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Belongs to one rule and has no name of its own.
  public static let anonymous = Self(rawValue: 1)
  /// Cannot change once it is in use.
  public static let constant = Self(rawValue: 2)
  /// Holds ranges, not single values.
  public static let interval = Self(rawValue: 4)
  /// Maps keys to data.
  public static let map = Self(rawValue: 8)
  /// Elements may expire.
  public static let timeout = Self(rawValue: 16)
  /// Rules add elements (`update`, `add`): what it holds is the kernel's, not ours.
  public static let dynamic = Self(rawValue: 32)
  /// Maps keys to stateful objects.
  public static let object = Self(rawValue: 64)
  /// Ranges in more than one dimension.
  public static let concatenated = Self(rawValue: 128)
}

/// A set, or a map when it has ``data``: keys, and what they lead to.
public struct NamedSet: Hashable, Sendable {
  private struct Content: Hashable {
    let name: SetName
    let key: [DataType]
    let data: [DataType]?
    let flags: SetFlags
    let size: UInt32?
    let timeout: UInt64?
    let comment: String?
    let countsElements: Bool
    let elements: SetElements
  }

  /// Many tables share a set: copies of it are one object, and equal at a glance.
  private final class Shared: Sendable {
    let content: Content
    init(_ content: Content) { self.content = content }
  }

  private let shared: Shared

  public var name: SetName { shared.content.name }
  /// One type, or several when the key is a concatenation. Not empty.
  public var key: [DataType] { shared.content.key }
  /// What a map's keys lead to; `nil` for a set. `[.verdict]` makes it a verdict map.
  public var data: [DataType]? { shared.content.data }
  /// Without ``SetFlags/map``, which ``data`` implies.
  public var flags: SetFlags { shared.content.flags }
  /// The most elements it takes. The kernel picks a faster hash for a set that declares it.
  public var size: UInt32? { shared.content.size }
  /// How long an element stays by default, in milliseconds.
  public var timeout: UInt64? { shared.content.timeout }
  public var comment: String? { shared.content.comment }
  /// Whether the kernel counts for each element what met it (the statement `counter` of a set). What was counted is state.
  public var countsElements: Bool { shared.content.countsElements }
  public var elements: SetElements { shared.content.elements }

  public init(
    name: SetName, key: [DataType], data: [DataType]? = nil, flags: SetFlags = [], size: UInt32? = nil,
    timeout: UInt64? = nil, comment: String? = nil, countsElements: Bool = false, elements: SetElements
  ) {
    shared = Shared(
      Content(
        name: name, key: key, data: data, flags: flags.subtracting(.map), size: size, timeout: timeout,
        comment: comment, countsElements: countsElements, elements: elements))
  }

  /// The same for copies of one set; sets that were made by themselves differ in it, equal or not.
  var identity: ObjectIdentifier { ObjectIdentifier(shared) }

  public static func == (a: Self, b: Self) -> Bool {
    a.shared === b.shared || a.shared.content == b.shared.content
  }

  /// The same declaration with other elements.
  public func holding(_ elements: SetElements) -> Self {
    Self(
      name: name, key: key, data: data, flags: flags, size: size, timeout: timeout, comment: comment,
      countsElements: countsElements, elements: elements)
  }

  /// Compares all there is but hashes the beginning of it: sets of one name and number seldom begin alike.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(name)
    hasher.combine(elements.count)
    unsafe elements.keys.prefix(128).withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
  }

  /// Whether the keys lead to verdicts.
  public var isVerdictMap: Bool { data == [.verdict] }
}
