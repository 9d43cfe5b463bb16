import Foundation
import Testing

/// Where the output is coloured, and where it is not.
@Suite(.enabled(if: Shell.obstacle == nil, "\(Shell.obstacle ?? "")"))
struct ColourTests {
  private static let cases: [(environment: String, isTerminal: Bool, options: String, isColoured: Bool)] = [
    ("TERM=xterm", false, "", false), ("TERM=xterm", true, "", true), ("TERM=dumb", true, "", false),
    ("TERM=", true, "", true), ("TERM=xterm NO_COLOR=1", true, "", false),
    ("TERM=xterm NO_COLOR=", true, "", true), ("TERM=xterm", true, "--no-color", false),
    ("CLICOLOR_FORCE=1", false, "", true), ("TERM=dumb CLICOLOR_FORCE=1", true, "", true),
    ("CLICOLOR_FORCE=0", false, "", false), ("CLICOLOR_FORCE=", false, "", false),
    ("CLICOLOR_FORCE=1 NO_COLOR=1", false, "", false), ("CLICOLOR_FORCE=1", false, "--no-color", false),
  ]

  @Test(arguments: cases)
  func `colour is for terminals that know it and for those who ask for it`(
    environment: String, isTerminal: Bool, options: String, isColoured: Bool
  ) throws {
    try withShell { shell in
      try shell.write("old.yaml", CommandLineTests.inventory)
      try shell.write(
        "new.yaml", CommandLineTests.inventory.replacingOccurrences(of: "service: ssh", with: "service: web"))
      let command = "env \(environment) sekisho diff old.yaml new.yaml \(options)"
      // script(1) runs a command on a terminal of its own.
      let result = try shell.run(
        isTerminal ? "script -qec '\(command)' log < /dev/null || true" : "\(command) || true",
        environment: ["TERM": "xterm"])
      #expect(result.output.contains("Between known hosts"), "\(result.all)")
      #expect(result.output.contains("\u{1b}[") == isColoured, "\(result.all.debugDescription)")
      let failed = "env \(environment) sekisho check -i nowhere \(options)"
      let said = try shell.run(
        isTerminal ? "script -qec '\(failed)' log < /dev/null || true" : "\(failed) 2>&1 || true",
        environment: ["TERM": "xterm"])
      #expect(said.output.contains("error:"), "\(said.all)")
      #expect(said.output.contains("\u{1b}[") == isColoured, "\(said.all.debugDescription)")
    }
  }

  @Test func `what is told to people is broken between words where the terminal ends`() throws {
    try withShell { shell in
      try shell.write("old.yaml", CommandLineTests.inventory)
      try shell.write(
        "new.yaml", CommandLineTests.inventory.replacingOccurrences(of: "service: ssh", with: "service: web"))
      func lines(_ command: String, columns: Int) throws -> [Substring] {
        let seen = "stty cols \(columns); NO_COLOR=1 \(command)"
        let told = try shell.run("script -qec '\(seen)' log < /dev/null || true").output
        return told.split { $0.isNewline }
      }
      for command in ["sekisho diff old.yaml new.yaml", "sekisho check -i nowhere"] {
        let whole = try lines(command, columns: 500)
        let broken = try lines(command, columns: 50)
        #expect(whole.contains { $0.count > 50 } && broken.allSatisfy { $0.count <= 50 }, "\(broken)")
        let words = [whole, broken].map { $0.joined(separator: " ").split(separator: " ") }
        #expect(words[0] == words[1])
      }
    }
  }
}
