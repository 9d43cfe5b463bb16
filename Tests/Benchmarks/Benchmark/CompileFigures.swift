import FleetGenerator
import Foundation
import Inventory

/// What it costs to compile fleets of three sizes, from files to files.
struct CompileFigures {
  let sekisho: String
  /// This program.
  let program: String
  /// Where inventories and outputs go.
  let place: String

  static let sizes = [100, 1000, 10_000]
  private static let runs = 9
  /// Seconds and kilobytes, by number of hosts.
  private static let targets = [1000: (0.15, 60_000), 10_000: (1.0, 300_000)]

  static func inventory(_ hosts: Int, in place: String) -> String { "\(place)/fleet-\(hosts)" }

  func inventory(_ hosts: Int) -> String { Self.inventory(hosts, in: place) }

  func show() throws {
    section("Compile: from the inventory's files to all artifacts on disk (best of \(Self.runs), and median)")
    var curve: [(hosts: Int, tuples: Int, seconds: Double)] = []
    for hosts in Self.sizes {
      try Self.write(hosts, in: place)
      let tuples = try AllowedTuples(countedByChildOf: program, inventory(hosts), place: place)
      // Each run writes a directory of its own: ext4 is slow to take up a file number just given back.
      let usages = (1...Self.runs).map { run in
        waitForQuiet()
        return require([
          sekisho, "compile", "-q", "-i", inventory(hosts), "-o", "\(place)/out-\(hosts)-\(run)",
        ])
      }
      let again = (1...Self.runs).map { run in
        waitForQuiet()
        return require([
          sekisho, "compile", "-q", "-i", inventory(hosts), "-o", "\(place)/out-\(hosts)-\(run)",
        ])
        .seconds
      }
      let seconds = usages.map(\.seconds).min() ?? 0
      let peak = usages.map(\.peak).max() ?? 0
      let target = Self.targets[hosts]
      let name =
        "\(text(Double(hosts))) hosts, \(text(Double(tuples.count))) tuples, \(tuples.rulesets) rulesets"
      Figure(name, seconds, "s", target.map { .atMost($0.0) } ?? .none).show()
      Figure("  peak memory", Double(peak) / 1000, "MB", target.map { .atMost(Double($0.1) / 1000) } ?? .none)
        .show()
      Figure("  median", median(usages.map(\.seconds)), "s").show()
      Figure("  processor time of all cores", usages.map(\.processor).min() ?? 0, "s").show()
      Figure("  once more, nothing changed", again.min() ?? 0, "s").show()
      curve.append((hosts, tuples.count, seconds))
    }
    if let last = curve.last {
      Figure("tuples of the largest fleet", Double(last.tuples), "tuples", .atLeast(1e7)).show()
    }
    remark("growth from one size to the next (cost follows rulesets and hosts, not tuples):")
    for (less, more) in zip(curve, curve.dropFirst()) {
      remark(
        "\(less.hosts) -> \(more.hosts) hosts: x \(text(Double(more.tuples) / Double(less.tuples))) tuples, "
          + "x \(text(more.seconds / less.seconds)) time")
    }
  }

  static func write(_ hosts: Int, in place: String) throws {
    let directory = URL(fileURLWithPath: inventory(hosts, in: place))
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    for file in Fleet(hosts: hosts).files {
      try Data(file.text.utf8).write(to: directory.appendingPathComponent(file.path))
    }
  }
}
