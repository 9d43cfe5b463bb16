import ChildProcess
import Foundation
import Testing

/// What bash proposes for a command line that is not finished.
@Suite struct CompletionTests {
  private static let inventory = """
    version: 1
    services: {ssh: tcp/22, syslog: tcp/6514}
    zones: {vault: {}}
    networks: {office: {prefixes: [203.0.113.0/24]}}
    hosts:
      web-1: {addresses: [10.0.0.1], groups: [web]}
      web-2: {addresses: [10.0.0.2], groups: [web]}
      signer: {addresses: [10.0.0.3], zone: vault}
    flows:
      office-in: {from: office, to: web, service: ssh, why: test}
    """

  /// As bash does it: the script is loaded, the words are set as readline sets them, and the function of the verb is called.
  private func proposed(_ line: String, inventory: String = Self.inventory) throws -> [String] {
    let directory = FileManager.default.temporaryDirectory.appending(path: "completion-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    try inventory.write(to: directory.appending(path: "inventory.yaml"), atomically: true, encoding: .utf8)
    let script = """
      cd '\(directory.path)' && PATH='\(ChildProcess.products)':$PATH
      source <(sekisho --generate-completion-script bash)
      COMP_LINE='\(line)' COMP_POINT=${#COMP_LINE} COMP_TYPE=9 COMP_KEY=9
      COMP_WORDS=($COMP_LINE); case $COMP_LINE in *' ') COMP_WORDS+=('');; esac
      COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
      function=$(complete -p sekisho | sed 's/.*-F \\([^ ]*\\) .*/\\1/')
      "$function" sekisho "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
      printf '%s\\n' "${COMPREPLY[@]}"
      """
    let told = ChildProcess.run(["bash", "-c", script])
    return told.output.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.sorted()
  }

  static let lines: [(String, [String])] = [
    ("sekisho explain -i inventory.yaml web", ["web", "web-1", "web-2"]),
    ("sekisho explain -i inventory.yaml web-1 off", ["office"]),
    ("sekisho explain -i inventory.yaml web-1 signer s", ["ssh", "syslog"]),
    ("sekisho status -i inventory.yaml --host v", ["vault"]),
    ("sekisho sessions -i inventory.yaml --flow o", ["office-in"]),
    ("sekisho explain -i nothing-there web", []),
  ]

  @Test(arguments: lines) func `names of the inventory are proposed`(line: String, names: [String]) throws {
    #expect(try proposed(line) == names)
  }

  @Test func `an inventory with mistakes proposes nothing`() throws {
    #expect(try proposed("sekisho explain -i inventory.yaml web", inventory: "version: 1\nhots: {}").isEmpty)
  }

  @Test func `verbs are proposed`() throws {
    #expect(try proposed("sekisho qua") == ["quarantine"])
  }
}
