import Foundation
import Inventory
import InventoryFiles
import Nftables
import Policy
import RulesetCompiler
import Testing

/// The reference inventory and every example, compiled, against `Tests/Golden/compile`.
///
/// Hosts with equal policies are told by the first of them. `RECORD=1` writes what is missing or differs,
/// and the test still fails.
@Suite struct CompileGoldenTests {
  private static let root = URL(filePath: #filePath).appending(path: "../../..").standardizedFileURL

  static let inventories: [String] = {
    let examples = root.appending(path: "examples").path
    let names = (try? FileManager.default.contentsOfDirectory(atPath: examples)) ?? []
    return ["inventory"] + names.filter { !$0.hasSuffix(".md") }.sorted().map { "examples/\($0)" }
  }()

  @Test(arguments: inventories)
  func `an inventory compiles to these rulesets`(inventory: String) throws {
    let policy = try #require(try Inventory.load(Self.root.appending(path: inventory).path).policy)
    let policies = HostPolicies(policy)
    let compiler = RulesetCompiler(policy, policies)
    var texts: [String: [UInt8]] = [:]
    for (index, distinct) in policies.distinct.enumerated() {
      let first = try #require(policies.assignment.firstIndex(of: index))
      texts["\(policy.hosts[first].name).nft"] = try compiler.compile(distinct).fileText()
    }
    let name = inventory.split(separator: "/").last.map(String.init) ?? inventory
    let directory = Self.root.appending(path: "Tests/Golden/compile/\(name)")
    let isRecording = ProcessInfo.processInfo.environment["RECORD"] == "1"
    for (file, bytes) in texts.sorted(by: { $0.key < $1.key }) {
      let path = directory.appending(path: file)
      let known = try? Data(contentsOf: path)
      if known != Data(bytes), isRecording {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        try Data(bytes).write(to: path)
        Issue.record("recorded \(name)/\(file)")
      }
      #expect(
        known.map { String(decoding: $0, as: UTF8.self) } == String(decoding: bytes, as: UTF8.self),
        "\(name)/\(file) differs; make golden records it")
    }
    let present = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
    #expect(Set(present) == Set(texts.keys), "goldens of hosts that do not lead their group any more")
  }
}
