import FleetGenerator
import Foundation

/// What one flow more in a large inventory costs: to compile it into the directory of the last compile, and
/// to ask what it changes.
struct ChangeFigures {
  let sekisho: String
  /// Where inventories and outputs go.
  let place: String

  private static let hosts = 10_000
  private static let runs = 5

  private var old: String { "\(place)/change-old" }
  private var new: String { "\(place)/change-new" }

  func show() throws {
    section("One flow more among \(text(Double(Self.hosts))) hosts (medians of \(Self.runs))")
    let files = Fleet(hosts: Self.hosts).files
    try write(files, to: old)
    let flow =
      "  one-more: {from: mail-tokyo-prod-1, to: files-tokyo-prod-1, service: https, why: \"Mail is kept\"}\n"
    try write(files.map { ($0.path, $0.path == "flows.yaml" ? $0.text + flow : $0.text) }, to: new)

    var again: [Double] = []
    var diff: [Double] = []
    for number in 1...Self.runs {
      let out = "\(place)/change-\(number)"
      let full = try compile(old, to: out).seconds
      let before = try FileNumbers(in: out)
      let (report, seconds) = try compile(new, to: out)
      let after = try FileNumbers(in: out)
      again.append(seconds / full)
      waitForQuiet()
      let asked = run([sekisho, "diff", old, new], output: "\(place)/diff", isQuiet: true)
      guard asked.status == Self.differs else { fail("diff: status \(asked.status)") }
      diff.append(asked.seconds / full)

      let hosts = after.changed(since: before, in: "").map { $0.prefix { $0 != "." } }
      guard Set(hosts.map(String.init)).subtracting(["manifest"]) == Set(report.written) else {
        fail("not only the hosts that the compile names have other files: \(hosts)")
      }
      if number > 1 { continue }
      Figure("hosts written, of \(text(Double(Self.hosts)))", Double(report.written.count), "", .atMost(2))
        .show()
      let rulesets = after.changed(since: before, in: "rulesets")
      Figure("  and files of rulesets", Double(rulesets.count), "", .atMost(4)).show()
    }
    Figure("  time, against the first compile", median(again), "x").show()
    Figure("diff of the two inventories, against a compile of one", median(diff), "x", .atMost(1.5)).show()
  }

  /// The status of a program that ends with 2: something differs.
  private static let differs: Int32 = 2 << 8

  /// What `compile --json` says.
  private struct Report: Decodable {
    let written: [String]
    let unchanged: Int
  }

  private func compile(_ inventory: String, to out: String) throws -> (report: Report, seconds: Double) {
    let file = "\(place)/report"
    waitForQuiet()
    let usage = require([sekisho, "compile", "--json", "-i", inventory, "-o", out], output: file)
    let report = try JSONDecoder().decode(Report.self, from: Data(contentsOf: URL(fileURLWithPath: file)))
    guard report.written.count + report.unchanged == Self.hosts else { fail("not \(Self.hosts) hosts") }
    return (report, usage.seconds)
  }

  private func write(_ files: [(path: String, text: String)], to directory: String) throws {
    let directory = URL(fileURLWithPath: directory)
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    for file in files { try Data(file.text.utf8).write(to: directory.appendingPathComponent(file.path)) }
  }
}

/// Which files a directory and its `rulesets` have: a name that leads to another file has another number, and
/// a file that was written has another time.
private struct FileNumbers {
  private struct Number: Equatable {
    let file: UInt64
    let seconds: Int
    let nanoseconds: Int
  }

  private var numbers: [String: [String: Number]] = [:]

  init(in directory: String) throws {
    for below in ["", "rulesets"] {
      let path = "\(directory)/\(below)"
      for name in try FileManager.default.contentsOfDirectory(atPath: path) where name != "rulesets" {
        var status = stat()
        guard lstat("\(path)/\(name)", &status) == 0 else { fail("no file \(path)/\(name)") }
        numbers[below, default: [:]][name] = Number(
          file: UInt64(status.st_ino), seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
      }
    }
  }

  /// The names that are new or lead to something else.
  func changed(since old: Self, in below: String) -> [String] {
    let (now, before) = (numbers[below] ?? [:], old.numbers[below] ?? [:])
    return now.filter { before[$0.key] != $0.value }.map(\.key)
  }
}
