import ChildProcess
import Foundation
import Goldens
import Testing

/// `diff --base` in a pull request, where the checkout may know one commit of one branch.
@Suite struct BaseTests {
  private static let inventory = """
    version: 1
    services: {ssh: tcp/22, https: tcp/443}
    hosts:
      a: {addresses: [10.0.0.1]}
      b: {addresses: [10.0.0.2]}
    flows:
      ssh-to-a: {from: b, to: a, service: ssh, why: test, owner: test}
    """
  private static let web = "  web-to-a: {from: b, to: a, service: https, why: test, owner: test}"
  /// A branch `topic` with a flow more, while `main` got another.
  private static let repository = """
    git init -q -b main made; cd made; git config user.name x; git config user.email x@example.org
    mkdir inv; cp ../inventory.yaml inv/; git add .; git commit -qm one; git checkout -qb topic
    cat ../web >> inv/inventory.yaml; git commit -qam two; git checkout -q main
    sed 's/web-to-a/late/' ../web >> inv/inventory.yaml; git commit -qam three; git checkout -q topic
    """

  @Test func `what the other branch got meanwhile is not told, and paths are those of the working tree`()
    throws
  {
    for path in ["inv", "inv/inventory.yaml", "./inv/"] {
      let told = try run("\(Self.repository); sekisho diff --base main -i \(path)")
      #expect(told.status == 2, "\(told.output)")
      #expect(told.output.contains("+ b → a  https (tcp/443)  web-to-a, "), "\(told.output)")
      #expect(!told.output.contains("late"), "\(told.output)")
      #expect(told.output.contains("the merge base of main and HEAD"), "\(told.output)")
    }
    for path in ["$PWD/inv", "inv/../inv", "../made/inv", "$PWD/inv/inventory.yaml"] {
      let told = try run(
        "\(Self.repository); sed -i s/https,/ssh,/ inv/inventory.yaml; sekisho diff --base topic -i \(path) || true; "
          + "echo at \(path)")
      let shown = try #require(told.output.split(separator: "\n").last { $0.hasPrefix("at ") }).dropFirst(3)
      let file = shown.hasSuffix(".yaml") ? "\(shown)" : "\(shown)/inventory.yaml"
      #expect(told.output.contains("- b → a  https (tcp/443)  web-to-a, \(file):8\n"), "\(told.output)")
    }
    let gone = try run(
      "\(Self.repository); git checkout -q -b less main; cp ../inventory.yaml inv/; sekisho diff --base main -i inv"
    )
    #expect(gone.output.contains("- b → a  https (tcp/443)  late, inv/inventory.yaml:8"), "\(gone.output)")
  }

  /// How a checkout came about, and what is said of it.
  static let checkouts: [(commands: String, base: String, words: [String])] = [
    (
      "git clone -q --depth 1 file://$PWD of; cd of", "main",
      ["this is a shallow clone", "git fetch --unshallow"]
    ),
    (
      "git clone -q --depth 1 --no-single-branch file://$PWD of; cd of", "origin/main",
      ["this is a shallow clone", "have in common", "; then name origin/main"]
    ),
    (
      "git clone -q --depth 1 file://$PWD -b topic of; cd of", "origin/main",
      ["this is a shallow clone", "; then name origin/main"]
    ),
    (
      "git clone -q --depth 1 file://$PWD of; cd of", "HEAD~1",
      ["this is a shallow clone", "; then name HEAD~1"]
    ),
    ("git clone -q file://$PWD of; cd of", "main", ["it is known as origin/main"]),
    ("true", "elsewhere", ["git fetch origin elsewhere"]),
  ]

  @Test(arguments: checkouts)
  func `a base that is not there is explained`(commands: String, base: String, words: [String]) throws {
    let told = try run("\(Self.repository); \(commands); sekisho diff --base \(base) -i inv")
    #expect(told.status == 1, "\(told.output)")
    for word in words { #expect(told.output.contains(word), "\(told.output)") }
  }

  @Test func `Markdown begins with guards that do not hold`() throws {
    let told = try run(
      """
      \(Self.repository); echo 'guards: {no-web: {never: {from: b, to: a, service: https, within: 1 hop}}}' >> inv/inventory.yaml
      sekisho diff --base main -i inv --markdown 2> /dev/null
      """)
    #expect(told.status == 4, "\(told.output)")
    #expect(
      told.output.hasPrefix(
        """
        ### Errors

        - the guard \\`no-web\\` does not hold: b can connect to a (inv/inventory.yaml:9)
          - 1. b → a: https by \\`web-to-a\\` (inv/inventory.yaml:8)
          - remove the flow \\`web-to-a\\`, or narrow it

        ### Connections
        """), "\(told.output)")
  }

  private func run(_ commands: String) throws -> (status: Int32, output: String) {
    let directory = NSTemporaryDirectory() + "sekisho-base-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    for (name, text) in [("inventory.yaml", Self.inventory), ("web", Self.web)] {
      try "\(text)\n".write(toFile: "\(directory)/\(name)", atomically: true, encoding: .utf8)
    }
    return ChildProcess.run([
      "env", "--chdir=\(directory)", "PATH=\(ChildProcess.products):/usr/bin:/bin", "HOME=\(directory)", "sh",
      "-ec",
      commands,
    ])
  }
}
