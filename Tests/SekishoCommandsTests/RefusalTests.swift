import ChildProcess
import Foundation
import Goldens
import Testing

/// Programs get an answer whatever happens: with --json, what was not done is a document too.
@Suite struct RefusalTests {
  /// In `Tests/Golden/diff/a-flow-is-added`, which holds `old.yaml` and `new.yaml`.
  static let cases: [(command: String, status: Int32, code: String)] = [
    ("check -i nowhere", 1, "unreadable"), ("compile -i nowhere -o /nowhere", 1, "unreadable"),
    ("compile -i MISTAKES -o /nowhere", 1, "mistakes"), ("check -i MISTAKES", 1, "mistakes"),
    ("diff old.yaml MISTAKES", 1, "mistakes"), ("graph -i MISTAKES", 1, "mistakes"),
    ("compile -i new.yaml -o /dev/null/out", 1, "failed"),
    ("compile -i new.yaml --host nobody -o /nowhere", 64, "usage"),
    ("explain nobody nobody tcp/1 -i new.yaml", 64, "usage"), ("explain one", 64, "usage"),
    ("explain --batch nowhere -i new.yaml", 1, "unreadable"), ("diff old.yaml", 64, "usage"),
    ("diff old.yaml nowhere", 1, "unreadable"), ("diff --lab -i new.yaml", 1, "lab"),
    ("diff --base nowhere -i new.yaml", 1, "unreadable"), ("diff --nosuch", 64, "usage"),
    ("nosuch", 64, "usage"), ("read nowhere.json", 1, "unreadable"), ("read new.yaml", 1, "unreadable"),
    ("reach nobody -i new.yaml", 64, "usage"), ("reach", 64, "usage"),
    ("status --lab -i new.yaml", 1, "lab"), ("apply nowhere -i new.yaml", 1, "failed"),
    ("apply --lab --yes -i new.yaml", 1, "lab"), ("apply --yes -i new.yaml", 64, "usage"),
    ("lab try a b tcp/1 -i nowhere", 1, "unreadable"),
  ]

  @Test(arguments: cases)
  func `what was refused is a document with a code, and its exit code stays`(
    command: String, status: Int32, code: String
  ) throws {
    let plain = run(command, errors: true)
    #expect(plain.status == status, "\(plain.output)")
    let answer = run("\(command) --json", errors: false)
    #expect(answer.status == status)
    // Where an answer is lines, mistakes are ahead of it.
    let lines = answer.output.split(separator: "\n")
    let text = command.hasPrefix("check") ? lines.last ?? "" : answer.output[...]
    let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    #expect(object?["format_version"] as? Int == 1, "\(answer.output)")
    let error = try #require(object?["error"] as? [String: Any], "\(answer.output)")
    #expect(error["code"] as? String == code, "\(answer.output)")
    let message = try #require(error["message"] as? String)
    // The same is said to people.
    #expect(plain.output.contains(message), "\(plain.output)")
    if code == "mistakes", !command.hasPrefix("check") {
      let mistake = try #require((error["diagnostics"] as? [[String: Any]])?.first)
      #expect((mistake["file"] as? String)?.hasSuffix("inventory.yaml") == true)
      #expect(mistake["line"] is Int && mistake["column"] is Int && mistake["message"] is String)
    }
  }

  @Test func `a check as JSON ends with whether the inventory is sound`() throws {
    let sound = run("check -i new.yaml --json", errors: false)
    #expect(sound.status == 0)
    #expect(sound.output.contains(#"{"format_version":1,"sound":{"#), "\(sound.output)")
    let unsound = run("check -i MISTAKES --json", errors: false)
    for line in unsound.output.split(separator: "\n") {
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      #expect(object?["format_version"] as? Int == 1, "\(line)")
    }
    #expect(!unsound.output.contains("sound"))
  }

  /// Nobody else's may be the runtime directory.
  private static let runtime: String = {
    let path = NSTemporaryDirectory() + "sekisho-refusals"
    try? FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    return path
  }()

  private func run(_ command: String, errors: Bool) -> (status: Int32, output: String) {
    let directory = "\(Golden.root)/Tests/Golden"
    let words = command.replacing("MISTAKES", with: "\(directory)/reject/services-ports/inventory.yaml")
    return ChildProcess.run([
      "env", "--chdir=\(directory)/diff/a-flow-is-added", "SEKISHO_RUNTIME_DIR=\(Self.runtime)",
      "SEKISHO_STATE_DIR=\(Self.runtime)/state",
      "sh", "-c", "exec \(ChildProcess.products)/sekisho \(words)\(errors ? "" : " 2> /dev/null")",
    ])
  }
}
