/// Where in the packet's path a base chain is called (`NF_INET_*`, linux/netfilter.h); the numbers
/// mean other hooks in the families `arp` and `netdev`.
public struct Hook: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  public static let prerouting = Self(rawValue: 0)
  public static let input = Self(rawValue: 1)
  public static let forward = Self(rawValue: 2)
  public static let output = Self(rawValue: 3)
  public static let postrouting = Self(rawValue: 4)
  public static let ingress = Self(rawValue: 5)
}

/// Order among base chains of a hook: lower runs first (`NF_IP_PRI_*`).
public struct ChainPriority: RawRepresentable, Hashable, Comparable, Sendable {
  public let rawValue: Int32

  public init(rawValue: Int32) { self.rawValue = rawValue }

  /// 0: where filtering is done by custom.
  public static let filter = Self(rawValue: 0)

  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// What happens to a packet that reaches the end of a base chain.
public enum ChainPolicy: UInt32, Hashable, Sendable {
  case drop = 0
  case accept = 1

  /// The word nft(8) uses.
  public var keyword: String { self == .drop ? "drop" : "accept" }
}

/// What makes a chain a base chain: the kernel calls it, not a rule.
public struct BaseChain: Hashable, Sendable {
  /// `filter`, `nat` or `route`.
  public let type: String
  public let hook: Hook
  public let priority: ChainPriority
  /// `nil`: the kernel reported none.
  public let policy: ChainPolicy?
  /// Interfaces of an `ingress` hook, ascending.
  public let devices: [String]

  public init(
    type: String = "filter", hook: Hook, priority: ChainPriority = .filter, policy: ChainPolicy?,
    devices: [String] = []
  ) {
    self.type = type
    self.hook = hook
    self.priority = priority
    self.policy = policy
    self.devices = devices
  }
}

/// A chain: a base chain that a hook calls, or a regular chain that rules jump to.
public struct Chain: Hashable, Sendable {
  public let name: ChainName
  /// `nil` for a regular chain.
  public let base: BaseChain?
  public let comment: String?
  public let rules: [Rule]

  public init(name: ChainName, base: BaseChain? = nil, comment: String? = nil, rules: [Rule]) {
    self.name = name
    self.base = base
    self.comment = comment
    self.rules = rules
  }
}

/// One rule: expressions that are evaluated in order until one does not match.
///
/// What the kernel counts or remembers for a rule (counter values, its handle) is not part of it:
/// two rules are equal when they treat every packet alike and are called alike.
public struct Rule: Hashable, Sendable {
  /// Many tables share a rule: copies of it are one object, and equal at a glance.
  private final class Content: Sendable {
    let expressions: [Expression]
    let comment: String?

    init(_ expressions: [Expression], _ comment: String?) {
      self.expressions = expressions
      self.comment = comment
    }
  }

  private let content: Content

  public var expressions: [Expression] { content.expressions }
  /// Shown by nft(8); at most 127 bytes (`NFTNL_UDATA_COMMENT_MAXLEN`).
  public var comment: String? { content.comment }

  public init(_ expressions: [Expression], comment: String? = nil) {
    content = Content(expressions, comment)
  }

  /// The same for copies of one rule; rules that were made by themselves differ in it, equal or not.
  var identity: ObjectIdentifier { ObjectIdentifier(content) }

  public static func == (a: Self, b: Self) -> Bool {
    a.content === b.content || a.comment == b.comment && a.expressions == b.expressions
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(comment)
    hasher.combine(expressions)
  }
}
