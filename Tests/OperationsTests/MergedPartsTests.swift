import Artifacts
import ChildProcess
import Foundation
import Goldens
import Operations
import Policy
import Testing

/// What several machines compile in parts is what one would have compiled.
@Suite struct MergedPartsTests {
  private let directory = NSTemporaryDirectory() + "sekisho-parts-\(UUID().uuidString)"

  init() throws {
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
  }

  @Test(arguments: [1, 3, 7, 40])
  func `parts are one compile, byte for byte`(count: Int) async throws {
    let loaded = try LoadedPolicy("\(Golden.root)/inventory")
    let whole = try await Compilation(of: loaded, selected: nil, shard: nil).write(to: path("whole"))
    let parts = try await self.parts(of: loaded, count)
    let rulesets = try parts.map { try FileManager.default.contentsOfDirectory(atPath: "\($0)/rulesets") }
    // No ruleset is compiled twice.
    #expect(Set(rulesets.joined()).count == rulesets.joined().count)
    let merged = try MergedParts(reading: parts, selected: nil).write(to: path("merged"))
    #expect(merged.hosts == whole.hosts && merged.rulesets == whole.rulesets)
    #expect(merged.inventory == whole.inventory && merged.report.changed == whole.report.changed)
    #expect(try files(in: "whole").count > 2 * whole.rulesets)
    #expect(try files(in: "merged") == files(in: "whole"))
    // Once more: nothing is written anew.
    let again = try MergedParts(reading: parts.reversed(), selected: nil).write(to: path("merged"))
    #expect(again.report.changed.isEmpty && again.report.unchanged == whole.hosts)
  }

