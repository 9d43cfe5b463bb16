import ChildProcess
import Goldens
import Testing

/// What `sekisho diff --steps` says, word for word: `Tests/Golden/steps/CASE` holds `old.yaml` and `new.yaml`, and beside
/// them what is said.
@Suite struct StepsGoldenTests {
  static let cases = ["a-flow-is-added", "a-service-moves", "an-end-opens-apart"]

  @Test func `every directory is a case`() {
    #expect(Golden.names("steps") == Self.cases)
  }

  @Test(arguments: cases)
  func `steps are told in these words`(name: String) {
    for (options, file) in [
      (["--steps", "--no-color"], "steps.txt"), (["--steps", "--json"], "steps.json"),
    ] {
      let told = run(["diff", "old.yaml", "new.yaml"] + options, in: name)
      #expect(told.status == (name == "an-end-opens-apart" ? 1 : 2))
      #expect(Golden.fault(told.output, "steps/\(name)/\(file)") == nil)
    }
  }

  @Test func `steps are of two whole inventories`() {
    let told = run(["diff", "old.yaml", "new.yaml", "--steps", "--host", "web-1"], in: "a-service-moves")
    #expect(told.status == 64)
    #expect(told.output.contains("--steps is for two whole inventories"))
  }

  /// Both output streams, as a terminal shows them.
  private func run(_ arguments: [String], in name: String) -> (status: Int32, output: String) {
    ChildProcess.run(
      ["env", "--chdir=\(Golden.root)/Tests/Golden/steps/\(name)", "\(ChildProcess.products)/sekisho"]
        + arguments)
  }
}
