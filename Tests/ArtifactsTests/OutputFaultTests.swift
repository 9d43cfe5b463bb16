import Artifacts
import Foundation
import Policy
import Synchronization
import SystemPackage
import Testing

/// A compile that fails or is killed at each of its steps.
@Suite struct OutputFaultTests {
  private let path = NSTemporaryDirectory() + "sekisho-\(UUID().uuidString)"
  private let files = FileManager.default

  /// Hosts with the texts of their rulesets: one that changes, one that stays, one that goes, one that comes.
  private let before = ["a": "one", "b": "two", "c": "three"]
  private let after = ["a": "four", "b": "two", "d": "five"]

  /// What becomes of a step.
  private enum Fault {
    /// The disk refuses this one.
    case refused(Int)
    /// The process has been killed there: nothing happens any more.
    case killed(Int)

    func happens(at step: Int) -> Bool {
      switch self {
      case .refused(let number): step == number
      case .killed(let number): step >= number
      }
    }
  }

  private func ruleset(_ text: String) -> RulesetFiles {
    RulesetFiles(nft: Array("# \(text)\n".utf8), json: Array("{\"\(text)\": 1}\n".utf8))
  }

  /// - Returns: how many steps there were, and whether the compile says that it is done.
  @discardableResult
  private func compile(
    _ hosts: [String: String], keeping others: Set<String> = [], _ fault: Fault? = nil
  ) throws -> (steps: Int, isDone: Bool) {
    let taken = Mutex(0)
    do throws(OutputFailure) {
      let write = try OutputWrite(path) { (_, _) throws(Errno) in
        let step = taken.withLock { number in
          number += 1
          return number
        }
        if fault?.happens(at: step) == true { throw .noSpace }
      }
      var entries: [String: Manifest.Entry] = [:]
      for (host, text) in hosts.sorted(by: { $0.key < $1.key }) {
        let ruleset = ruleset(text)
        try write.add(ruleset)
        entries[host] = Manifest.Entry(
          digest: ruleset.digest, modes: Modes(.enforce), ssh: host, addresses: ["10.0.0.1"], inventory: "i")
      }
      _ = try write.finish(hosts: entries, keeping: others)
    } catch {
      #expect(error.code == Errno.noSpace.rawValue, "\(error)")
      return (taken.withLock { $0 }, false)
    }
    return (taken.withLock { $0 }, true)
  }

  /// Every file of the directory with what it holds; `nil`: there is no directory.
  private func contents() throws -> [String: String]? {
    guard files.fileExists(atPath: path) else { return nil }
    var contents: [String: String] = [:]
    for name in try files.subpathsOfDirectory(atPath: path) where name != "rulesets" {
      contents[name] = try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)
    }
    return contents
  }

  /// The directory as it is when only this compile has been there, or none.
  private func contents(after hosts: [String: String]?) throws -> [String: String]? {
    try? files.removeItem(atPath: path)
    if let hosts { try compile(hosts) }
    return try contents()
  }

  /// For every host: what `nft -f` would load is what `apply --from` would apply, or the latter refuses.
  private func expectAgreement(_ comment: Comment) throws {
    guard let manifest = try? OutputDirectory(path).manifest() else { return }
    for host in ["a", "b", "c", "d"] {
      guard let json = try? OutputDirectory(path).json(of: host, manifest) else { continue }
      let text = String(decoding: json, as: UTF8.self).split(separator: "\"")[1]
      let nft = try? String(contentsOfFile: "\(path)/\(host).nft", encoding: .utf8)
      #expect(nft == "# \(text)\n", comment)
    }
  }

  @Test(arguments: [false, true])
  func `a compile whose disk refuses any step leaves everything as it was`(isFirst: Bool) throws {
    defer { try? files.removeItem(atPath: path) }
    let done = try contents(after: after)
    var failures = 0
    var step = 0
    while true {
      step += 1
      let old = try contents(after: isFirst ? nil : before)
      let (steps, isDone) = try compile(after, .refused(step))
      if isDone {
        // Only what nobody needs any more may be left.
        let left = try contents() ?? [:]
        #expect(
          left.filter { !$0.key.hasPrefix("rulesets/") } == done?.filter { !$0.key.hasPrefix("rulesets/") })
      } else {
        failures += 1
        #expect(try contents() == old, "refused step \(step)")
      }
      try expectAgreement("refused step \(step)")
      try compile(after)
      #expect(try contents() == done, "after refused step \(step)")
      if step > steps { break }
    }
    #expect(failures > 15)
  }

  @Test(arguments: [false, true])
  func `a compile that is killed at any step is mended by the next, and nobody is led astray`(
    isFirst: Bool
  ) throws {
    defer { try? files.removeItem(atPath: path) }
    let (old, new) = (try contents(after: before), try contents(after: after))
    var step = 0
    while true {
      step += 1
      var steps = 0
      for (next, expected) in [(before, old), (after, new)] {
        _ = try contents(after: isFirst ? nil : before)
        steps = try compile(after, .killed(step)).steps
        try expectAgreement("killed at step \(step)")
        try compile(next)
        #expect(try contents() == expected, "killed at step \(step), then compiled \(next)")
      }
      // A compile of one host mends the others too.
      _ = try contents(after: isFirst ? nil : before)
      try compile(after, .killed(step))
      try compile(["b": "two"], keeping: ["a", "c", "d"])
      let manifest = try OutputDirectory(path).manifest()
      for host in manifest.hosts.keys {
        #expect(throws: Never.self, "killed at step \(step)") {
          try OutputDirectory(path).json(of: host, manifest)
        }
      }
      try expectAgreement("killed at step \(step), then compiled in part")
      if step > steps { break }
    }
    #expect(step > 15)
  }

  @Test func `a host whose file is of another compile than the manifest is not applied`() throws {
    defer { try? files.removeItem(atPath: path) }
    try compile(before)
    let directory = OutputDirectory(path)
    let manifest = try directory.manifest()
    for ending in ["nft", "json"] {
      let name = "\(path)/a.\(ending)"
      try files.moveItem(atPath: name, toPath: "\(name).kept")
      #expect(throws: OutputFailure.self) { try directory.json(of: "a", manifest) }
      try files.linkItem(atPath: "\(path)/b.\(ending)", toPath: name)
      #expect(throws: OutputFailure.self) { try directory.json(of: "a", manifest) }
      try files.removeItem(atPath: name)
      // A copy is as good as the file.
      try files.copyItem(atPath: "\(name).kept", toPath: name)
      #expect(throws: Never.self) { try directory.json(of: "a", manifest) }
    }
  }
}