  @Test func `what one host is given is taken out of a whole`() async throws {
    let loaded = try LoadedPolicy("\(Golden.root)/inventory")
    _ = try await Compilation(of: loaded, selected: nil, shard: nil).write(to: path("whole"))
    let name = try #require(loaded.policy.hosts.last?.name)
    let host = HostSelector(text: name)
    _ = try await Compilation(of: loaded, selected: host, shard: nil).write(to: path("alone"))
    let taken = try MergedParts(reading: [path("whole")], selected: host).write(to: path("taken"))
    #expect(taken.hosts == 1 && taken.rulesets == 1)
    #expect(try files(in: "taken") == files(in: "alone"))
    #expect(throws: Misuse.self) {
      try MergedParts(reading: [path("whole")], selected: HostSelector(text: "nobody"))
    }
  }

  @Test func `a part that is missing is named by its hosts`() async throws {
    let loaded = try LoadedPolicy("\(Golden.root)/inventory")
    let parts = try await self.parts(of: loaded, 3)
    for left in parts {
      let failure = #expect(throws: PartsDiffer.self) {
        try MergedParts(reading: parts.filter { $0 != left }, selected: nil)
      }
      #expect(failure?.description.contains("a part is missing") == true)
      let lost = try OutputDirectory(left).manifest().hosts.keys.min() ?? ""
      #expect(failure?.description.contains(lost) == true)
    }
  }

  @Test func `parts of different inventories are no whole`() async throws {
    let loaded = try LoadedPolicy("\(Golden.root)/inventory")
    let other = path("other.yaml")
    try "version: 1\nhosts:\n  a: {addresses: [10.0.0.1]}\n".write(
      toFile: other, atomically: true, encoding: .utf8)
    let parts = try await self.parts(of: loaded, 2)
    _ = try await Compilation(of: LoadedPolicy(other), selected: nil, shard: nil).write(to: path("alien"))
    let failure = #expect(throws: PartsDiffer.self) {
      try MergedParts(reading: parts + [path("alien")], selected: nil)
    }
    #expect(failure?.description.contains("another inventory") == true)
  }

  @Test func `a part that was damaged on its way writes nothing`() async throws {
    let loaded = try LoadedPolicy("\(Golden.root)/inventory")
    let parts = try await self.parts(of: loaded, 2)
    let name = try #require(
      FileManager.default.contentsOfDirectory(atPath: "\(parts[1])/rulesets").first { $0.hasSuffix(".json") })
    // The host's file is the same one by another name: it is not written over.
    let file = "\(parts[1])/rulesets/\(name)"
    let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
    try FileManager.default.removeItem(atPath: file)
    try bytes.dropLast(9).write(to: URL(fileURLWithPath: file))
    let failure = #expect(throws: OutputFailure.self) {
      try MergedParts(reading: parts, selected: nil).write(to: path("merged"))
    }
    #expect(failure?.reason == "the file is not what was compiled")
    #expect(!FileManager.default.fileExists(atPath: path("merged/manifest.json")))
    #expect(throws: OutputFailure.self) { try MergedParts(reading: [path("nowhere")], selected: nil) }
  }

  /// What stands in the examples for batch systems is run as these would run it.
  @Test func `tasks of batch systems write one compile`() async throws {
    let batch = "\(Golden.root)/packaging/batch"
    let read = """
      import json, sys, yaml
      jobs = list(yaml.safe_load_all(open(sys.argv[1])))
      parts, merge = (job["spec"]["template"]["spec"]["containers"][0] for job in jobs)
      print(json.dumps({"parts": jobs[0]["spec"]["completions"], "env": {e["name"]: e["value"] for e in parts["env"]},
        "part": parts["command"], "merge": merge["command"]}))
      """
    let text = ChildProcess.run(["/usr/bin/python3", "-c", read, "\(batch)/kubernetes.yaml"]).output
    let jobs = try JSONDecoder().decode(Jobs.self, from: Data(text.utf8))
    try FileManager.default.createSymbolicLink(
      atPath: path("inventory"), withDestinationPath: "\(Golden.root)/inventory")
    for name in ["rulesets", "parts"] {
      try FileManager.default.createDirectory(atPath: path(name), withIntermediateDirectories: false)
    }
    for index in 0..<jobs.parts {
      var environment = jobs.env
      environment["JOB_COMPLETION_INDEX"] = "\(index)"
      try run(jobs.part, environment)
      let (task, count) = ("\(index + 1)", "\(jobs.parts)")
      try run(["\(batch)/slurm"], ["SLURM_ARRAY_TASK_ID": task, "SLURM_ARRAY_TASK_COUNT": count])
    }
    try run(jobs.merge, [:])
    try run(["sh", "-c", "sekisho compile --merge parts/* --out build"], [:])
    let loaded = try LoadedPolicy("\(Golden.root)/inventory")
    _ = try await Compilation(of: loaded, selected: nil, shard: nil).write(to: path("whole"))
    #expect(try files(in: "rulesets/whole") == files(in: "whole"))
    #expect(try files(in: "build") == files(in: "whole"))
    let script = try String(contentsOfFile: "\(batch)/slurm", encoding: .utf8)
    #expect(script.contains("--array=1-\(jobs.parts)\n"))
  }

  private struct Jobs: Decodable {
    let parts: Int
    let env: [String: String]
    let part: [String]
    let merge: [String]
  }

  private func run(_ command: [String], _ environment: [String: String]) throws {
    var environment = environment
    environment["PATH"] = "\(ChildProcess.products):/usr/bin:/bin"
    let told = ChildProcess.run(
      ["sh", "-c", "cd '\(directory)' && exec \"$@\"", "sh"] + command, environment: environment)
    #expect(told.status == 0, "\(told.output)")
  }

  private func path(_ name: String) -> String { "\(directory)/\(name)" }

  private func parts(of loaded: LoadedPolicy, _ count: Int) async throws -> [String] {
    var paths: [String] = []
    for number in 1...count {
      let shard = try #require(Shard(parsing: "\(number)/\(count)"))
      paths.append(path("part-\(number)-of-\(count)"))
      _ = try await Compilation(of: loaded, selected: nil, shard: shard).write(to: paths[number - 1])
    }
    return paths
  }

  private func files(in name: String) throws -> [String: Data] {
    var result: [String: Data] = [:]
    for file in try FileManager.default.subpathsOfDirectory(atPath: path(name)) where file != "rulesets" {
      result[file] = try Data(contentsOf: URL(fileURLWithPath: path("\(name)/\(file)")))
    }
    return result
  }
}
