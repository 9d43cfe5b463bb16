extension Linearizer {
  mutating func translate(_ statement: TranslationStatement) throws(StatementError) {
    var next = 0
    var (addresses, ports): (Translation.Ends?, Translation.Ends?)
    if let value = statement.addresses {
      let start = next
      addresses = try load(value, at: &next)
      if let length = statement.addressLength, statement.leadsToPort(sets) {
        let port = try register(start + length)
        ports = Translation.Ends(port, port)
      }
    }
    if let value = statement.ports { ports = try load(value, at: &next) }
    var flags = statement.flags
    if addresses != nil { flags.insert(.addresses) }
    // A socket's address has no flags (nft_tproxy.c).
    if ports != nil { flags.insert(.ports) }
    if statement.kind == .socket { flags = [] }
    let translation = Translation(
      statement.kind, family: statement.family, addresses: addresses, ports: ports, flags: flags)
    sideEffect(translation.expression)
  }

  /// What a packet is translated to, in registers of 16 bytes from one on.
  private mutating func load(
    _ value: TranslationStatement.Value, at next: inout Int
  ) throws(StatementError) -> Translation.Ends {
    func constant(_ bytes: [UInt8]) throws(StatementError) -> Register {
      let target = try register(next)
      expressions.append(.immediate(target, bytes))
      next += (bytes.count + 15) & ~15
      return target
    }
    switch value {
    case .value(let bytes):
      let target = try constant(bytes)
      return Translation.Ends(target, target)
    case .range(let low, let high): return Translation.Ends(try constant(low), try constant(high))
    case .map(let key, let map):
      try require(key)
      let target = try register(next)
      try load(key, at: next, asRanges: isInterval(map))
      expressions.append(.lookup(storedForm(map, key), target, negated: false, into: target))
      next += 32
      return Translation.Ends(target, target)
    }
  }
}
