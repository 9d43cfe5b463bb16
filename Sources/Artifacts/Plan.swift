internal import FoundationEssentials
internal import Machine
internal import SystemPackage

/// A saved diff: what was shown, so exactly that `apply` can tell whether it is still what there is.
///
/// It holds digests, no rulesets: what is applied is compiled again and has to be the same.
package struct Plan: Hashable, Sendable {
  /// How hosts are reached.
  package enum Way: String, Hashable, Sendable, Codable {
    case local
    case lab
    case ssh
  }

  /// A host that was looked at, whether it changes or not: what was shown holds for all of them together.
  package struct Host: Hashable, Sendable, Codable {
    package let name: String
    /// Digest of the ruleset that it is to have.
    package let ruleset: String
    /// The boot and the network namespace that were looked at.
    package let place: String
    /// Digest of the table that was there; `nil`: there was none. With ``ruleset`` it says the change.
    package let running: String?
    /// Digests of what other tables had, by title, as far as what was shown rests on it.
    package let others: [String: String]

    package init(name: String, ruleset: String, place: String, running: String?, others: [String: String]) {
      self.name = name
      self.ruleset = ruleset
      self.place = place
      self.running = running
      self.others = others
    }
  }

  /// Digest of the inventory; `nil` where compiled rulesets were compared.
  package let inventory: String?
  package let way: Way
  /// In order of name.
  package let hosts: [Host]

  package init(inventory: String?, way: Way, hosts: [Host]) {
    self.inventory = inventory
    self.way = way
    self.hosts = hosts.sorted { $0.name < $1.name }
  }

  static let formatVersion = 2

  private struct File: Codable {
    let format_version: Int
    let inventory: String?
    let way: Way
    let hosts: [Host]
  }

  /// Writes the plan whole, or leaves what is there.
  ///
  /// - Throws: ``OutputFailure``.
  package func write(to path: String) throws(OutputFailure) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let file = File(format_version: Self.formatVersion, inventory: inventory, way: way, hosts: hosts)
    guard let data = try? encoder.encode(file) else {
      throw OutputFailure(path, "the plan cannot be written as JSON")
    }
    let (directory, name) = try Self.split(path)
    try onDisk { () throws(SystemFailure) in
      let directory = try Directory(opening: directory)
      try directory.requireNothingElse(name)
      try directory.replace(name, with: Array(data) + [UInt8(ascii: "\n")])
    }
  }

  /// - Throws: ``OutputFailure``, also for what is no plan of this version.
  package init(reading path: String) throws(OutputFailure) {
    let (directory, name) = try Self.split(path)
    let stored = try onDisk { () throws(SystemFailure) in try Directory(opening: directory).read(name) }
    guard let bytes = stored else {
      throw OutputFailure(
        path, code: Errno.noSuchFileOrDirectory.rawValue,
        "no such plan", remedy: "sekisho diff --out \(path) makes one")
    }
    guard let file = try? JSONDecoder().decode(File.self, from: Data(bytes)),
      file.format_version == Self.formatVersion, Set(file.hosts.map(\.name)).count == file.hosts.count
    else {
      throw OutputFailure(path, "not a plan of this version", remedy: "make it anew with sekisho diff --out")
    }
    self.init(inventory: file.inventory, way: file.way, hosts: file.hosts)
  }

  private static func split(_ path: String) throws(OutputFailure) -> (directory: String, name: String) {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard let name = parts.last, !name.isEmpty, name != ".", name != ".." else {
      throw OutputFailure(path, "not a name of a file")
    }
    let directory = parts.dropLast().joined(separator: "/")
    return (directory.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : directory, String(name))
  }
}
