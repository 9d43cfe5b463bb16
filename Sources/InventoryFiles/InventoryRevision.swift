internal import Diagnostics
package import Inventory
internal import Machine
internal import Subprocess

extension Inventory {
  /// Reads a directory or file as it was at a revision of the git repository around it.
  ///
  /// Nothing is checked out: git(1) is asked for the tree and its contents.
  ///
  /// - Parameters:
  ///   - path: relative to the place.
  ///   - place: a directory within the repository; `nil`: the working directory.
  /// - Throws: ``InventoryUnreadable`` where git refuses: no such revision, no such path in it.
  package static func load(
    _ path: String, at revision: String, in place: String? = nil
  ) async throws(InventoryUnreadable) -> Loaded {
    let shown = "\(revision):\(path)"
    // Git takes a way that leads out of the repository and back for one that leads out.
    let listed = asListed(path, in: place)
    // Neither can be taken for an option, nor the revision for a path.
    let tree = try await git(
      ["ls-tree", "-r", "-z", "--end-of-options", "\(revision)^{tree}", "--", listed], "", shown,
      of: revision, in: place)
    var log = DiagnosticLog()
    var bounds = InventoryBounds()
    var files: [(path: String, object: String)] = []
    for line in tree.split(separator: 0) {
      // MODE TYPE OBJECT TAB PATH
      let parts = line.split(separator: UInt8(ascii: "\t"), maxSplits: 1)
      let words = parts.first?.split(separator: UInt8(ascii: " ")) ?? []
      guard parts.count == 2, words.count == 3 else { continue }
      let name = String(decoding: parts[1], as: UTF8.self)
      guard isInventory(name, below: listed) else { continue }
      guard words[0].elementsEqual("100644".utf8) || words[0].elementsEqual("100755".utf8) else {
        log.add(.file(name, "not a regular file at \(revision)", "replace it by a file"))
        continue
      }
      files.append((name, String(decoding: words[2], as: UTF8.self)))
    }
    if files.isEmpty, !log.hasErrors {
      throw InventoryUnreadable(
        path: shown, code: 2, "no inventory there",
        remedy: "name a directory or file of that revision")
    }
    let contents = try await git(
      ["cat-file", "--batch"], files.map { $0.object + "\n" }.joined(), shown, of: revision, in: place)
    var sources: [SourceFile] = []
    var rest = contents[...]
    for file in files {
      // OBJECT TYPE SIZE LF, the bytes, LF
      guard let end = rest.firstIndex(of: 0x0a),
        let size = rest[..<end].split(separator: UInt8(ascii: " ")).last
          .flatMap({ Int(String(decoding: $0, as: UTF8.self)) }),
        end + 1 + size < rest.endIndex
      else { throw InventoryUnreadable(path: shown, code: 5, "git broke off", remedy: "try again") }
      let bytes = rest[(end + 1)..<(end + 1 + size)]
      if bounds.admit(file.path, bytes: size, log: &log) {
        sources.append(SourceFile(path: below(file.path, listed), bytes: Array(bytes)))
      }
      rest = rest[(end + 2 + size)...]
    }
    let isFile = files.contains { $0.path == listed }
    return load(Sources(directory: isFile ? parent(of: path) : path, files: sources), log: log)
  }

  /// Where a branch left another: what a pull request is compared with. What the other got since then is not undone
  /// by merging.
  ///
  /// - Returns: the commit.
  /// - Throws: ``InventoryUnreadable`` where git knows no such revision, or not what both have in common.
  package static func mergeBase(of revision: String) async throws(InventoryUnreadable) -> String {
    let commit = try await git(
      ["merge-base", "--end-of-options", revision, "HEAD"], "", "--base \(revision)", of: revision)
    return String(decoding: commit.prefix { $0 != 0x0a }, as: UTF8.self)
  }

  /// The commit that a revision is now: a branch or a tag may be another one later.
  ///
  /// - Throws: ``InventoryUnreadable`` where git knows no such revision.
  package static func commit(named revision: String) async throws(InventoryUnreadable) -> String {
    let commit = try await git(
      ["rev-parse", "--verify", "--end-of-options", "\(revision)^{commit}"], "", "--base \(revision)",
      of: revision)
    return String(decoding: commit.prefix { $0 != 0x0a }, as: UTF8.self)
  }

