internal import Diagnostics
package import Inventory
internal import Machine
internal import SystemPackage

extension Inventory {
  /// Reads a directory (every `*.yaml`, `*.yml` and `*.json` below it) or a single file.
  ///
  /// Hidden files are skipped. What resolves outside the directory, is no regular file or is too
  /// large is a mistake of the inventory and in the report.
  ///
  /// - Throws: ``InventoryUnreadable`` where the machine refuses: no such file, no permission.
  package static func load(_ path: String) throws(InventoryUnreadable) -> Loaded {
    var log = DiagnosticLog()
    let sources = try InventoryDirectory.read(path, log: &log)
    return load(sources, log: log)
  }
}

/// The files of an inventory, read from disk within bounds.
struct InventoryDirectory {
  private static let endings = [".yaml", ".yml", ".json"]
  private static let depth = 16

  /// The directory with every link resolved; nothing outside it is read.
  private let root: String
  private var files: [SourceFile] = []
  private var bounds = InventoryBounds()
  private var log: DiagnosticLog

  /// - Throws: ``InventoryUnreadable``.
  static func read(_ path: String, log: inout DiagnosticLog) throws(InventoryUnreadable) -> Sources {
    let root = try resolved(path, shown: path)
    var directory = Self(root: root, log: log)
    if try isDirectory(root, shown: path) {
      try directory.walk("", level: 0)
      log = directory.log
      if directory.files.isEmpty, !log.hasErrors {
        throw InventoryUnreadable(
          path: path, code: Errno.noSuchFileOrDirectory.rawValue,
          "the directory holds no inventory",
          remedy: "it needs files *.yaml, *.yml or *.json")
      }
      return Sources(directory: path, files: directory.files)
    }
    let parts = path.split(separator: "/", omittingEmptySubsequences: true)
    let name = parts.last.map(String.init) ?? path
    try directory.take(root, as: name)
    log = directory.log
    let parent = path.hasSuffix(name) ? String(path.dropLast(name.utf8.count)) : ""
    return Sources(directory: parent, files: directory.files)
  }

  private init(root: String, log: DiagnosticLog) {
    self.root = root
    self.log = log
  }

  private mutating func walk(_ below: String, level: Int) throws(InventoryUnreadable) {
    guard level <= Self.depth else {
      return refuse(below, "directories are nested more than \(Self.depth) deep", "move the files up")
    }
    for name in try Self.names(in: below.isEmpty ? root : "\(root)/\(below)") where !name.hasPrefix(".") {
      let path = below.isEmpty ? name : "\(below)/\(name)"
      let isInventory = Self.endings.contains { name.hasSuffix($0) }
      switch try Self.type("\(root)/\(path)", followLinks: false) {
      case .directory: try walk(path, level: level + 1)
      case .symbolicLink: try follow(path, isInventory: isInventory)
      default: if isInventory { try take("\(root)/\(path)", as: path) }
      }
    }
  }

  private mutating func follow(_ path: String, isInventory: Bool) throws(InventoryUnreadable) {
    let target: String
    do {
      target = try Self.resolved("\(root)/\(path)", shown: path)
    } catch {
      if isInventory {
        refuse(path, "a symbolic link that leads nowhere", "remove it, or restore the file it names")
      }
      return
    }
    if try Self.isDirectory(target, shown: path) {
      return refuse(
        path, "a symbolic link to a directory", "links to directories are not followed: move the files here")
    }
    guard isInventory else { return }
    guard target.hasPrefix(root.hasSuffix("/") ? root : root + "/") else {
      return refuse(
        path, "a symbolic link out of the inventory's directory",
        "copy the file into the directory: a review must see it")
    }
    try take(target, as: path)
  }

  private mutating func take(_ file: String, as path: String) throws(InventoryUnreadable) {
    do throws(Errno) {
      // Without O_NONBLOCK a FIFO with the name of an inventory file would wait for ever.
      let descriptor = try FileDescriptor.opening(file, [.nonBlocking, .noFollow])
      defer { try? descriptor.close() }
      let status = try Stat(descriptor)
      guard status.type == .regular else {
        return refuse(path, "not a regular file", "replace it by a file, or take it out of the directory")
      }
      guard bounds.admit(path, bytes: Int(status.size), log: &log) else { return }
      // The bound holds for a file that grows meanwhile as well.
      let bytes = try descriptor.readWhole(atMost: InventoryBounds.fileBytes)
      files.append(SourceFile(path: path, bytes: bytes))
    } catch {
      throw Self.failure(file, error)
    }
  }

  private mutating func refuse(_ path: String, _ message: String, _ help: String) {
    log.add(.file(path, message, help))
  }

  // MARK: The machine

  private static func resolved(_ path: String, shown: String) throws(InventoryUnreadable) -> String {
    do throws(SystemFailure) { return try Files.resolved(path) } catch {
      throw failure(shown, error.errno)
    }
  }

  private static func isDirectory(_ path: String, shown: String) throws(InventoryUnreadable) -> Bool {
    try type(path, followLinks: true) == .directory
  }

  private static func type(_ path: String, followLinks: Bool) throws(InventoryUnreadable) -> FileType {
    do throws(Errno) { return try Stat(FilePath(path), followTargetSymlink: followLinks).type } catch {
      throw failure(path, error)
    }
  }

  /// The names in a directory, sorted by their bytes.
  private static func names(in path: String) throws(InventoryUnreadable) -> [String] {
    do throws(SystemFailure) {
      return try Directory(opening: path).entries().keys.sorted {
        $0.utf8.lexicographicallyPrecedes($1.utf8)
      }
    } catch {
      throw failure(path, error.errno)
    }
  }

  private static func failure(_ path: String, _ errno: Errno) -> InventoryUnreadable {
    let remedy =
      switch errno {
      case .noSuchFileOrDirectory: "name the inventory with --inventory"
      case .permissionDenied, .notPermitted: "make it readable for the user that runs the compiler"
      case .fileTooLarge: "wait until nothing writes it any more"
      default: "check the file system"
      }
    return InventoryUnreadable(path: path, code: errno.rawValue, "\(errno)", remedy: remedy)
  }
}
