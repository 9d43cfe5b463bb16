/// Statements that act on a packet instead of asking about it.
extension TextWriter {
  mutating func append(_ limit: Limit) throws(TextError) {
    append("limit rate ")
    if limit.over { append("over ") }
    if limit.bytes {
      append(bytes: limit.rate)
    } else {
      append(decimal: limit.rate)
    }
    append("/")
    guard let unit = Limit.units.first(where: { $0.seconds == limit.unit }) else {
      throw .unsupported("a rate in \(limit.unit) seconds")
    }
    append(unit.name)
    if limit.bytes {
      if limit.burst > 0 {
        append(" burst ")
        append(bytes: UInt64(limit.burst))
      }
    } else if limit.burst != Limit.defaultBurst {
      // nft 1.0.6 reads no burst as 5 packets and prints 0 as it is.
      append(" burst ")
      append(decimal: UInt64(limit.burst))
      append(" packets")
    }
  }

  /// Bytes in the largest unit that gives a whole number.
  private mutating func append(bytes value: UInt64) {
    let (number, unit) = Limit.scaled(value)
    append(decimal: number)
    append(" ")
    append(unit)
  }

  mutating func append(_ log: Log) throws(TextError) {
    append("log")
    if let prefix = log.prefix {
      try QuotedText.check(prefix, limit: QuotedText.logPrefixLimit)
      append(" prefix ")
      append(quoted: prefix)
    }
    if let group = log.group {
      append(" group ")
      append(decimal: UInt64(group))
      if let length = log.snapLength, length > 0 {
        append(" snaplen ")
        append(decimal: UInt64(length))
      }
      if let threshold = log.queueThreshold, threshold > 0 {
        append(" queue-threshold ")
        append(decimal: UInt64(threshold))
      }
    }
    if let level = log.level, level != Log.warning {
      guard level < Log.levels.count else { throw .unsupported("log level \(level)") }
      append(" level ")
      append(Log.levels[Int(level)])
    }
    if let flags = log.flags, flags != 0 {
      guard let words = Log.words(flags) else { throw .unsupported("log flags \(flags)") }
      for word in words {
        append(" flags ")
        append(word)
      }
    }
  }

  mutating func append(_ reject: Reject, in families: RejectContext) throws(TextError) {
    append("reject")
    guard let type = reject.type(in: families.packet) else {
      throw .unsupported("reject with a code of a family that the rule does not match")
    }
    switch reject.kind {
    case .tcpReset: return append(" with tcp reset")
    case .icmpUnreachable:
      if families.table == .ipv4 && reject.code == 3 || families.table == .ipv6 && reject.code == 4 { return }
    case .icmpxUnreachable: if families.table == .inet, reject.code == 1 { return }
    }
    append(" with ")
    append(type.word)
    append(" ")
    try append([reject.code], as: ValueType(type.code, bits: 8, order: .network))
  }
}

/// Whose codes a `reject` has: what the table takes, and what of it the rule has matched.
struct RejectContext {
  let table: Family
  let packet: Family
}

extension Limit {
  /// Packets above the rate that nft(8) allows when nothing is said.
  static let defaultBurst: UInt32 = 5

  static let units: [(name: String, seconds: UInt64)] = [
    ("second", 1), ("minute", 60), ("hour", 3600), ("day", 86400), ("week", 604_800),
  ]

  static let byteUnits: [(name: String, size: UInt64)] = [
    ("bytes", 1), ("kbytes", 1024), ("mbytes", 1_048_576),
  ]

  /// A number of bytes in the largest unit that gives a whole number.
  static func scaled(_ bytes: UInt64) -> (UInt64, String) {
    let unit = byteUnits.last { bytes > 0 && bytes.isMultiple(of: $0.size) } ?? byteUnits[0]
    return (bytes / unit.size, unit.name)
  }
}

extension Log {
  static let warning: UInt32 = 4
  /// Level words by number; 8 is nft's own for the audit subsystem.
  static let levels = ["emerg", "alert", "crit", "err", "warn", "notice", "info", "debug", "audit"]

  static let flagBits: [(word: String, bit: UInt32)] = [
    ("tcp sequence", 1), ("tcp options", 2), ("ip options", 4), ("skuid", 8), ("ether", 32),
  ]

  /// The words behind `flags`; `nil` for bits that nft(8) has no word for.
  static func words(_ flags: UInt32) -> [String]? {
    guard flags & ~allFlags == 0 else { return nil }
    if flags == allFlags { return ["all"] }
    var words: [String] = []
    if flags & 3 == 3 {
      words.append("tcp sequence,options")
    } else {
      words += flagBits[..<2].filter { flags & $0.bit != 0 }.map(\.word)
    }
    return words + flagBits[2...].filter { flags & $0.bit != 0 }.map(\.word)
  }
}

extension Reject {
  /// The word behind `with` and the type of the code; `nil` where the family does not say it.
  func type(in family: Family) -> (word: String, code: DataType)? {
    switch kind {
    case .tcpReset: ("tcp reset", .icmpCode)
    case .icmpxUnreachable: ("icmpx", .icmpxCode)
    case .icmpUnreachable:
      switch family {
      case .ipv4: ("icmp", .icmpCode)
      case .ipv6: ("icmpv6", .icmpv6Code)
      default: nil
      }
    }
  }
}
