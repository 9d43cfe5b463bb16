/// One statement of a rule in the words of nft(8): what people write and read.
///
/// The truth of a ``Rule`` is its expressions; statements are turned into them, and back wherever
/// they say exactly the same.
public indirect enum Statement: Hashable, Sendable {
  /// `tcp dport 22`, `ip saddr @api.v4`, `tcp flags & (fin | syn) != syn`: ends the rule unless true.
  case match(Operand, ComparisonOperator, Comparand)
  /// `tcp dport vmap @in.tcp`: does what the map says for the key, goes on when it says nothing.
  case vmap(Operand, SetReference)
  case verdict(Verdict)
  case counter
  case limit(Limit)
  case log(Log)
  case reject(Reject)
  /// `update @denied { ip saddr timeout 1m counter }`.
  case set(SetUpdate)
  /// `meta mark set 1`.
  case setMeta(MetaKey, Assignment)
  /// `ct mark set 1`.
  case setConntrack(ConntrackKey, ConntrackDirection?, Assignment)
  /// `dnat to 10.0.0.1:80`, `redirect to :80`, `masquerade`.
  case translate(TranslationStatement)
  /// Steps that no statement says exactly; kept as they are.
  case opaque([Expression])

  public static let accept = Self.verdict(.accept)
  public static let drop = Self.verdict(.drop)
  public static let `return` = Self.verdict(.return)

  public static func jump(_ chain: ChainName) -> Self { .verdict(.jump(chain)) }
  public static func goto(_ chain: ChainName) -> Self { .verdict(.goto(chain)) }

  /// A match of equality.
  public static func match(_ left: Operand, _ right: Comparand) -> Self { .match(left, .equal, right) }

  public static func vmap(_ key: Operand, _ map: SetName) -> Self { .vmap(key, .named(map)) }
  public static func vmap(_ key: Operand, _ map: InlineSet) -> Self { .vmap(key, .inline(map)) }

  /// `update @set { key … }`.
  public static func update(
    _ set: SetName, _ key: Operand, timeout: UInt64? = nil, _ statements: [Statement] = []
  ) -> Self {
    .set(SetUpdate(.update, set: set, key: key, timeout: timeout, statements: statements))
  }

  /// `add @set { key … }`.
  public static func add(
    _ set: SetName, _ key: Operand, timeout: UInt64? = nil, _ statements: [Statement] = []
  ) -> Self {
    .set(SetUpdate(.add, set: set, key: key, timeout: timeout, statements: statements))
  }
}

/// What `meta … set` and `ct … set` write.
public enum Assignment: Hashable, Sendable {
  /// Bytes in host order.
  case value([UInt8])
  /// `meta mark set ct mark`.
  case operand(Operand)
  /// `meta mark set ip saddr map @marks`.
  case map(Operand, SetReference)
}

/// A change of a named set from the packet path (nft(8), "set statement").
public struct SetUpdate: Hashable, Sendable {
  public let operation: DynamicSet.Operation
  public let set: SetName
  public let key: Operand
  /// What a map's key leads to; `nil` for a set.
  public let data: Assignment?
  /// Milliseconds; `nil`: the set's own.
  public let timeout: UInt64?
  /// Evaluated for the element: `counter`, `limit`.
  public let statements: [Statement]

  public init(
    _ operation: DynamicSet.Operation, set: SetName, key: Operand, data: Assignment? = nil,
    timeout: UInt64? = nil, statements: [Statement] = []
  ) {
    self.operation = operation
    self.set = set
    self.key = key
    self.data = data
    self.timeout = timeout
    self.statements = statements
  }
}
