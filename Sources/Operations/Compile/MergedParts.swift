internal import Artifacts

/// The directories that the parts of one compile have written, to be written as one.
package struct MergedParts: Sendable {
  /// A part, and its hosts.
  private let parts: [(directory: OutputDirectory, hosts: [String])]
  private let entries: [String: Manifest.Entry]
  /// Hosts that are left out.
  private let others: Set<String>
  private let inventory: String

  /// Reads the manifests of the parts.
  ///
  /// - Parameter selected: the hosts that are taken; `nil`: all.
  /// - Throws: ``PartsDiffer`` where they are not the parts of one compile, or not all of them; ``Misuse``;
  ///   ``Artifacts/OutputFailure``.
  package init(reading paths: [String], selected: HostSelector?) throws {
    var entries: [String: Manifest.Entry] = [:]
    var origin: [String: String] = [:]
    var missing: Set<String> = []
    var parts: [(directory: OutputDirectory, hosts: [String])] = []
    var first: (inventory: String, path: String)?
    for path in paths {
      let directory = OutputDirectory(path)
      let manifest = try directory.manifest()
      missing.formUnion(manifest.notCompiled)
      var hosts: [String] = []
      for (host, entry) in manifest.hosts.sorted(by: { $0.key < $1.key }) {
        if let first, first.inventory != entry.inventory {
          throw PartsDiffer("\(path) is of another inventory than \(first.path): compile both again from one")
        }
        first = first ?? (entry.inventory, path)
        if let known = entries[host], known != entry {
          throw PartsDiffer(
            "\(host) has one ruleset in \(origin[host] ?? path) and another in \(path): compile with one version"
          )
        }
        entries[host] = entry
        origin[host] = path
        hosts.append(host)
      }
      parts.append((directory, hosts))
    }
    missing.subtract(entries.keys)
    if !missing.isEmpty {
      let named = missing.sorted().prefix(5).joined(separator: ", ")
      let more = missing.count > 5 ? " and \(missing.count - 5) more" : ""
      throw PartsDiffer("no part has the ruleset of \(named)\(more): a part is missing")
    }
    guard let first else { throw PartsDiffer("no part has a ruleset") }
    self.parts = parts
    let selectable = Manifest(hosts: entries).selectableHosts
    let names = try selected.map { Set(try $0.select(selectable).map { selectable[$0].name }) }
    self.entries = names.map { names in entries.filter { names.contains($0.key) } } ?? entries
    others = Set(entries.keys).subtracting(self.entries.keys)
    inventory = first.inventory
  }

  /// Writes what one compile of the whole would have.
  ///
  /// - Throws: ``Artifacts/OutputFailure``; the directory then is as it was.
  package func write(to directory: String) throws -> CompiledFiles {
    let write = try OutputWrite(directory)
    var written: Set<String> = []
    for (part, hosts) in parts {
      for host in hosts {
        guard let entry = entries[host], written.insert(entry.digest).inserted else { continue }
        try write.add(try part.files(of: host, entry))
      }
    }
    let report = try write.finish(hosts: entries, keeping: others)
    return CompiledFiles(
      inventory: inventory, hosts: entries.count, rulesets: written.count, report: report)
  }
}

/// Directories are not the parts of one compile.
package struct PartsDiffer: Error, Hashable, CustomStringConvertible {
  package let description: String

  init(_ description: String) { self.description = description }
}
