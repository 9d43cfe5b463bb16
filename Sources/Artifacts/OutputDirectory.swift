internal import Digest
internal import Machine

/// A compiled ruleset as its two files.
package struct RulesetFiles: Sendable {
  /// Digest of ``json``, which holds everything there is to the ruleset.
  package let digest: String
  /// Text for people and for `nft -f`.
  package let nft: [UInt8]
  /// libnftables JSON in Sekisho's envelope.
  package let json: [UInt8]

  package init(nft: [UInt8], json: [UInt8]) {
    digest = SHA256.hex(json)
    self.nft = nft
    self.json = json
  }
}

/// The directory a compile writes: `HOST.nft` and `HOST.json` for each host, which are links into
/// `rulesets/`, where each distinct ruleset lies once under its digest, and `manifest.json`.
///
/// ``OutputWrite`` writes it.
package struct OutputDirectory: Sendable {
  static let rulesets = "rulesets"
  private let path: String

  package init(_ path: String) { self.path = path }

  /// What the directory holds.
  ///
  /// - Throws: ``OutputFailure`` when there is no manifest.
  package func manifest() throws(OutputFailure) -> Manifest {
    let directory = try onDisk { () throws(SystemFailure) in try Directory(opening: path) }
    guard let manifest = try Self.manifest(in: directory) else {
      throw OutputFailure(path, "no manifest.json: this is not the output of a compile")
    }
    return manifest
  }

  /// The JSON file of a host, checked against the digest that the manifest has of it.
  ///
  /// What a compile that was killed has left is refused: while it leads one host after the other to a new
  /// ruleset, `nft -f` would load another one than the manifest names.
  package func json(of host: String, _ manifest: Manifest) throws(OutputFailure) -> [UInt8] {
    guard let entry = manifest.hosts[host] else {
      throw OutputFailure(path, "no host \(host) in the manifest", remedy: "compile again")
    }
    let bytes = try json(entry.digest, of: host)
    for ending in ["nft", "json"] {
      let isNamed = try onDisk { () throws(SystemFailure) in
        try Directory(opening: path).holds(
          "\(host).\(ending)", sameAs: "\(Self.rulesets)/\(entry.digest).\(ending)")
      }
      if isNamed { continue }
      throw OutputFailure(
        "\(path)/\(host).\(ending)",
        "not the ruleset that the manifest names: a compile is under way or was broken off",
        remedy: "compile again")
    }
    return bytes
  }

  /// The files of a host's ruleset, whatever else leads to them: what a compile of a part has written for another directory.
  ///
  /// The JSON is checked against its digest. Of the text there is none; one that was cut short leaves a brace open,
  /// and `nft -f` takes nothing of it.
  package func files(of host: String, _ entry: Manifest.Entry) throws(OutputFailure) -> RulesetFiles {
    let json = try json(entry.digest, of: host)
    return RulesetFiles(nft: try stored("\(entry.digest).nft", of: host), json: json)
  }

  private func json(_ digest: String, of host: String) throws(OutputFailure) -> [UInt8] {
    let name = "\(digest).json"
    let bytes = try stored(name, of: host)
    if SHA256.hex(bytes) == digest { return bytes }
    throw OutputFailure(
      "\(path)/\(Self.rulesets)/\(name)",
      "the file is not what was compiled", remedy: "compile again into an empty directory")
  }

  private func stored(_ name: String, of host: String) throws(OutputFailure) -> [UInt8] {
    let stored = try onDisk { () throws(SystemFailure) in
      try Directory(opening: "\(path)/\(Self.rulesets)").read(name)
    }
    if let stored { return stored }
    throw OutputFailure(
      "\(path)/\(Self.rulesets)/\(name)", "the ruleset of \(host) is missing", remedy: "compile again")
  }

  static func manifest(in directory: borrowing Directory) throws(OutputFailure) -> Manifest? {
    let path = "\(directory.path)/manifest.json"
    let stored = try onDisk { () throws(SystemFailure) in try directory.read("manifest.json") }
    guard let bytes = stored else { return nil }
    return try Manifest(decoding: bytes, path: path)
  }
}
