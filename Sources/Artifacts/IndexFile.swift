internal import Digest
internal import Machine
package import Signing
internal import SystemPackage

/// An index as it lies on a disk, with the signatures beside it: `INDEX` and `INDEX.sig`.
package struct IndexFile: Sendable {
  /// Of the index.
  package let path: String
  package let index: ChangeIndex
  /// The index, byte for byte: what signatures are of.
  package let bytes: [UInt8]
  /// Signatures, one behind the other; `nil`: none lies there.
  package let signatures: [UInt8]?

  /// - Parameter path: a plan, or the directory of a bundle.
  /// - Throws: ``OutputFailure``, also for what is no index of this version.
  package init(reading path: String) throws(OutputFailure) {
    let path = Self.isDirectory(path) ? "\(path)/\(BundleWrite.index)" : path
    let (directory, name) = try Self.split(path)
    let (stored, beside) = try onDisk { () throws(SystemFailure) in
      let directory = try Directory(opening: directory)
      return (
        try directory.read(name),
        try directory.read(name + Self.ending, atMost: SignatureBlock.longest)
      )
    }
    guard let bytes = stored else {
      throw OutputFailure(
        path, code: Errno.noSuchFileOrDirectory.rawValue,
        "no such plan", remedy: "sekisho diff --out \(path) makes one")
    }
    guard let index = ChangeIndex(decoding: bytes) else {
      throw OutputFailure(
        path, "not a plan of this version",
        remedy: "make it anew with sekisho diff --out, or sekisho bundle")
    }
    self.path = path
    self.index = index
    self.bytes = bytes
    signatures = beside
  }

  /// Rulesets that a bundle lacks, or that are not what the index names, ascending. Of a plan none is there, and none is missing.
  ///
  /// - Throws: ``OutputFailure`` where the disk cannot be read.
  package func damagedRulesets() throws(OutputFailure) -> [String] {
    if index.way != nil { return [] }
    let (directory, _) = try Self.split(path)
    return try onDisk { () throws(SystemFailure) in
      let store = try Directory(opening: "\(directory)/\(OutputDirectory.rulesets)")
      var damaged: [String] = []
      for digest in Set(index.hosts.map(\.ruleset)).sorted() {
        guard let bytes = try store.read("\(digest).json"), SHA256.hex(bytes) == digest else {
          damaged.append(digest)
          continue
        }
      }
      return damaged
    }
  }

  /// Writes an index whole, or leaves what is there. Signatures of another one go.
  ///
  /// - Throws: ``OutputFailure``.
  package static func write(_ index: ChangeIndex, to path: String) throws(OutputFailure) {
    let (directory, name) = try split(path)
    try onDisk { () throws(SystemFailure) in
      let directory = try Directory(opening: directory)
      try directory.requireNothingElse(name)
      try directory.replace(name, with: index.encoded())
      try directory.remove(name + ending)
    }
  }

  /// Puts a signature beside those that are there; one of the same key is replaced.
  ///
  /// - Throws: ``OutputFailure``.
  package func add(_ block: SignatureBlock) throws(OutputFailure) {
    guard let present = SignatureBlock.all(in: signatures ?? []) else {
      throw OutputFailure(
        path + Self.ending, "these are not signatures of ssh keys", remedy: "remove the file and sign again")
    }
    let kept = present.filter { $0.key != block.key } + [block]
    if kept.count > SignatureBlock.most {
      throw OutputFailure(path + Self.ending, "there are \(SignatureBlock.most) signatures already")
    }
    let (directory, name) = try Self.split(path)
    try onDisk { () throws(SystemFailure) in
      try Directory(opening: directory).replace(name + Self.ending, with: kept.flatMap(\.text))
    }
  }

  /// What the file of signatures has behind the name of the index.
  package static let ending = ".sig"

  private static func isDirectory(_ path: String) -> Bool {
    (try? Stat(FilePath(path)))?.type == .directory
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
