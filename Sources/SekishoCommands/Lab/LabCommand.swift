internal import Addressing
internal import ArgumentParser
internal import FoundationEssentials
internal import Glibc
internal import Lab

struct LabCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lab",
    abstract: "Run the inventory as network namespaces on this machine.",
    discussion: """
      Every host becomes a namespace with its addresses; a network that flows use becomes one with an \
      address out of it; gateways really forward. Nothing is filtered until rulesets are applied.

        sekisho lab up
        sekisho apply --lab --yes
        sekisho lab exec web-1 -- curl http://10.20.2.21:8080/
        sekisho lab down
      """,
    subcommands: [Up.self, Down.self, Status.self, Exec.self, Try.self])

  struct Up: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "up", abstract: "Bring the lab up.", usage: "sekisho lab up [<options>]")

    @OptionGroup var inventory: InventoryOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      let console = output.console
      let loaded = try LoadedPolicy(inventory.inventory, console, warnings: false)
      let lab = try failing(console) {
        try Lab.up(
          loaded.policy, in: try RuntimeDirectory(), keeper: [try Lab.ownExecutable(), LabKeeper.verb])
      }
      let networks = lab.plan.nodes.count { $0.kind == .network }
      console.message(
        "the lab is up: \(counted(lab.plan.nodes.count - networks, "host")), \(counted(networks, "network")) (process \(lab.keeper))"
      )
    }
  }

  struct Down: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "down", abstract: "End the lab.")

    @OptionGroup var output: OutputOptions

    func run() async throws {
      let console = output.console
      guard let lab = Lab.current(in: try failing(console) { try RuntimeDirectory() }) else {
        console.message("no lab is up")
        return
      }
      try failing(console) { try lab.down() }
      console.message("the lab is down")
    }
  }

  struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "status", abstract: "List the hosts and networks of the lab.")

    @OptionGroup var output: OutputOptions

    private struct Answer: Encodable {
      struct Node: Encodable {
        let name: String
        let kind: String
        let addresses: [String]
        let forwards: Bool
      }
      let format_version = 1
      let up: Bool
      let keeper: Int32?
      let nodes: [Node]
    }

    func run() async throws {
      let console = output.console
      let lab = Lab.current(in: try failing(console) { try RuntimeDirectory() })
      if output.json {
        let nodes = lab?.plan.nodes.map {
          Answer.Node(
            name: $0.name, kind: $0.kind.rawValue, addresses: $0.addresses.map(\.description),
            forwards: $0.forwards)
        }
        try console.write(
          try JSONOutput.encode(Answer(up: lab != nil, keeper: lab?.keeper, nodes: nodes ?? [])))
        return
      }
      guard let lab else {
        try console.line("no lab is up; sekisho lab up starts one")
        return
      }
      let width = lab.plan.nodes.map(\.name.count).max() ?? 0
      for node in lab.plan.nodes {
        let name = node.name + String(repeating: " ", count: width - node.name.count)
        let kind = node.kind == .network ? "  (network)" : node.forwards ? "  (gateway)" : ""
        try console.line("\(name)  \(node.addresses.map(\.description).joined(separator: " "))\(kind)")
      }
    }
  }

  struct Exec: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "exec", abstract: "Run a program in a host of the lab.",
      discussion: "The program's exit status is the answer; its standard streams are this command's.")

    @Argument(help: "Host or network of the lab.")
    var host: String

    @Argument(parsing: .postTerminator, help: "Program and arguments, behind --.")
    var command: [String]

    func run() async throws {
      let console = Console(noColour: false, quiet: false, verbose: false)
      guard let lab = Lab.current(in: try failing(console) { try RuntimeDirectory() }) else {
        console.error("no lab is up; sekisho lab up starts one")
        throw ExitCode.failed
      }
      // What is ignored stays ignored in the program that takes our place.
      signal(SIGPIPE, SIG_DFL)
      try failing(console) { try lab.exec(host, command) }
    }
  }
}

/// Does something and turns its failure into a message and an exit code.
func failing<Result>(_ console: Console, _ body: () throws -> Result) throws -> Result {
  do {
    return try body()
  } catch let code as ExitCode {
    throw code
  } catch let usage as ValidationError {
    throw usage
  } catch {
    console.error("\(error)")
    throw ExitCode.failed
  }
}
