import AgentProtocol
import Artifacts
import ConnectionDiff
import Foundation
import Operations
import Testing

/// Two sources against each other, as `diff` takes them.
@Suite struct SourceComparisonTests {
  private let directory = NSTemporaryDirectory() + "sekisho-sources-\(UUID().uuidString)"

  private static let ssh = "  care: {from: b, to: a, service: ssh, why: test}\n"
  private static let web = "  web: {from: b, to: a, service: https, why: test}\n"

  /// What nft prints of a host with a table of that name, and of one without any.
  private static let listed = """
    {"nftables":[{"table":{"family":"inet","name":"sekisho","handle":1}},
    {"chain":{"family":"inet","table":"sekisho","name":"input","handle":1,"type":"filter","hook":"input",
    "prio":0,"policy":"drop"}}]}
    """
  private static let nothing = #"{"nftables":[]}"#

  init() throws {
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
  }

  @Test func `two inventories differ host by host, and in what opens and closes`() async throws {
    let old = try await DiffSource(try inventory(Self.ssh))
    let new = try await DiffSource(try inventory(Self.ssh + Self.web))
    let added = try SourceComparison(from: old, to: new, host: nil)
    #expect(added.remarks.isEmpty)
    #expect(added.found.hosts.map(\.host) == ["a", "b"])
    #expect(added.found.hosts.allSatisfy { !$0.isSame && !$0.isNew && !$0.isFailure })
    #expect(added.found.meaning?.diff.opened.map(\.flow) == ["web"])
    #expect(added.found.meaning?.diff.closed.isEmpty == true)
    let removed = try SourceComparison(from: new, to: old, host: nil).found
    #expect(removed.meaning?.diff.closed.map(\.flow) == ["web"])
    #expect(removed.meaning?.diff.opened.isEmpty == true)
    let same = try SourceComparison(from: old, to: old, host: nil).found
    #expect(same.hosts.allSatisfy(\.isSame) && same.meaning?.diff.isEmpty == true)
  }

  @Test func `one host is compared alone`() async throws {
    let old = try await DiffSource(try inventory(Self.ssh))
    let new = try await DiffSource(try inventory(Self.ssh + Self.web))
    let found = try SourceComparison(from: old, to: new, host: "b").found
    #expect(found.hosts.map(\.host) == ["b"])
    #expect(found.meaning?.diff.opened.count == 1)
    let misuse = #expect(throws: Misuse.self) { try SourceComparison(from: old, to: new, host: "c") }
    #expect(misuse?.description.hasSuffix("holds no host 'c'") == true)
  }

  @Test func `a host that one side does not have is new, or gone`() async throws {
    let old = try await DiffSource(try inventory(Self.ssh))
    let new = try await DiffSource(try inventory(Self.ssh, hosts: "  c: {addresses: [10.0.0.3]}\n"))
    let added = try SourceComparison(from: old, to: new, host: nil).found
    #expect(added.hosts.filter(\.isNew).map(\.host) == ["c"])
    let removed = try SourceComparison(from: new, to: old, host: nil).found
    #expect(removed.hosts.filter(\.isRemoved).map(\.host) == ["c"])
  }

  @Test func `what a compile wrote is compared as its inventory is`() async throws {
    let path = try inventory(Self.ssh)
    let written = try await Compilation(of: LoadedPolicy(path), selected: nil, shard: nil).write(to: output)
    #expect(written.hosts == 2 && written.report.changed == ["a", "b"])
    let compiled = try await DiffSource(output)
    let same = try SourceComparison(from: await DiffSource(path), to: compiled, host: nil).found
    #expect(same.hosts.count == 2 && same.hosts.allSatisfy(\.isSame))
    let other = try await DiffSource(try inventory(Self.ssh + Self.web))
    let found = try SourceComparison(from: compiled, to: other, host: nil).found
    #expect(found.meaning?.diff.opened.isEmpty == false && found.meaning?.diff.closed.isEmpty == true)
  }

