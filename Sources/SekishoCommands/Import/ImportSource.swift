internal import Diagnostics
internal import Imports
internal import Operations
internal import Subprocess
internal import SystemPackage

/// What is imported, as bytes, and as what it is told about.
struct ImportSource {
  /// As every input of an inventory together.
  static let longest = 64 << 20

  let name: String
  let bytes: [UInt8]

  /// - Parameter path: `-` is standard input.
  /// - Throws: ``Refusal``.
  init(_ kind: ImportCommand.Kind, _ path: String) async throws {
    name = path == "-" ? "standard input" : path
    if kind == .ansible, try Self.isOfAnsible(path) {
      bytes = try await Self.listed(path)
    } else {
      bytes = try Self.read(path)
    }
  }

  /// - Throws: ``ImportFaults``.
  func hosts(_ kind: ImportCommand.Kind) throws(ImportFaults) -> ImportedHosts {
    switch kind {
    case .hosts: try HostsFile.hosts(bytes, of: name)
    case .csv: try HostTable.hosts(bytes, of: name)
    case .ansible: try AnsibleInventory.hosts(bytes, of: name)
    case .terraform: try TerraformState.hosts(bytes, of: name)
    case .nft: preconditionFailure("a ruleset lists no hosts")
    }
  }

  private static func read(_ path: String) throws -> [UInt8] {
    do {
      return try readFile(path, atMost: longest)
    } catch {
      var refusal = Refusal(.unreadable, "\(path == "-" ? "standard input" : path): \(error)")
      refusal.object = path
      throw refusal
    }
  }

  /// Whether it is for Ansible to read: its inventories begin with no bracket, and may be directories.
  private static func isOfAnsible(_ path: String) throws -> Bool {
    if path == "-" { return false }
    if (try? Stat(FilePath(path)).type) == .directory { return true }
    return try read(path).first { !Array(" \t\r\n".utf8).contains($0) } != UInt8(ascii: "{")
  }

  private static func listed(_ path: String) async throws -> [UInt8] {
    do {
      let listed = try await Subprocess.run(
        .name("ansible-inventory"), arguments: ["-i", path, "--list"], output: .bytes(limit: longest),
        error: .string(limit: 1 << 16))
      if case .exited(0) = listed.terminationStatus { return listed.standardOutput }
      throw Refusal(.failed, "\(path): ansible-inventory failed: \(listed.standardError)")
    } catch let refusal as Refusal {
      throw refusal
    } catch {
      throw Refusal(
        .failed, "\(path): it is not the JSON of ansible-inventory, which cannot be started here",
        remedy: "write it where Ansible is installed: ansible-inventory -i FILE --list > list.json")
    }
  }
}

extension Refusal {
  /// Nothing is imported, and why, with the lines that it is about.
  init(_ faults: ImportFaults, _ source: ImportSource) {
    var log = DiagnosticLog()
    for fault in faults.faults { log.add(fault.diagnostic) }
    let sources = Sources(files: [SourceFile(path: source.name, bytes: source.bytes)])
    self.init(.mistakes, "nothing was imported: \(log.report().summary)")
    object = source.name
    parts = [.diagnostics(log.report(), sources)]
    diagnostics = log.report().json(sources)
  }
}

extension ImportRemark {
  fileprivate var diagnostic: Diagnostic {
    Diagnostic(
      .error, at: SourceLocation(file: place.file, line: place.line, column: place.column), length: 1,
      message: (place.item.map { "\($0): " } ?? "") + words)
  }
}
