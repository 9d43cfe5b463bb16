import ChildProcess
import Foundation
import Goldens
import Testing

/// What commands do when a guard does not hold: nothing but to say so.
@Suite struct GuardCommandTests {
  private static let more = "flows:\n  shortcut: {from: api, to: worker, service: api, why: test}\n"

  @Test(arguments: [
    ["check"], ["compile", "--out", "out"], ["compile", "--out", "out", "--json"],
    ["apply", "--lab", "--yes"], ["diff", "--lab"], ["diff", "INVENTORY", "inventory", "-q"],
  ])
  func `a command ends with 4 and writes nothing`(arguments: [String]) throws {
    let place = try Place(more: Self.more)
    defer { place.remove() }
    let told = place.run(arguments.map { $0 == "INVENTORY" ? "\(Golden.root)/inventory" : $0 })
    #expect(told.status == 4)
    #expect(
      told.output.contains(
        "inventory/guards.yaml:3:3: error: the guard `the-keys-stay-out-of-reach` does not hold: web-1 gets to signer-1 in 3 hops"
      ))
    #expect(told.output.contains("inventory/more.yaml:2:3: note: 2. api-1 → worker-1: api by `shortcut`"))
    #expect(told.output.contains("remove the flow `shortcut`"))
    #expect(try place.files() == ["inventory"])
  }

  @Test(arguments: [["check", "--json"], ["compile", "--json"]])
  func `programs read the way and the remedy`(arguments: [String]) throws {
    let place = try Place(more: Self.more)
    defer { place.remove() }
    let told = place.run(arguments + ["-q"])
    #expect(told.status == 4)
    let words = told.output.filter { $0 != " " && $0 != "\n" }
    #expect(words.contains(#""remedy":"remove","remove":["shortcut"]"#))
    #expect(words.contains(#""from":"worker-1","observing":[],"to":"signer-1""#))
  }

  @Test func `a host that observes holds no guard`() throws {
    let place = try Place(
      more: "hosts:\n  new: {addresses: [10.20.2.99], zone: app, groups: [worker], mode: observe}\n")
    defer { place.remove() }
    let told = place.run(["check"])
    #expect(told.status == 4)
    #expect(told.output.contains("no flow allows it: set the mode of new to enforce"))
  }

  /// From `b`, which has no IPv6, to `k`, which has no IPv4, over `s` no flow is needed; a shorter way takes one.
  private static func ways(_ flow: String) -> String {
    """
    version: 1
    settings: {management: ssh}
    services: {ssh: tcp/22}
    groups: {ends: [a, b]}
    hosts:
      a: {addresses: [10.0.0.1, "2001:db8::1"]}
      b: {addresses: [10.0.0.2], mode: observe}
      s: {addresses: [10.0.0.3, "2001:db8::3"], mode: observe}
      k: {addresses: ["2001:db8::4"], mode: observe}
    flows:
      \(flow)
    guards:
      g: {never: {from: ends, to: k, within: 3 hops}, why: test}
    """
  }

  @Test(arguments: [
    (
      "f: {from: a, to: k, service: ssh, why: test}",
      "this way takes the flow `f`, others take none: narrow it, and set the modes of hosts to enforce; once every host enforces, flows allow it still"
    ),
    (
      "f: {from: a, to: s, service: ssh, why: test}",
      "this way takes the flow `f`, others take none: set the mode of k, s to enforce; it holds once every host enforces"
    ),
  ])
  func `a way that takes flows has them named, where no removal of flows mends it`(flow: String, help: String)
    throws
  {
    let place = try Place(inventory: Self.ways(flow))
    defer { place.remove() }
    let told = place.run(["check"])
    #expect(told.status == 4, "\(told.output)")
    #expect(told.output.contains(help), "\(told.output)")
    #expect(!told.output.contains("no flow allows it"))
  }

  @Test(arguments: [
    ["status"], ["history"], ["usage"], ["denied"], ["observed"], ["observed", "--ready"], ["sessions"],
    ["drift"], ["confirm"], ["extend", "5m"], ["rollback"], ["rollback", "1"],
    ["suggest"], ["metrics"], ["read"], ["explain", "web-1", "api-1", "api"], ["probe"],
  ])
  func `a verb that puts nothing new in force does not wait for guards`(verb: [String]) throws {
    // A transport that answers nothing: what is refused is refused ahead of it.
    let place = try Place(more: Self.more + "groups:\n  silent: {hosts: all, transport: \"false\"}\n")
    defer { place.remove() }
    let told = place.run(verb + (["--host", verb == ["probe"] ? "all" : "web-1"]))
    #expect(!told.output.contains("guard"), "\(told.output)")
    #expect(told.status == 1, "\(told.output)")
  }
}

/// A directory with the reference inventory and a file more.
private struct Place {
  let path: String

  init(more: String) throws {
    path = NSTemporaryDirectory() + "sekisho-guards-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: "\(Golden.root)/inventory", toPath: "\(path)/inventory")
    try more.write(toFile: "\(path)/inventory/more.yaml", atomically: true, encoding: .utf8)
  }

  init(inventory: String) throws {
    path = NSTemporaryDirectory() + "sekisho-guards-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: "\(path)/inventory", withIntermediateDirectories: true)
    try inventory.write(toFile: "\(path)/inventory/all.yaml", atomically: true, encoding: .utf8)
  }

  func run(_ arguments: [String]) -> (status: Int32, output: String) {
    ChildProcess.run(["env", "--chdir=\(path)", "\(ChildProcess.products)/sekisho"] + arguments)
  }

  func files() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }

  func remove() { try? FileManager.default.removeItem(atPath: path) }
}
