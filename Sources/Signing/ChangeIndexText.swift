internal import JSONStrings

// There is one way to write an index: what is signed and what is read cannot be two things.

extension ChangeIndex {
  static let formatVersion: Int64 = 4

  /// JSON, one host a line.
  package func encoded() -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(hosts.count * 160 + 1024)
    func text(_ value: String?) {
      if let value { out.append(jsonString: value) } else { out += "null".utf8 }
    }
    out += "{\"format_version\": \(Self.formatVersion), \"revision\": \(revision), \"made\": \(made), ".utf8
    out += "\"not_after\": \(notAfter),\n\"inventory\": ".utf8
    text(inventory)
    out += ", \"git\": ".utf8
    text(git)
    out += ", \"way\": ".utf8
    text(way?.rawValue)
    out += ",\n\"guards\": [".utf8
    for (index, held) in guards.enumerated() {
      out += (index == 0 ? "\n" : ",\n").utf8
      out += "{\"name\": ".utf8
      text(held.name)
      out += ", \"statement\": ".utf8
      text(held.statement)
      if let why = held.why {
        out += ", \"why\": ".utf8
        text(why)
      }
      out += ", \"held\": true}".utf8
    }
    out += "],\n\"hosts\": {".utf8
    for (index, host) in hosts.enumerated() {
      out += (index == 0 ? "\n" : ",\n").utf8
      text(host.name)
      out += ": {\"ruleset\": ".utf8
      text(host.ruleset)
      out += ", \"addresses\": [".utf8
      for (index, address) in host.addresses.enumerated() {
        if index > 0 { out += ", ".utf8 }
        text(address)
      }
      out += "]".utf8
      if let shown = host.shown {
        out += ", \"place\": ".utf8
        text(shown.place)
        out += ", \"running\": ".utf8
        text(shown.running)
        out += ", \"others\": {".utf8
        for (index, other) in shown.others.sorted(by: { $0.key < $1.key }).enumerated() {
          if index > 0 { out += ", ".utf8 }
          text(other.key)
          out += ": ".utf8
          text(other.value)
        }
        out += "}".utf8
      }
      out += "}".utf8
    }
    out += "\n}}\n".utf8
    return out
  }

  /// - Returns: `nil` where the bytes are not what ``encoded()`` writes, byte for byte.
  package init?(decoding bytes: [UInt8]) {
    guard let index = try? Self.read(bytes), index.encoded() == bytes else { return nil }
    self = index
  }

  private static func read(_ bytes: [UInt8]) throws(JSONSyntaxError) -> ChangeIndex? {
    var reader = JSONReader(bytes)
    var (version, revision, made, notAfter): (Int64?, Int64?, Int64?, Int64?)
    var (inventory, git, way): (String?, String?, String?)
    var guards: [HeldGuard] = []
    var hosts: [Host]?
    try reader.object { (reader, key) throws(JSONSyntaxError) in
      switch key {
      case "format_version": version = try reader.integer()
      case "revision": revision = try reader.integer()
      case "made": made = try reader.integer()
      case "not_after": notAfter = try reader.integer()
      case "inventory": inventory = try reader.text()
      case "git": git = try reader.text()
      case "way": way = try reader.text()
      case "guards":
        try reader.array { (reader) throws(JSONSyntaxError) in guards.append(try held(&reader)) }
      case "hosts":
        var some: [Host] = []
        try reader.object { (reader, name) throws(JSONSyntaxError) in
          some.append(try host(name, &reader))
        }
        hosts = some
      default: try reader.skip()
      }
    }
    try reader.end()
    // What else is in it, and in which order, is compared with what would be written.
    guard version == formatVersion, let revision, possibleRevisions.contains(revision), let made,
      let notAfter, isTime(made), isTime(notAfter), let hosts, hosts.allSatisfy(\.isSound),
      way == nil || Way(rawValue: way ?? "") != nil
    else { return nil }
    return ChangeIndex(
      revision: revision, made: made, notAfter: notAfter, inventory: inventory, git: git, guards: guards,
      way: way.flatMap(Way.init), hosts: hosts)
  }

  /// So that sums and differences do not overflow.
  private static func isTime(_ time: Int64) -> Bool { (0...1 << 50).contains(time) }

  private static func held(_ reader: inout JSONReader) throws(JSONSyntaxError) -> HeldGuard {
    var (name, statement) = ("", "")
    var why: String?
    try reader.object { (reader, key) throws(JSONSyntaxError) in
      switch key {
      case "name": name = try reader.string()
      case "statement": statement = try reader.string()
      case "why": why = try reader.string()
      default: try reader.skip()
      }
    }
    return HeldGuard(name: name, statement: statement, why: why)
  }

  private static func host(_ name: String, _ reader: inout JSONReader) throws(JSONSyntaxError) -> Host {
    var ruleset = ""
    var addresses: [String] = []
    var place: String?
    var running: String?
    var others: [String: String] = [:]
    try reader.object { (reader, key) throws(JSONSyntaxError) in
      switch key {
      case "ruleset": ruleset = try reader.string()
      case "addresses":
        try reader.array { (reader) throws(JSONSyntaxError) in addresses.append(try reader.string()) }
      case "place": place = try reader.string()
      case "running": running = try reader.text()
      case "others":
        try reader.object { (reader, title) throws(JSONSyntaxError) in others[title] = try reader.string() }
      default: try reader.skip()
      }
    }
    let shown = place.map { Shown(place: $0, running: running, others: others) }
    return Host(name: name, ruleset: ruleset, addresses: addresses, shown: shown)
  }
}

extension ChangeIndex.Host {
  /// Its ruleset is a name of a file, and the host's is shown to people.
  fileprivate var isSound: Bool {
    let digits = ruleset.utf8.allSatisfy {
      ("0"..."9").contains(Character(.init($0))) || ("a"..."f").contains(Character(.init($0)))
    }
    return digits && ruleset.utf8.count == 64 && !name.isEmpty && !name.contains("/")
  }
}

extension JSONReader {
  /// A text or `null`.
  fileprivate mutating func text() throws(JSONSyntaxError) -> String? {
    guard case .null = try kind() else { return try string() }
    try null()
    return nil
  }
}
