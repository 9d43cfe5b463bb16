internal import Diagnostics
package import Inventory
internal import Machine
internal import Subprocess

extension Inventory {
  /// The commit that an inventory is of, and whether its files are not as committed.
  ///
  /// - Returns: `nil` where git knows none of its files, or is not there.
  package static func commit(of path: String) async -> (name: String, isChanged: Bool)? {
    let isDirectory = (try? Directory(opening: path)) != nil
    let parent = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(
      separator: "/")
    let place = isDirectory ? path : parent.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : parent
    let file = isDirectory ? "." : path.split(separator: "/").last.map(String.init) ?? "."
    // Files that are ignored are no part of a commit, whatever else is as committed.
    guard let commit = await git(["-C", place, "rev-parse", "--verify", "HEAD"]),
      let known = await git(["-C", place, "ls-files", "--", file]), !known.isEmpty,
      let changes = await git(["-C", place, "status", "--porcelain", "--ignored", "--", file])
    else { return nil }
    let name = String(decoding: commit.prefix { $0 != 0x0a }, as: UTF8.self)
    return (name, !changes.isEmpty)
  }

  private static func git(_ arguments: [String]) async -> [UInt8]? {
    let result = try? await run(
      .name("git"), arguments: Arguments(arguments), output: .bytes(limit: 1 << 20), error: .discarded)
    guard let result, case .exited(0) = result.terminationStatus else { return nil }
    return result.standardOutput
  }
}
