/// A statement that translates an address or a port, or hands the packet to a socket.
public struct TranslationStatement: Hashable, Sendable {
  /// What to.
  public enum Value: Hashable, Sendable {
    case value([UInt8])
    /// Any from the first to the last.
    case range([UInt8], [UInt8])
    /// What the map says for the key: `tcp dport map { 8080 : 10.0.0.1 }`.
    case map(Operand, SetReference)
  }

  public let kind: Translation.Kind
  /// Of the address; packets of another family are left alone.
  public let family: Family?
  public let addresses: Value?
  /// `nil` also where a map of addresses leads to ports as well.
  public let ports: Value?
  /// Without those that say whether there are addresses and ports.
  public let flags: Translation.Flags

  public init(
    _ kind: Translation.Kind, family: Family? = nil, addresses: Value? = nil, ports: Value? = nil,
    flags: Translation.Flags = []
  ) {
    self.kind = kind
    self.family = family
    self.addresses = addresses
    self.ports = ports
    self.flags = flags.subtracting([.addresses, .ports])
  }

  var addressType: ValueType? {
    family.flatMap { ValueType($0 == .ipv6 ? .ipv6Address : .ipv4Address) }
  }

  var addressLength: Int? { addressType?.paddedByteCount }

  /// Whether a map of addresses leads to ports as well.
  func leadsToPort(_ sets: [SetName: NamedSet]) -> Bool {
    guard case .map(_, let reference)? = addresses else { return false }
    switch reference {
    case .named(let name): return sets[name]?.data?.count == 2
    case .inline(let set): return set.data?.count == 2
    }
  }
}

extension StatementReader {
  /// The translation that begins here, with what it loads; `nil`, and nothing is taken, for anything else.
  mutating func translation() -> Statement? {
    guard mayTranslate else { return nil }
    let before = self
    if let statement = translate() { return .translate(statement) }
    self = before
    return nil
  }

  private mutating func translate() -> TranslationStatement? {
    var held: [Int: TranslationStatement.Value] = [:]
    var next = 0
    while let step {
      if case .opaque(let name, let attributes) = step {
        guard let translation = Translation(name: name, attributes: attributes) else { return nil }
        index += 1
        return statement(translation, held)
      }
      if case .immediate(let register, let value) = step {
        guard register.byteOffset == next else { return nil }
        held[next] = .value(value)
        next += (value.count + 15) & ~15
        index += 1
        continue
      }
      let loads = self.loads(at: next)
      guard !loads.isEmpty, case .lookup(let reference, let from, false, into: let into?)? = self.step,
        from.byteOffset == next, into == from, let (key, set) = lookup(loads, reference)
      else { return nil }
      held[next] = .map(key, set)
      next += 32
      index += 1
    }
    return nil
  }

  private func statement(
    _ translation: Translation, _ held: [Int: TranslationStatement.Value]
  ) -> TranslationStatement? {
    func value(_ ends: Translation.Ends) -> TranslationStatement.Value? {
      guard let first = ends.first.byteOffset, let start = held[first] else { return nil }
      if ends.first == ends.last { return start }
      guard case .value(let low) = start, let last = ends.last.byteOffset,
        case .value(let high)? = held[last]
      else { return nil }
      return .range(low, high)
    }
    var (addresses, ports): (TranslationStatement.Value?, TranslationStatement.Value?)
    if let ends = translation.addresses {
      guard let found = value(ends) else { return nil }
      addresses = found
    }
    if let ends = translation.ports {
      ports = value(ends)
      // Without one of its own the port stands behind the address, in a map.
      if ports == nil, case .map? = addresses {} else if ports == nil { return nil }
    }
    return TranslationStatement(
      translation.kind, family: translation.family, addresses: addresses, ports: ports,
      flags: translation.flags)
  }
}
