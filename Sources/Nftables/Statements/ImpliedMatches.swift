/// Removes matches that a later header field implies: `meta l4proto tcp` in front of `tcp dport`.
///
/// Follows nft's listing (payload.c, `payload_dependency_kill`): a match of the protocol is remembered
/// for the layer above it and goes when a field of that layer follows, unless a statement with an
/// effect stands between.
struct ImpliedMatches {
  private let family: Family
  private var context: ProtocolContext
  /// Index of the latest match of the protocol, by the layer it tells of.
  private var pending: [PayloadBase: Int] = [:]
  private var pendingICMPType: Int?
  /// Indices of the statements that a listing leaves out, ascending.
  private(set) var removable: [Int] = []

  init(family: Family) {
    self.family = family
    context = ProtocolContext(family: family)
  }

  mutating func removed(from statements: [Statement]) -> [Statement] {
    for (index, statement) in statements.enumerated() {
      visit(statement, at: index, in: statements)
    }
    removable.sort()
    var out: [Statement] = []
    out.reserveCapacity(statements.count)
    var next = removable[...]
    for (index, statement) in statements.enumerated() {
      if next.first == index { next.removeFirst() } else { out.append(statement) }
    }
    return out
  }

  private mutating func visit(_ statement: Statement, at index: Int, in statements: [Statement]) {
    switch statement {
    case .match(let left, .equal, .value(let value)):
      for field in left.fields where field.protocolLayer == nil || left.isComputed {
        use(field, in: statements)
      }
      remember(left, value, at: index, in: statements)
      context.learn(left, equals: value)
    case .match(let left, let sign, let right):
      for field in left.fields { use(field, in: statements) }
      if sign == .equal, case .set(.inline(let set)) = right, left == .icmpType || left == .icmpv6Type,
        set.elements.lastKeys == nil
      {
        context.learn(left, equals: set.elements.keys)
      }
    case .vmap(let key, _): for field in key.fields { use(field, in: statements) }
    case .set(let update):
      for field in update.key.fields { use(field, in: statements) }
      forget()
    case .setMeta(_, let value), .setConntrack(_, _, let value):
      switch value {
      case .value: break
      case .operand(let operand), .map(let operand, _):
        for field in operand.fields { use(field, in: statements) }
      }
      if case .setMeta = statement { forget() }
    case .translate(let translation):
      for case .map(let key, _)? in [translation.addresses, translation.ports] {
        for field in key.fields { use(field, in: statements) }
      }
      forget()
    case .reject(let reject):
      if reject.kind == .icmpUnreachable, family == .inet || family == .bridge { take(.network) }
      if reject.kind == .tcpReset, family == .ipv4 || family == .ipv6 { take(.transport) }
      forget()
    default: forget()
    }
  }

  private mutating func forget() {
    pending = [:]
    pendingICMPType = nil
  }

  private mutating func take(_ layer: PayloadBase) {
    if let index = pending.removeValue(forKey: layer) { removable.append(index) }
  }

  private mutating func remember(
    _ left: Operand, _ value: [UInt8], at index: Int, in statements: [Statement]
  ) {
    switch left {
    case .meta(.nfProto) where family == .inet: pending[.network] = index
    case .meta(.etherProtocol) where family == .bridge || family == .netdev: pending[.network] = index
    case .meta(.l4Proto): pending[.transport] = index
    case .meta(.inputInterfaceType) where value == hostBytes(UInt16(1)): pending[.link] = index
    case .field(let field):
      guard let layer = field.protocolLayer else {
        if field == .icmpType || field == .icmpv6Type { pendingICMPType = index }
        return
      }
      use(field, in: statements)
      pending[layer] = index
    default: break
    }
  }

  /// A field makes the match of its header's protocol superfluous.
  private mutating func use(_ field: HeaderField, in statements: [Statement]) {
    switch field.header.base {
    case .link:
      take(.link)
      if field.header == .vlan, let index = pending[.network],
        case .match(.field(.etherType), _, _) = statements[index]
      {
        take(.network)
      }
    case .network: take(.network)
    case .transport:
      guard field.header != .th else { return }
      if let index = pending[.transport], implies(field, statements[index]) { take(.transport) }
      let ofFamily: Header? =
        switch field.header {
        case .icmp: .ip
        case .icmpv6: .ip6
        default: nil
        }
      if family == .inet, let ofFamily, context.network == ofFamily { take(.network) }
      // Only a type that the field alone implies; of several the set stays.
      if let types = field.icmpTypes, types.count == 1, let index = pendingICMPType {
        pendingICMPType = nil
        removable.append(index)
      }
    case .inner: break
    }
  }

  /// In tables of several families `ip protocol tcp` also says which family it is.
  private func implies(_ field: HeaderField, _ statement: Statement) -> Bool {
    guard case .match(.field(let known), _, _) = statement else { return true }
    return !(known.header.base == .network && (family == .inet || family == .bridge || family == .netdev))
  }
}

extension Operand {
  /// The header fields it reads.
  var fields: [HeaderField] {
    switch self {
    case .field(let field): [field]
    case .masked(let inner, _, _), .shifted(let inner, _, _): inner.fields
    case .concatenation(let parts): parts.flatMap(\.fields)
    default: []
    }
  }

  var isComputed: Bool {
    switch self {
    case .field: false
    default: true
    }
  }
}

extension HeaderField {
  /// The layer whose protocol the field's value names.
  var protocolLayer: PayloadBase? {
    switch (header, name) {
    case (.ip, "protocol"), (.ip6, "nexthdr"): .transport
    case (.ether, "type"): .network
    case (.vlan, "type"): .network
    default: nil
    }
  }
}
