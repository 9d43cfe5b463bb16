internal import Policy

/// Reads a manifest that is written as ``Manifest/encoded()`` writes it, one host a line.
///
/// Of ten thousand hosts an apply needs one, and what there is to know of the others: as JSON they take four times as long. Each
/// byte has to be where it would be written, and each text is one that the reader of JSON takes; whatever else there is, such as
/// an escape, a command in the place of ssh, or a host that stands twice, is left to that reader and its refusals.
struct ManifestLines {
  private let bytes: [UInt8]
  private var index = 0
  private let letters = Letters.Kinds()

  // What hosts have in common mostly stands in the line before as well.
  private var digests: [UInt64: (place: Range<Int>, text: String)] = [:]
  private var modes: (place: Range<Int>, modes: Modes)?
  private var groups: (place: Range<Int>, names: [String])?
  private var zone: (place: Range<Int>, name: String)?

  /// - Returns: `nil` where the bytes are not written like that.
  static func read(_ bytes: [UInt8]) -> [String: Manifest.Entry]? {
    var lines = Self(bytes: bytes)
    return lines.hosts()
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private mutating func hosts() -> [String: Manifest.Entry]? {
    guard take("{\"format_version\": \(Manifest.formatVersion), \"inventory\": ") else { return nil }
    var inventory: String?
    if !take("null") {
      guard let place = text(letters.plain) else { return nil }
      inventory = string(place)
    }
    guard take(",\n\"hosts\": {") else { return nil }
    var hosts: [String: Manifest.Entry] = [:]
    // A line has some 300 bytes.
    hosts.reserveCapacity(bytes.count / 256)
    var count = 0
    while take(count == 0 ? "\n\"" : ",\n\"") {
      index -= 1
      guard let name = text(letters.names), let host = entry(name, of: inventory) else { return nil }
      hosts[host.name] = host.entry
      count += 1
    }
    guard take("\n}}\n"), index == bytes.count, hosts.count == count else { return nil }
    return hosts
  }

  private mutating func entry(
    _ place: Range<Int>, of one: String?
  ) -> (name: String, entry: Manifest.Entry)? {
    let name = string(place)
    guard take(": {\"ruleset\": "), let digest = digest(), take(", \"mode\": "), let modes = someModes(),
      take(", \"ssh\": "), let way = text(letters.logins), bytes[way.lowerBound] != UInt8(ascii: "-"),
      take(", \"addresses\": "), let addresses = list(letters.addresses)
    else { return nil }
    var (virtual, groups): ([String], [String]) = ([], [])
    var zone: String?
    var inventory = one
    if take(", \"virtual\": ") {
      guard let some = list(letters.addresses) else { return nil }
      virtual = some
    }
    if take(", \"groups\": ") {
      guard let some = someGroups() else { return nil }
      groups = some
    }
    if take(", \"zone\": ") {
      guard let place = text(letters.names) else { return nil }
      if let known = self.zone, isSame(known.place, place) {
        zone = known.name
      } else {
        let name = string(place)
        self.zone = (place, name)
        zone = name
      }
    }
    if one == nil {
      guard take(", \"inventory\": "), let place = text(letters.plain) else { return nil }
      inventory = string(place)
    }
    guard take("}"), let inventory else { return nil }
    return (
      name,
      Manifest.Entry(
        digest: digest, modes: modes, ssh: isSame(place, way) ? name : string(way), addresses: addresses,
        virtual: virtual, groups: groups, zone: zone, inventory: inventory)
    )
  }

  private mutating func digest() -> String? {
    let start = index + 1
    guard take("\""), start + 64 < bytes.count else { return nil }
    var front: UInt64 = 0
    for place in start..<start + 64 {
      guard JSONText.isHexDigit(bytes[place]) else { return nil }
      if place < start + 8 { front = front << 8 | UInt64(bytes[place]) }
    }
    index = start + 64
    guard take("\"") else { return nil }
    let place = start..<start + 64
    if let known = digests[front], isSame(known.place, place) { return known.text }
    let text = string(place)
    digests[front] = (place, text)
    return text
  }

  private mutating func someModes() -> Modes? {
    if let known = modes, again(known.place) { return known.modes }
    let start = index
    var all: [Mode] = []
    for direction in Direction.allCases {
      guard take("\(all.isEmpty ? "{" : ", ")\"\(direction.rawValue)\": "), let place = text(letters.names),
        let mode = Mode(rawValue: string(place))
      else { return nil }
      all.append(mode)
    }
    guard take("}"), Direction.allCases == [.ingress, .egress, .forward] else { return nil }
    let modes = Modes(ingress: all[0], egress: all[1], forward: all[2])
    self.modes = (start..<index, modes)
    return modes
  }

  private mutating func someGroups() -> [String]? {
    if let known = groups, again(known.place) { return known.names }
    let start = index
    guard let names = list(letters.names) else { return nil }
    groups = (start..<index, names)
    return names
  }

  private mutating func list(_ letters: Letters) -> [String]? {
    guard take("[") else { return nil }
    if take("]") { return [] }
    var all: [String] = []
    while true {
      guard let place = text(letters) else { return nil }
      all.append(string(place))
      if take("]") { return all }
      guard take(", ") else { return nil }
    }
  }

  // MARK: Bytes

  /// A text of some letters, none of which is written with an escape.
  private mutating func text(_ letters: Letters) -> Range<Int>? {
    guard take("\"") else { return nil }
    let start = index
    while index < bytes.count, letters.has(bytes[index]) { index += 1 }
    let place = start..<index
    guard take("\""), !place.isEmpty, letters.mayBegin(with: bytes[start]) else { return nil }
    return place
  }

  private mutating func take(_ text: String) -> Bool {
    var place = index
    for byte in text.utf8 {
      guard place < bytes.count, bytes[place] == byte else { return false }
      place += 1
    }
    index = place
    return true
  }

  /// Whether what stood at a place stands here again.
  private mutating func again(_ place: Range<Int>) -> Bool {
    let here = index..<index + place.count
    guard here.upperBound <= bytes.count, isSame(place, here) else { return false }
    index = here.upperBound
    return true
  }

  private func isSame(_ one: Range<Int>, _ other: Range<Int>) -> Bool {
    one.count == other.count && bytes[one].elementsEqual(bytes[other])
  }

  private func string(_ place: Range<Int>) -> String { String(decoding: bytes[place], as: UTF8.self) }
}
