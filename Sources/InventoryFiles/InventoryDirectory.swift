internal import Diagnostics
internal import Glibc
public import Inventory

extension Inventory {
  /// Reads a directory (every `*.yaml`, `*.yml` and `*.json` below it) or a single file.
  ///
  /// Hidden files are skipped. What resolves outside the directory, is no regular file or is too
  /// large is a mistake of the inventory and in the report.
  ///
  /// - Throws: ``InventoryUnreadable`` where the machine refuses: no such file, no permission.
  public static func load(_ path: String) throws(InventoryUnreadable) -> Loaded {
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
          path: path, code: ENOENT,
          message: "the directory holds no inventory; it needs files *.yaml, *.yml or *.json")
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
      let status = try Self.status("\(root)/\(path)", followLinks: false)
      let isInventory = Self.endings.contains { name.hasSuffix($0) }
      switch status.st_mode & S_IFMT {
      case S_IFDIR: try walk(path, level: level + 1)
      case S_IFLNK: try follow(path, isInventory: isInventory)
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
    // Without O_NONBLOCK a FIFO with the name of an inventory file would wait for ever.
    let descriptor = unsafe open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
    guard descriptor >= 0 else { throw Self.failure(file) }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw Self.failure(file) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      return refuse(path, "not a regular file", "replace it by a file, or take it out of the directory")
    }
    guard bounds.admit(path, bytes: Int(status.st_size), log: &log) else { return }
    var bytes: [UInt8] = []
    // One byte more than the file has: a file that grows meanwhile is read until the bound.
    var wanted = min(Int(status.st_size), InventoryBounds.fileBytes) + 1
    while wanted > 0 {
      let start = bytes.count
      bytes += Array(repeating: 0, count: wanted)
      let got = unsafe bytes[start...].withUnsafeMutableBytes {
        unsafe Glibc.read(descriptor, $0.baseAddress, $0.count)
      }
      guard got >= 0 else { throw Self.failure(file) }
      bytes.removeSubrange((start + got)...)
      if got == 0 { break }
      wanted = min(InventoryBounds.fileBytes + 1 - bytes.count, 1 << 16)
    }
    files.append(SourceFile(path: path, bytes: bytes))
  }

  private mutating func refuse(_ path: String, _ message: String, _ help: String) {
    log.add(.file(path, message, help))
  }

  // MARK: The machine

  private static func resolved(_ path: String, shown: String) throws(InventoryUnreadable) -> String {
    guard let resolved = unsafe realpath(path, nil) else { throw failure(shown) }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
  }

  private static func isDirectory(_ path: String, shown: String) throws(InventoryUnreadable) -> Bool {
    try status(path, followLinks: true).st_mode & S_IFMT == S_IFDIR
  }

  private static func status(_ path: String, followLinks: Bool) throws(InventoryUnreadable) -> stat {
    var status = stat()
    guard unsafe fstatat(AT_FDCWD, path, &status, followLinks ? 0 : AT_SYMLINK_NOFOLLOW) == 0 else {
      throw failure(path)
    }
    return status
  }

  /// The names in a directory, sorted by their bytes.
  private static func names(in path: String) throws(InventoryUnreadable) -> [String] {
    guard let directory = unsafe opendir(path) else { throw failure(path) }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
        unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      names.append(name)
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private static func failure(_ path: String) -> InventoryUnreadable {
    let code = errno
    let reason = unsafe String(cString: strerror(code))
    let remedy: String
    switch code {
    case ENOENT: remedy = "name the inventory with --inventory"
    case EACCES, EPERM: remedy = "make it readable for the user that runs the compiler"
    default: remedy = "check the file system"
    }
    return InventoryUnreadable(path: path, code: code, message: "\(reason); \(remedy)")
  }
}
