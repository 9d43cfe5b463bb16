package import Addressing
package import Nftables

/// What a set or map of a compiled table is for.
package enum SetMeaning: Hashable, Sendable {
  /// Leads single ports of every protocol to services: `in`.
  case ports(Side)
  /// Leads ranges of ports of one protocol: `in/tcp`.
  case ranges(Side, IPProtocol)
  /// Leads ports before any NAT: `in/dnat.tcp`.
  case translated(Side, IPProtocol)
  /// Leads message types of ICMP or ICMPv6: `in/icmp`.
  case types(Side, IPProtocol)
  /// Leads protocols without ports: `in/protocols`.
  case protocols(Side)
  /// What was denied, filled by the kernel: `in/denied.v4`, `in/denied-icmp.v4`, `in/denied-other.v4`.
  case records(Side, RecordKind, AddressFamily)
  /// Whose denied packets were recorded, filled by the kernel, with what is left of each one's share: `in/asking.v4`.
  case asking(Side, AddressFamily)
  /// Ends of what a flow let in until its end, where no peers' set has them: `in/expired.api-to-db.postgres.1.1.v4`.
  case ended(Side, String, AddressFamily)
  /// Addresses that the host has cut off, by requests of their own: `quarantine/v4`.
  case quarantine(AddressFamily)
  /// Whose knocks on closed doors a tripwire counts: `tripwire/counts.scan.v4`.
  case counted(String, AddressFamily)
  /// Closed doors that somebody has knocked on lately, filled by the kernel: `in/doors.scan.v4`.
  case doors(Side, String, AddressFamily)
  /// Who has knocked lately, filled by the kernel, with what is left to him: `in/knocks.scan.v4`.
  case knocks(Side, String, AddressFamily)
  /// Addresses that have tripped a tripwire, filled by the kernel: `tripwire/tripped.scan.v4`.
  case tripped(String, AddressFamily)
  /// Those of them that the host refuses, by whichever tripwire: `tripwire/cut.v4`.
  case cut(AddressFamily)
  /// Ports that are opened to addresses for a time, by requests of their own: `in/opened.v4`.
  case opened(Side, AddressFamily)
  /// The names of the bridges that containers are attached to: `bridges`.
  case bridges
  /// The addresses of peers: `api.v4`. Derived peers have `/` in their name: `api-to-db/from.v4`.
  case peers(String, AddressFamily)

  package var name: SetName {
    let text =
      switch self {
      case .ports(let side): side.rawValue
      case .ranges(let side, let ipProtocol), .types(let side, let ipProtocol):
        "\(side.rawValue)/\(ipProtocol)"
      case .translated(let side, let ipProtocol): "\(side.rawValue)/\(Word.translated)\(ipProtocol)"
      case .protocols(let side): "\(side.rawValue)/\(Word.protocols)"
      case .records(let side, let kind, let family):
        "\(side.rawValue)/\(kind.rawValue).\(family.suffix)"
      case .asking(let side, let family): "\(side.rawValue)/\(Word.asking).\(family.suffix)"
      case .ended(let side, let name, let family):
        "\(side.rawValue)/\(Word.expired)\(name).\(family.suffix)"
      case .quarantine(let family): "\(Word.quarantine)\(family.suffix)"
      case .counted(let name, let family): "\(Word.tripwire)\(Word.counted)\(name).\(family.suffix)"
      case .doors(let side, let name, let family):
        "\(side.rawValue)/\(Word.doors)\(name).\(family.suffix)"
      case .knocks(let side, let name, let family):
        "\(side.rawValue)/\(Word.knocks)\(name).\(family.suffix)"
      case .tripped(let name, let family): "\(Word.tripwire)\(Word.tripped)\(name).\(family.suffix)"
      case .cut(let family): "\(Word.tripwire)\(Word.cut).\(family.suffix)"
      case .opened(let side, let family): "\(side.rawValue)/\(Word.opened).\(family.suffix)"
      case .bridges: Word.bridges
      case .peers(let name, let family): "\(Self.word(name)).\(family.suffix)"
      }
    return SetName(checked: text)
  }

  /// - Returns: `nil` of a name that Sekisho gives to no set.
  package init?(_ name: SetName) {
    if let side = Side(rawValue: name.text) {
      self = .ports(side)
    } else if name.text == Word.bridges {
      self = .bridges
    } else if let family = AddressFamily.allCases.first(where: {
      name.text == "\(Word.quarantine)\($0.suffix)"
    }) {
      self = .quarantine(family)
    } else if name.text.hasPrefix(Word.tripwire),
      let own = Self.tripwire(name.text.dropFirst(Word.tripwire.count))
    {
      self = own
    } else if let (side, rest) = Side.divided(name.text, at: "/"), let own = Self.own(side, rest) {
      self = own
    } else if let (word, family) = Self.family(name.text[...]), let peers = Self.peers(word) {
      self = .peers(peers, family)
    } else {
      return nil
    }
  }

  private static func own(_ side: Side, _ rest: Substring) -> Self? {
    if rest == Word.protocols { return .protocols(side) }
    if let ipProtocol = IPProtocol(name: rest) {
      if ipProtocol.hasPorts { return .ranges(side, ipProtocol) }
      return ipProtocol == .icmp || ipProtocol == .icmpv6 ? .types(side, ipProtocol) : nil
    }
    if rest.hasPrefix(Word.translated) {
      guard let ipProtocol = IPProtocol(name: rest.dropFirst(Word.translated.count)), ipProtocol.hasPorts
      else {
        return nil
      }
      return .translated(side, ipProtocol)
    }
    guard let (name, family) = family(rest) else { return nil }
    if let kind = RecordKind(rawValue: String(name)) { return .records(side, kind, family) }
    if name == Word.asking { return .asking(side, family) }
    if name == Word.opened { return .opened(side, family) }
    if let wire = behind(Word.doors, name) { return .doors(side, wire, family) }
    if let wire = behind(Word.knocks, name) { return .knocks(side, wire, family) }
    return behind(Word.expired, name).map { .ended(side, $0, family) }
  }

  /// A flow may be called `tripwire`, and its ends then begin alike: they have other words.
  private static func tripwire(_ rest: Substring) -> Self? {
    guard let (name, family) = family(rest) else { return nil }
    if name == Word.cut { return .cut(family) }
    if let wire = behind(Word.tripped, name) { return .tripped(wire, family) }
    return behind(Word.counted, name).map { .counted($0, family) }
  }

  private static func behind(_ word: String, _ name: Substring) -> String? {
    name.hasPrefix(word) && name.count > word.count ? String(name.dropFirst(word.count)) : nil
  }

  /// What stands ahead of the suffix of a family.
  private static func family(_ text: Substring) -> (Substring, AddressFamily)? {
    for family in AddressFamily.allCases where text.hasSuffix(".\(family.suffix)") {
      let rest = text.dropLast(family.suffix.count + 1)
      return rest.isEmpty ? nil : (rest, family)
    }
    return nil
  }

  /// nft(8) wants a word that begins with a letter: other beginnings get a `_`, also those that have one, so that no two
  /// names become one.
  private static func word(_ name: String) -> String { beginsWithLetter(name[...]) ? name : "_\(name)" }

  private static func peers(_ word: Substring) -> String? {
    if beginsWithLetter(word) { return String(word) }
    guard word.first == "_", word.count > 1, !beginsWithLetter(word.dropFirst()) else { return nil }
    return String(word.dropFirst())
  }

  private static func beginsWithLetter(_ text: Substring) -> Bool {
    guard let first = text.utf8.first else { return false }
    return (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first)
  }

  private enum Word {
    static let protocols: Substring = "protocols"
    static let translated = "dnat."
    static let asking: Substring = "asking"
    static let opened: Substring = "opened"
    static let expired = "expired."
    static let bridges = "bridges"
    static let quarantine = "quarantine/"
    static let tripwire = "tripwire/"
    static let counted = "counts."
    static let tripped = "tripped."
    static let cut: Substring = "cut"
    static let doors = "doors."
    static let knocks = "knocks."
  }
}

/// What a record has beside addresses. The raw value is the word in the names of its sets.
package enum RecordKind: String, Hashable, Sendable, CaseIterable {
  /// The protocol and the port.
  case ports = "denied"
  /// The type of a message of ICMP, or of ICMPv6 in sets of that family.
  case messages = "denied-icmp"
  /// The protocol.
  case others = "denied-other"
}

extension NamedSet {
  /// The peers whose addresses of one family the set holds. Single addresses are managed hosts', ranges are networks.
  package var peers: (name: String, family: AddressFamily, isExact: Bool)? {
    guard data == nil, !flags.contains(.dynamic), case .peers(let name, let family)? = SetMeaning(self.name),
      key == [family == .ipv4 ? .ipv4Address : .ipv6Address]
    else { return nil }
    return (name, family, !flags.contains(.interval))
  }
}
