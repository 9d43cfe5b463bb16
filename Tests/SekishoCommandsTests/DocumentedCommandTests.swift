import ChildProcess
import Foundation
import Goldens
import Testing

/// What pages tell people to type is typed, page by page, in a machine of its own (Tests/Pages), ends as it should, and
/// says what the page shows. Those of examples have their own suite.
@Suite struct DocumentedCommandTests {
  /// Which stage a page is gone through on.
  static let stages = [
    "README.md": "readme",
    "docs/agent.md": "shop",
    "docs/evidence.md": "shop",
    "docs/faq.md": "shop",
    "docs/first-day.md": "first-day",
    "docs/metrics.md": "shop",
    "docs/operations.md": "operations",
    "packaging/README.md": "packaging",
    "packaging/batch/README.md": "batch",
  ]

  /// What ends with another code than 0, and so that it is right; in order where it is typed more than once.
  static let endings: [String: [String: [Int32]]] = [
    "README.md": [
      // A guard does not hold at first; then there is a difference.
      "sekisho diff --base main": [4, 2],
      "sekisho diff --host \"db, worker\"": [2],
      "sekisho diff old/ new/": [2],
      "sekisho diff --host db --out PLAN": [2],
      // Ctrl-C.
      "sekisho denied --host db --follow": [130],
    ],
    "docs/operations.md": [
      "sekisho diff --host all": [2],
      "sekisho diff --base main --steps": [2],
      // Every host has what it had.
      "sekisho apply --revert": [5],
      "sekisho apply --revert --skip-unreachable": [5],
    ],
  ]

  /// What cannot be typed in a test, and why.
  static let notTyped: [String: [String: String]] = [
    "docs/operations.md": [
      "rsync -r bundle/rulesets www:/srv/sekisho/": "a server that the reader has",
      "rsync bundle/index.json* www:/srv/sekisho/": "a server that the reader has",
    ],
    "examples/library/README.md": [
      "sudo nft -j list ruleset | swift run deciding 192.0.2.7 192.0.2.10 22":
        "builds a package: Tests/Packages/library does, and asks it"
    ],
    "packaging/ansible/README.md": [
      "ansible-galaxy collection build && ansible-galaxy collection install sekisho-firewall-*.tar.gz":
        "Ansible, over ssh: Tests/Ansible/run does",
      "ansible-playbook -i sekisho.yml --check --diff sekisho.firewall.site":
        "Ansible, over ssh: Tests/Ansible/run does",
      "ansible-playbook -i sekisho.yml sekisho.firewall.site": "Ansible, over ssh: Tests/Ansible/run does",
    ],
  ]

  @Test(
    .enabled(if: Namespace.obstacle == nil, "\(Namespace.obstacle ?? "")"), arguments: stages.keys.sorted())
  func `what a page tells to type ends well and says what the page shows`(page: String) throws {
    let stage = try #require(Self.stages[page])
    let commands = try PageCommands(page).commands.filter {
      Self.notTyped[page]?[$0.words] == nil && !$0.words.hasPrefix("make ")
    }
    let files = FileManager.default
    let directory = files.temporaryDirectory.appending(path: "page-\(UUID().uuidString)")
    try files.createDirectory(at: directory.appending(path: "commands"), withIntermediateDirectories: true)
    defer { try? files.removeItem(at: directory) }
    for (number, command) in commands.enumerated() {
      let file = directory.appending(path: "commands/\(number + 1)")
      try "\(command.text)\n".write(to: file, atomically: false, encoding: .utf8)
    }
    // Whatever a command has started ends with the namespace of processes.
    let told = ChildProcess.run(
      [
        "timeout", "--kill-after=5", "540", "unshare", "-Urn", "--mount", "--uts", "--pid", "--fork",
        "--kill-child", "\(Golden.root)/Tests/Pages/type", stage, directory.path,
      ],
      environment: ["PATH": "\(ChildProcess.products):/usr/sbin:/usr/bin:/sbin:/bin"])
    #expect(told.status == 0, "\(told.output)")
    var endings = Self.endings[page] ?? [:]
    for (number, command) in commands.enumerated() {
      func text(_ folder: String) -> String? {
        try? String(contentsOf: directory.appending(path: "\(folder)/\(number + 1)"), encoding: .utf8)
      }
      let output = text("out") ?? "it was not typed"
      let status = text("status").flatMap { Int32($0.dropLast()) }
      var expected: Int32 = 0
      if let first = endings[command.words]?.first {
        expected = first
        endings[command.words]?.removeFirst()
      }
      #expect(status == expected, "\(command.text)\n\(output)")
      let missing = ShownOutput.missing(command.shown, in: output)
      #expect(missing == nil, "\(command.text) does not say what the page shows:\n\(output)")
    }
    #expect(endings.allSatisfy { $0.value.isEmpty }, "no command of the page ends so: \(endings)")
  }