  @Test func `a host that a compile left out is neither new nor gone`() async throws {
    let path = try inventory(Self.ssh)
    let part = try #require(Shard(parsing: "1/2"))
    _ = try await Compilation(of: LoadedPolicy(path), selected: nil, shard: part).write(to: output)
    let found = try SourceComparison(from: await DiffSource(output), to: await DiffSource(path), host: nil)
      .found
    #expect(found.hosts.filter(\.isSame).map(\.host) == ["a"])
    #expect(found.hosts.filter(\.isFailure).map(\.host) == ["b"])
    #expect(found.hosts.compactMap { $0.error.map { "\($0)" } }.allSatisfy { $0.contains("in part") })
  }

  @Test func `the ruleset of a host is compared with what it should have, and as whose`() async throws {
    let ruleset = try await DiffSource(try write(Self.nothing, "nothing.json"))
    let wanted = try await DiffSource(try inventory(Self.ssh))
    let unnamed = #expect(throws: Misuse.self) {
      try SourceComparison(from: ruleset, to: wanted, host: nil)
    }
    #expect(unnamed?.description.contains("--host") == true)
    let found = try SourceComparison(from: ruleset, to: wanted, host: "a").found
    #expect(found.hosts.map(\.host) == ["a"] && found.hosts.allSatisfy(\.isNew))
    // Nobody says which addresses the host has.
    let listed = try await DiffSource(try write(Self.listed, "listed.json"))
    let misuse = #expect(throws: Misuse.self) {
      try SourceComparison(from: ruleset, to: listed, host: "a")
    }
    #expect(misuse?.description.contains("no addresses of a are known") == true)
  }

  /// Port that a table of somebody else drops on the host, and flows of what opens there.
  @Test(arguments: [(443, []), (80, ["web"])] as [(Int, [String])])
  func `tables of others in a listing stay as they are, and are named`(dropped: Int, opened: [String])
    async throws
  {
    let path = try inventory(Self.ssh)
    _ = try await Compilation(of: LoadedPolicy(path), selected: nil, shard: nil).write(to: output)
    let compiled = try String(contentsOfFile: "\(output)/a.json", encoding: .utf8)
    let mark = #""nftables": ["#
    #expect(compiled.contains(mark))
    let chains = ["filter", "nat"].map {
      #"{"add":{"chain":{"family":"ip","table":"other","name":"\#($0)","type":"\#($0)","hook":"input","prio":5,"policy":"accept"}}},"#
    }
    let others = """
      {"add":{"table":{"family":"ip","name":"other"}}},\(chains.joined())
      {"add":{"rule":{"family":"ip","table":"other","chain":"filter","expr":[{"match":{"op":"==",
      "left":{"payload":{"protocol":"tcp","field":"dport"}},"right":\(dropped)}},{"drop":null}]}}},
      """
    let listed = try await DiffSource(try write(compiled.replacing(mark, with: mark + others), "listed.json"))
    let wanted = try await DiffSource(try inventory(Self.ssh + Self.web))
    let found = try SourceComparison(from: listed, to: wanted, host: "a").found
    #expect(found.meaning?.diff.opened.map(\.flow) == opened)
    #expect(found.meaning?.diff.closed.isEmpty == true && found.meaning?.diff.mayOpen.isEmpty == true)
    guard case .compared(let comparison)? = found.hosts.first?.outcome else {
      Issue.record("not compared")
      return
    }
    #expect(comparison.foreignChains.map(\.type) == ["filter", "nat"])
    #expect(comparison.foreignChains.filteringTables == ["ip other"])
    let back = try SourceComparison(from: wanted, to: listed, host: "a").found
    #expect(back.meaning?.diff.closed.map(\.flow) == opened && back.meaning?.diff.opened.isEmpty == true)
  }

  @Test(arguments: ["", "1", "0/2", "3/2", "1/2/3", "a/b", "-1/2"])
  func `what is no part of a whole is none`(text: String) { #expect(Shard(parsing: text) == nil) }

  private var output: String { "\(directory)/out" }

  private func inventory(_ flows: String, hosts: String = "") throws -> String {
    try write(
      """
      version: 1
      services: {ssh: tcp/22, https: tcp/443}
      hosts:
        a: {addresses: [10.0.0.1]}
        b: {addresses: [10.0.0.2]}
      \(hosts)flows:
      \(flows)
      """, "\(UUID().uuidString).yaml")
  }

  private func write(_ text: String, _ name: String) throws -> String {
    let path = "\(directory)/\(name)"
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }
}

extension HostDifference {
  fileprivate var isRemoved: Bool { if case .removed = outcome { true } else { false } }
}
