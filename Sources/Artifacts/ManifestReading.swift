internal import JSONStrings
internal import Policy

extension Manifest {
  /// - Throws: ``OutputFailure`` when the bytes are not a manifest this version understands.
  init(decoding bytes: [UInt8], path: String) throws(OutputFailure) {
    if let hosts = ManifestLines.read(bytes) {
      self.init(hosts: hosts)
      return
    }
    guard let manifest = try? Self(reading: bytes) else {
      throw OutputFailure(
        path, "not a manifest of this version", remedy: "compile again into an empty directory")
    }
    self = manifest
  }

  /// - Returns: `nil` where the JSON is not a manifest.
  init?(reading bytes: [UInt8]) throws(JSONSyntaxError) {
    var reader = JSONReader(bytes)
    var version: Int64?
    var inventory: String?
    var notCompiled: [String] = []
    var written: [(name: String, host: WrittenHost)]?
    try reader.object { (reader, key) throws(JSONSyntaxError) in
      switch key {
      case "format_version": version = try reader.integer()
      case "inventory": inventory = try reader.text()
      case "not_compiled": notCompiled = try reader.texts()
      case "hosts":
        var some: [(name: String, host: WrittenHost)] = []
        try reader.object { (reader, name) throws(JSONSyntaxError) in
          some.append((name, try WrittenHost(&reader)))
        }
        written = some
      default: try reader.skip()
      }
    }
    try reader.end()
    // Without its hosts it would be of an empty fleet, in which nothing has to change.
    guard version == Int64(Self.formatVersion), let written else { return nil }
    var hosts: [String: Entry] = [:]
    hosts.reserveCapacity(written.count)
    for (name, host) in written {
      guard Letters.names.make(name), let entry = host.entry(of: inventory) else { return nil }
      hosts[name] = entry
    }
    for name in notCompiled where !Letters.names.make(name) || hosts[name] != nil { return nil }
    self.init(hosts: hosts, notCompiled: notCompiled)
  }
}

/// What a manifest says of a host, as it stands there.
private struct WrittenHost {
  private var ruleset: String?
  private var modes: (ingress: Mode?, egress: Mode?, forward: Mode?)
  private var ssh: String?
  /// Absent where ssh is the way.
  private var transport: [String]?
  private var addresses: [String]?
  // Absent in a manifest that knows neither.
  private var virtual: [String] = []
  private var groups: [String] = []
  private var zone: String?
  private var inventory: String?

  init(_ reader: inout JSONReader) throws(JSONSyntaxError) {
    try reader.object { (reader, key) throws(JSONSyntaxError) in
      switch key {
      case "ruleset": ruleset = try reader.string()
      case "mode":
        try reader.object { (reader, direction) throws(JSONSyntaxError) in
          let mode = Mode(rawValue: try reader.string())
          switch direction {
          case "ingress": modes.ingress = mode
          case "egress": modes.egress = mode
          case "forward": modes.forward = mode
          default: break
          }
        }
      case "ssh": ssh = try reader.string()
      case "transport": transport = try reader.texts()
      case "addresses": addresses = try reader.texts()
      case "virtual": virtual = try reader.texts()
      case "groups": groups = try reader.texts()
      case "zone": zone = try reader.text()
      case "inventory": inventory = try reader.text()
      default: try reader.skip()
      }
    }
  }

  /// - Parameter one: the inventory that all hosts are of; `nil`: each says its own.
  /// - Returns: `nil` where something is missing, or is not what a compile writes.
  func entry(of one: String?) -> Manifest.Entry? {
    guard let ingress = modes.ingress, let egress = modes.egress, let forward = modes.forward,
      let ruleset, ruleset.utf8.count == 64, ruleset.utf8.allSatisfy(JSONText.isHexDigit), let ssh,
      Letters.logins.make(ssh), !ssh.hasPrefix("-"), let inventory = inventory ?? one,
      Letters.plain.make(inventory), let addresses, addresses.allSatisfy(Letters.addresses.make),
      virtual.allSatisfy(Letters.addresses.make), groups.allSatisfy(Letters.names.make),
      zone.map(Letters.names.make) ?? true,
      transport.map({ Letters.lead($0, to: ssh) }) ?? true
    else { return nil }
    return Manifest.Entry(
      digest: ruleset, modes: Modes(ingress: ingress, egress: egress, forward: forward), ssh: ssh,
      transport: transport, addresses: addresses, virtual: virtual, groups: groups, zone: zone,
      inventory: inventory)
  }
}

extension JSONReader {
  /// A text or `null`.
  fileprivate mutating func text() throws(JSONSyntaxError) -> String? {
    guard case .null = try kind() else { return try string() }
    try null()
    return nil
  }

  /// `null` is an empty list.
  fileprivate mutating func texts() throws(JSONSyntaxError) -> [String] {
    var result: [String] = []
    if case .null = try kind() {
      try null()
    } else {
      try array { (reader) throws(JSONSyntaxError) in result.append(try reader.string()) }
    }
    return result
  }
}