  @Test func `every page has a stage, and what is not typed is there`() throws {
    var notTyped = Self.notTyped
    for page in PageCommands.pages {
      for command in try PageCommands(page).commands where !command.words.hasPrefix("make ") {
        if notTyped[page]?.removeValue(forKey: command.words) != nil { continue }
        let example = page.split(separator: "/").dropFirst().first.map(String.init) ?? ""
        let isExercise = page.hasPrefix("examples/") && ExampleExerciseTests.examples.contains(example)
        // Whose commands are those of README.md, as another test has it.
        #expect(Self.stages[page] != nil || isExercise || page == "README.ja.md", "\(page): \(command.text)")
      }
    }
    #expect(notTyped.allSatisfy { $0.value.isEmpty }, "\(notTyped)")
    #expect(Set(Self.stages.keys).isSubset(of: PageCommands.pages))
  }

  @Test func `the page in Japanese has the same commands`() throws {
    let english = try PageCommands("README.md").commands
    let japanese = try PageCommands("README.ja.md").commands
    #expect(english.map(\.words) == japanese.map(\.words))
    #expect(english.map(\.shown) == japanese.map(\.shown))
    #expect(english.count > 40)
  }

  /// They build, or run tests; what they would do is asked of make.
  @Test func `every target of a page is there`() throws {
    let targets = try PageCommands.pages.flatMap { page in
      try PageCommands(page).commands.map(\.words).filter { $0.hasPrefix("make ") }
    }
    #expect(targets.count > 10)
    for target in Set(targets) {
      let words = target.split(separator: " ").map(String.init)
      let told = ChildProcess.run(["make", "-n", "-C", Golden.root] + words.dropFirst())
      #expect(told.status == 0, "\(target): \(told.output)")
    }
  }

  @Test(arguments: PageCommands.pages)
  func `every command and option that a page names is known`(page: String) throws {
    var helps: [String: String] = [:]
    for command in try PageCommands(page).mentions {
      let words = command.split(separator: " ").map(String.init)
      guard words.count > 1, words[1].allSatisfy(\.isLowercase) else { continue }
      let verb = words[1] == "lab" && words.count > 2 ? ["lab", words[2]] : [words[1]]
      let name = verb.joined(separator: " ")
      if helps[name] == nil {
        let told = ChildProcess.run(["\(ChildProcess.products)/sekisho"] + verb + ["--help"])
        #expect(told.status == 0, "\(page): \(command)")
        helps[name] = told.output
      }
      let help = try #require(helps[name])
      for word in words.prefix(while: { $0 != "--" }) where word.hasPrefix("--") {
        let option = word.prefix { $0 != "=" }
        #expect(help.contains("\(option) ") || help.contains("\(option)\n"), "\(page): \(command)")
      }
    }
  }

  @Test func `the rules that README.md shows are what its inventory becomes`() throws {
    let page = try String(contentsOfFile: "\(Golden.root)/README.md", encoding: .utf8)
    let inventory = try #require(Self.part(of: page, behind: "```yaml\n"))
    let shown = try #require(Self.part(of: page, behind: "```\nchain input"))
    let told = Self.run(inventory, "sekisho compile -i inventory.yaml -o out --quiet && cat out/db-1.nft")
    func lines(_ text: String) -> [String] {
      text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    }
    let missing = ShownOutput.missing(
      lines("chain input" + shown), in: lines(told).joined(separator: "\n"))
    #expect(missing == nil, "\(told)")
  }

  @Test func `the mistake that the page of the language shows is told so`() throws {
    let page = try String(contentsOfFile: "\(Golden.root)/docs/inventory.md", encoding: .utf8)
    let shown = try #require(Self.part(of: page, behind: "```\ninventory/hosts.yaml"))
    let lines = shown.split(separator: "\n")
    let wrong = try #require(lines[1].split(separator: "| ", maxSplits: 1).last)
    let number = try #require(Int(lines[0].split(separator: ":")[0]))
    let text = "version: 1\n" + String(repeating: "#\n", count: number - 3) + "hosts:\n\(wrong)\n"
    let told = Self.run(
      text, "mkdir inventory; mv inventory.yaml inventory/hosts.yaml; sekisho check")
    #expect(told.hasPrefix("inventory/hosts.yaml\(shown)"), "\(told)")
  }

  /// What stands between a text and the end of its block.
  private static func part(of page: String, behind text: String) -> String? {
    page.components(separatedBy: text).dropFirst().first?.components(separatedBy: "```").first
  }

  /// What a script says in a directory with an `inventory.yaml`.
  private static func run(_ inventory: String, _ script: String) -> String {
    ChildProcess.run(
      [
        "sh", "-c",
        "d=$(mktemp -d) && cd \"$d\" && cat > inventory.yaml && { \(script); } 2>&1; cd / && rm -rf \"$d\"",
      ],
      input: inventory,
      environment: ["NO_COLOR": "1", "PATH": "\(ChildProcess.products):/usr/sbin:/usr/bin:/sbin:/bin"]
    ).output
  }
}