  /// The commit of the working tree; `nil`: there is none.
  package static func head() async -> String? {
    guard
      let output = try? await outcome(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"], "", "").output
    else { return nil }
    return String(decoding: output.prefix { $0 != 0x0a }, as: UTF8.self)
  }

  /// The directory of a file, as the working tree would call it: paths are shown so that a user can open them.
  private static func parent(of path: String) -> String {
    let parent = path.lastIndex(of: "/").map { path[..<$0] } ?? ""
    return parent.isEmpty && path.first == "/" ? "/" : String(parent)
  }

  /// As a directory is read: by the ending, and without hidden files.
  private static func isInventory(_ name: String, below path: String) -> Bool {
    let parts = below(name, path).split(separator: "/")
    return [".yaml", ".yml", ".json"].contains { name.hasSuffix($0) } && !parts.contains { $0.hasPrefix(".") }
  }

  /// What a path is called in a listing of git's: relative to where it is asked, whatever way leads there.
  private static func asListed(_ path: String, in place: String?) -> String {
    func parts(_ path: String) -> [Substring] { path.split(separator: "/").filter { $0 != "." } }
    func joined(_ parts: some Collection<Substring>) -> String {
      parts.isEmpty ? "." : parts.joined(separator: "/")
    }
    if path.first != "/", !parts(path).contains("..") { return joined(parts(path)) }
    guard let here = try? Files.resolved(place ?? ".") else { return path }
    let whole = path.first == "/" ? path : "\(here)/\(path)"
    // It may have been there at the revision alone.
    let there =
      (try? Files.resolved(whole)).map(parts)
      ?? parts(whole).reduce(into: []) { if $1 == ".." { _ = $0.popLast() } else { $0.append($1) } }
    let common = zip(parts(here), there).prefix { $0 == $1 }.count
    return joined(parts(here).dropFirst(common).map { _ in ".." } + there.dropFirst(common))
  }

  /// The path as it is within the directory that is read.
  private static func below(_ name: String, _ directory: String) -> String {
    if directory == "." || !name.hasPrefix(directory + "/") {
      return directory == name ? name.split(separator: "/").last.map(String.init) ?? name : name
    }
    return String(name.dropFirst(directory.count + 1))
  }

  /// - Parameters:
  ///   - shown: as what it is told about.
  ///   - revision: whose absence is explained.
  ///   - place: where git is asked; `nil`: in the working directory.
  private static func git(
    _ arguments: [String], _ input: String, _ shown: String, of revision: String, in place: String? = nil
  ) async throws(InventoryUnreadable) -> [UInt8] {
    let place = place.map { ["-C", $0] } ?? []
    let result = try await outcome(place + arguments, input, shown)
    if let output = result.output { return output }
    let reason = await explanation(of: revision, place)
    throw InventoryUnreadable(path: shown, code: 2, "git says: \(result.errors)", remedy: reason)
  }

  /// Why a revision may be missing, and what to do; checkouts of a CI fetch one commit of one branch.
  private static func explanation(of revision: String, _ place: [String]) async -> String? {
    func says(_ arguments: [String]) async -> String? {
      guard let output = try? await outcome(place + arguments, "", "").output else { return nil }
      return String(decoding: output.prefix { $0 != 0x0a }, as: UTF8.self)
    }
    func isKnown(_ name: String) async -> Bool {
      await says(["rev-parse", "--verify", "--quiet", "--end-of-options", "\(name)^{commit}"]) != nil
    }
    let isKnownHere = await isKnown(revision)
    if !isKnownHere, await isKnown("origin/\(revision)") { return "it is known as origin/\(revision)" }
    guard let isShallow = await says(["rev-parse", "--is-shallow-repository"]) else { return nil }
    // An expression, or the branch of a remote by its whole name.
    let isPlain = !revision.contains { "/^~@:".contains($0) } && revision != "HEAD"
    guard isShallow == "true" else {
      return isKnownHere || !isPlain
        ? nil : "if it is a branch of a remote, fetch it first: git fetch origin \(revision):\(revision)"
    }
    return "this is a shallow clone, which lacks "
      + (isKnownHere ? "what HEAD and \(revision) have in common" : "other branches, and what was before")
      + ": git fetch --unshallow origin '+refs/heads/*:refs/remotes/origin/*', or let the checkout of the CI fetch "
      + "the whole history; then name \(isPlain ? "origin/" : "")\(revision)"
  }

  private static func outcome(_ arguments: [String], _ input: String, _ shown: String)
    async throws(InventoryUnreadable) -> (output: [UInt8]?, errors: String)
  {
    do {
      let result = try await run(
        .name("git"), arguments: Arguments(arguments), input: .string(input),
        output: .bytes(limit: InventoryBounds.totalBytes * 2), error: .string(limit: 1 << 16))
      if case .exited(0) = result.terminationStatus { return (result.standardOutput, "") }
      return (nil, result.standardError.split(separator: "\n").first.map(String.init) ?? "it failed")
    } catch {
      throw InventoryUnreadable(path: shown, code: 2, "cannot run git: \(error)", remedy: "apt install git")
    }
  }
}
