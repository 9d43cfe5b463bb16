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

  func run(_ arguments: [String]) -> (status: Int32, output: String) {
    ChildProcess.run(["env", "--chdir=\(path)", "\(ChildProcess.products)/sekisho"] + arguments)
  }

  func files() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }

  func remove() { try? FileManager.default.removeItem(atPath: path) }
}
