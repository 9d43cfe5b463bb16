internal import Machine
internal import SystemPackage

/// Unit files of systemd (systemd.unit(5)) below a root.
///
/// What cannot be read is taken for what is not there: this answers what is known to flush, not what is known not to.
struct Units {
  let root: String

  /// In the order in which they count: the first that has a unit decides. What scripts below /etc/init.d are made into
  /// is in the last (systemd-sysv-generator(8)).
  private static let directories = [
    "/etc/systemd/system", "/run/systemd/system", "/run/systemd/generator", "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system", "/lib/systemd/system", "/run/systemd/generator.late",
  ]
  /// Bytes of a file, and names in a directory.
  private static let longestFile = 1 << 20
  private static let mostNames = 4096

  /// Names of units that something wants or requires, sorted.
  var enabled: [String] {
    var result: Set<String> = []
    for directory in Self.directories {
      for name in names(directory) where name.hasSuffix(".wants") || name.hasSuffix(".requires") {
        result.formUnion(names("\(directory)/\(name)"))
      }
    }
    return result.sorted().prefix(Self.mostNames).map { $0 }
  }

  /// What a unit says, its drop-ins included; `nil`: there is none, or it is masked.
  func unit(_ name: String) -> Unit? {
    guard let main = file(name) ?? template(of: name).flatMap({ file($0) }), let text = main else {
      return nil
    }
    var unit = Unit()
    unit.read(text)
    for dropIn in dropIns(name) { unit.read(dropIn) }
    return unit
  }

  /// - Returns: `nil`: it is nowhere; `.some(nil)`: it is masked.
  private func file(_ name: String) -> String?? {
    for directory in Self.directories {
      let path = "\(directory)/\(name)"
      // A unit that is a link to /dev/null is masked.
      if Files.readLink(root + path) == "/dev/null" { return .some(nil) }
      if let text = text(path) { return .some(text) }
    }
    return nil
  }

  /// `foo@.service` of `foo@bar.service`.
  private func template(of name: String) -> String? {
    guard let at = name.firstIndex(of: "@"), let dot = name.lastIndex(of: "."), at < dot else { return nil }
    return "\(name[...at])\(name[dot...])"
  }

  /// Files of one name count once, those of the directory that comes first; in the order of their names.
  private func dropIns(_ name: String) -> [String] {
    var found: [String: String] = [:]
    for directory in Self.directories {
      for file in names("\(directory)/\(name).d") where file.hasSuffix(".conf") && found[file] == nil {
        found[file] = "\(directory)/\(name).d/\(file)"
      }
    }
    return found.sorted { $0.key < $1.key }.compactMap { text($0.value) }
  }

  /// The text of a file below the root; one that is too long, or no file, is none.
  func text(_ path: String) -> String? {
    guard path.first == "/", !path.split(separator: "/").contains("..") else { return nil }
    // A pipe is not waited for.
    let bytes = try? Files.read(root + path, atMost: Self.longestFile, .nonBlocking)
    return bytes.map { String(decoding: $0, as: UTF8.self) }
  }

  private func names(_ directory: String) -> [String] {
    guard let opened = try? Directory(opening: root + directory), let entries = try? opened.entries() else {
      return []
    }
    return entries.keys.sorted().prefix(Self.mostNames).map { $0 }
  }
}

/// What of a unit matters here.
struct Unit: Hashable {
  /// Commands by the setting that has them: `ExecStart`.
  private(set) var commands: [String: [String]] = [:]
  private(set) var after: Set<String> = []
  private(set) var before: Set<String> = []

  /// Adds what a file says: settings in lines, which end in a backslash where they go on (systemd.syntax(7)).
  mutating func read(_ text: String) {
    var pending = ""
    for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
      let trimmed = line.drop { $0 == " " || $0 == "\t" }
      // Comments also stand between the parts of one setting.
      if trimmed.first == "#" || trimmed.first == ";" { continue }
      if line.last == "\\" {
        pending += line.dropLast() + " "
        continue
      }
      take(pending + line)
      pending = ""
    }
    if !pending.isEmpty { take(pending) }
  }

  private mutating func take(_ line: String) {
    guard let equals = line.firstIndex(of: "=") else { return }
    let key = line[..<equals].filter { !$0.isWhitespace }
    let value = line[line.index(after: equals)...].drop { $0.isWhitespace }
    switch key {
    case "After": after.formUnion(value.split(whereSeparator: \.isWhitespace).map(String.init))
    case "Before": before.formUnion(value.split(whereSeparator: \.isWhitespace).map(String.init))
    case _ where key.hasPrefix("Exec"):
      // An empty one takes back those before it.
      if value.isEmpty { commands[key] = nil } else { commands[key, default: []].append(String(value)) }
    default: break
    }
  }
}
