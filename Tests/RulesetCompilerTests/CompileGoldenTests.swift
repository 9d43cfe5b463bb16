import ChildProcess
import Foundation
import Goldens
import Inventory
import InventoryFiles
import Nftables
import Policy
import RulesetCompiler
import Testing

/// The reference inventory, one that leaves directions alone, and every example, compiled, against `Tests/Golden/compile`: `HOST.nft` is what
/// we write, `HOST.listed.nft` what the kernel lists after it was loaded.
///
/// Hosts with equal policies are told by the first of them.
@Suite struct CompileGoldenTests {
  static let inventories = ["inventory", "Tests/Golden/inventories/left-alone"] + Golden.examples

  @Test(arguments: inventories)
  func `an inventory compiles to these rulesets`(inventory: String) throws {
    let compiled = try CompiledInventory(inventory)
    for host in compiled.hosts {
      let text = String(decoding: try host.table.fileText(), as: UTF8.self)
      #expect(Golden.fault(text, compiled.golden(host.name)) == nil)
    }
    let expected = compiled.hosts.flatMap { ["\($0.name).nft", "\($0.name).listed.nft"] }
    #expect(
      Golden.names(compiled.directory) == expected.sorted(),
      "goldens of hosts that do not lead their group any more")
  }

  @Test(
    .enabled(if: Namespace.listingObstacle == nil, "\(Namespace.listingObstacle ?? "")"),
    arguments: inventories)
  func `the kernel lists them so`(inventory: String) throws {
    let compiled = try CompiledInventory(inventory)
    var files: [String: [UInt8]] = [:]
    for host in compiled.hosts { files["\(host.name).nft"] = try host.table.fileText() }
    let names = compiled.hosts.map(\.name)
    // Interfaces of a namespace of one's own are down, so no counter has counted anything.
    let listed = try Namespace.run(
      "for host in \(names.joined(separator: " ")); do "
        + "nft -f $host.nft; nft list table inet sekisho; echo END; done",
      files: files)
    try #require(listed.status == 0, "\(listed.output)")
    let listings = listed.output.split(separator: "END\n")
    try #require(listings.count == names.count)
    for (name, listing) in zip(names, listings) {
      #expect(Golden.fault(String(listing), compiled.golden("\(name).listed")) == nil)
    }
  }

  @Test(arguments: inventories)
  func `we foresee what the kernel lists`(inventory: String) throws {
    let compiled = try CompiledInventory(inventory)
    for host in compiled.hosts {
      let listing = String(decoding: try host.table.listing(), as: UTF8.self)
      #expect(Golden.fault(listing, compiled.golden("\(host.name).listed"), records: false) == nil)
    }
  }
}

/// One host for each distinct ruleset of an inventory.
struct CompiledInventory {
  let policy: Policy
  let directory: String
  let hosts: [(name: String, table: Table)]

  init(_ inventory: String) throws {
    let policy = try #require(try Inventory.load("\(Golden.root)/\(inventory)").policy)
    self.policy = policy
    let policies = HostPolicies(policy)
    let compiler = RulesetCompiler(policy, policies)
    hosts = try policies.distinct.enumerated().map { index, distinct in
      let first = try #require(policies.assignment.firstIndex(of: index))
      return (policy.hosts[first].name, compiler.compile(distinct))
    }
    directory = "compile/\(inventory.split(separator: "/").last.map(String.init) ?? inventory)"
  }

  func golden(_ name: String) -> String { "\(directory)/\(name).nft" }
}

extension Golden {
  /// Every inventory in `examples`.
  fileprivate static var examples: [String] {
    let names = try? FileManager.default.contentsOfDirectory(atPath: "\(root)/examples")
    return (names ?? []).filter { !$0.hasSuffix(".md") && $0 != "library" }.sorted().map { "examples/\($0)" }
  }
}

extension Namespace {
  /// Why listings cannot be compared here; versions of nft(8) list the same table in different words.
  fileprivate static let listingObstacle: String? = {
    if let obstacle { return obstacle }
    let version = ChildProcess.run(["/usr/sbin/nft", "--version"]).output
    return version.contains("v1.0.6 ") ? nil : "the goldens are listings of nft 1.0.6"
  }()
}
