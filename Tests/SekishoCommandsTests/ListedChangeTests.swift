import ChildProcess
import Foundation
import Testing

/// `sekisho diff` of two listings of one host.
@Suite struct ListedChangeTests {
  private static let inventory = """
    version: 1
    services: {web: tcp/80}
    hosts:
      a: {addresses: [10.4.0.9]}
      b: {addresses: [10.4.1.11], forwarding: containers, containers: {bridges: docker0}}
    flows:
      a-to-b: {from: a, to: b, service: web, why: test}

    """

  /// What becomes of the host's containers, what is then said, and the exit code.
  static let changes: [(containers: String, said: [String], status: Int32)] = [
    ("{bridges: docker0}", ["both let the same connections pass"], 0),
    ("{bridges: docker1}", ["New connections through", "docker0", "docker1"], 2),
    ("{bridges: [docker0, docker1]}", ["New connections through", "docker1"], 2),
    ("{bridges: docker0, egress: enforce}", ["New connections through from docker0 to other links"], 2),
  ]

  @Test(arguments: changes)
  func `what changes for the bridges of containers alone is a change`(
    containers: String, said: [String], status: Int32
  ) throws {
    let directory = NSTemporaryDirectory() + "sekisho-listings-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let sekisho = "\(ChildProcess.products)/sekisho"
    for (side, text) in [
      ("old", Self.inventory), ("new", Self.inventory.replacing("{bridges: docker0}", with: containers)),
    ] {
      try FileManager.default.createDirectory(
        atPath: "\(directory)/\(side)", withIntermediateDirectories: true)
      try text.write(toFile: "\(directory)/\(side).yaml", atomically: true, encoding: .utf8)
      let made = ChildProcess.run([
        sekisho, "compile", "-q", "-i", "\(directory)/\(side).yaml", "-o", "\(directory)/\(side)",
      ])
      #expect(made.status == 0, "\(made.output)")
    }
    let told = ChildProcess.run(
      [sekisho, "diff", "\(directory)/old/b.json", "\(directory)/new/b.json", "--no-color"])
    #expect(told.status == status, "\(told.output)")
    for words in said { #expect(told.output.contains(words), "\(told.output)") }
  }
}
