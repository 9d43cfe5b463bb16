import ChildProcess
import Foundation
import Goldens
import Testing

/// What `sekisho check --lint` says, word for word: `Tests/Golden/check/CASE` holds an inventory, and beside it
/// what is said.
@Suite struct CheckGoldenTests {
  static let cases = ["findings", "nothing"]

  @Test func `every directory is a case`() {
    #expect(Golden.names("check") == Self.cases)
  }

  @Test(arguments: cases)
  func `findings are told in these words`(name: String) {
    let told = run(["--lint"], in: name)
    let text = "$ sekisho check -i inventory.yaml --lint\n\(told.output)exit \(told.status)\n"
    #expect(Golden.fault(text, "check/\(name)/lint.txt") == nil)
    let data = run(["--lint", "--json", "--quiet"], in: name)
    #expect(Golden.fault(data.output, "check/\(name)/lint.json") == nil)
    #expect(Golden.names("check/\(name)") == ["inventory.yaml", "lint.json", "lint.txt"])
  }

  @Test(arguments: [
    ("findings", ["--lint", "--strict"], 2), ("findings", ["--lint", "--strict", "--quiet"], 2),
    ("findings", ["--lint"], 0), ("findings", ["--strict"], 0), ("nothing", ["--lint", "--strict"], 0),
  ])
  func `only --strict takes findings for differences`(name: String, options: [String], status: Int32) {
    let told = run(options, in: name)
    #expect(told.status == status)
    #expect(
      told.output.contains("warning:")
        == (name == "findings" && options.first == "--lint" && options.last != "--quiet"))
  }

  private func run(_ options: [String], in name: String) -> (status: Int32, output: String) {
    ChildProcess.run(
      [
        "env", "--chdir=\(Golden.root)/Tests/Golden/check/\(name)", "\(ChildProcess.products)/sekisho",
        "check",
      ]
        + ["-i", "inventory.yaml", "--no-color"] + options)
  }
}
