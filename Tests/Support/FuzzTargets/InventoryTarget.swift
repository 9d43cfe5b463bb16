import Diagnostics
import Inventory
import Nftables
import Policy
import RulesetCompiler

enum InventoryTarget {
  /// Hosts of the largest inventory that is also compiled.
  private static let hosts = 64

  static func run(_ bytes: [UInt8], _ promises: inout Promises) {
    let loaded = Inventory.load(files(bytes))
    let report = loaded.report.text(loaded.sources)
    promises.hold(report.utf8.count < 200_000, "a report of \(report.utf8.count) bytes")
    promises.hold(
      report.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 && !(0x7f...0x9f ~= $0.value) },
      "a report with control characters")
    promises.hold(
      (loaded.policy == nil) == loaded.report.hasErrors, "no policy without an error, and no error with one")
    _ = loaded.report.json(loaded.sources)
    guard let policy = loaded.policy, policy.hosts.count <= hosts else { return }
    compile(policy, &promises)
  }

  /// What is valid compiles, and is read back as it was.
  private static func compile(_ policy: Policy, _ promises: inout Promises) {
    let policies = HostPolicies(policy)
    let compiler = RulesetCompiler(policy, policies)
    for host in policies.distinct {
      let table = compiler.compile(host)
      do {
        _ = try table.fileText()
        let json = try table.fileJSON()
        promises.hold(try Table.tables(fromJSON: json) == [table], "a compiled table reads back as another")
      } catch {
        promises.hold(false, "a compiled table: \(error)")
      }
    }
  }

  private static func files(_ bytes: [UInt8]) -> [SourceFile] {
    var files: [[UInt8]] = [[]]
    var index = 0
    while index < bytes.count {
      if bytes[index] == 0, index + 1 < bytes.count, bytes[index + 1] == 0 {
        files.append([])
        index += 2
      } else {
        files[files.count - 1].append(bytes[index])
        index += 1
      }
    }
    return files.enumerated().map { SourceFile(path: "\($0).yaml", bytes: $1) }
  }
}
