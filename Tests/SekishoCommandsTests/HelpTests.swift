import ChildProcess
import Testing

/// Help is read in a terminal of 80 columns.
@Suite struct HelpTests {
  /// All that the program itself names, and those of the lab.
  private static func verbs() -> [String] {
    let listed = ChildProcess.run(
      ["\(ChildProcess.products)/sekisho", "--help"], environment: ["COLUMNS": "80"])
    let lines = listed.output.split(separator: "\n").drop { !$0.hasPrefix("SUBCOMMANDS:") }.dropFirst()
    let named = lines.filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") }
      .compactMap { $0.split(separator: " ").first.map(String.init) }.filter { $0 != "See" }
    return [""] + named + ["up", "down", "status", "exec", "try"].map { "lab \($0)" }
  }

  @Test func `the program names its verbs`() { #expect(Self.verbs().count > 35, "\(Self.verbs())") }

  @Test(arguments: verbs())
  func `no line of it is wider than a terminal, and no example is broken`(verb: String) {
    let words = verb.split(separator: " ").map(String.init)
    let told = ChildProcess.run(
      ["\(ChildProcess.products)/sekisho"] + words + ["--help"], environment: ["COLUMNS": "80"])
    #expect(told.status == 0)
    let lines = told.output.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count > 5)
    for (line, next) in zip(lines, lines.dropFirst()) {
      #expect(line.count <= 80, "\(line)")
      if line.hasPrefix("  sekisho") || line.hasPrefix("  sudo") {
        #expect(next.isEmpty || next.hasPrefix(" "), "\(line)\n\(next)")
      }
    }
  }

  @Test(arguments: [("chek", "; is `check` meant?"), ("nosuch", "; `sekisho --help`")])
  func `a verb that is none is told with the nearest`(verb: String, words: String) {
    let told = ChildProcess.run(["\(ChildProcess.products)/sekisho", verb])
    #expect(told.status == 64)
    #expect(told.output.hasPrefix("error: there is no verb `\(verb)`\(words)"))
  }
}
