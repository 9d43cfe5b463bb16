internal import Addressing
internal import ArgumentParser
internal import Glibc
internal import Lab
internal import Machine
internal import Operations

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

  struct Up: Verb {
    static let configuration = CommandConfiguration(
      commandName: "up", abstract: "Bring the lab up.", usage: "sekisho lab up [<options>]")

    @OptionGroup var inventory: InventoryOptions
    @OptionGroup var output: OutputOptions

    func answer(_ console: Console) async throws -> Answer {
      let loaded = try LoadedPolicy(inventory.inventory)
      let lab = try Lab.up(
        loaded.policy, in: try RuntimeDirectory(), keeper: [try Lab.ownExecutable(), LabKeeper.verb])
      let networks = lab.plan.nodes.count { $0.kind == .network }
      let hosts = lab.plan.nodes.count - networks
      return Answer(
        parts: [
          .summary(
            "the lab is up: \(counted(hosts, "host")), \(counted(networks, "network")) (process \(lab.keeper))"
          ),
          .remark("what hosts should have is put there by:  sekisho apply --lab"),
        ], data: .document(LabState(lab)))
    }
  }

  struct Down: Verb {
    static let configuration = CommandConfiguration(commandName: "down", abstract: "End the lab.")

    @OptionGroup var output: OutputOptions

    func answer(_ console: Console) async throws -> Answer {
      let lab = Lab.current(in: try RuntimeDirectory())
      try lab?.down()
      return Answer(
        parts: [.summary(lab == nil ? "no lab is up" : "the lab is down")], data: .document(LabState(nil)))
    }
  }

  struct Status: Verb {
    static let configuration = CommandConfiguration(
      commandName: "status", abstract: "List the hosts and networks of the lab.")

    @OptionGroup var output: OutputOptions

    func answer(_ console: Console) async throws -> Answer {
      let lab = Lab.current(in: try RuntimeDirectory())
      let nodes = lab?.plan.nodes ?? []
      let width = nodes.map(\.name.count).max() ?? 0
      let entries = nodes.map { node -> Entry in
        let name = node.name + String(repeating: " ", count: width - node.name.count)
        let kind = node.kind == .network ? "  (network)" : node.forwards ? "  (gateway)" : ""
        let addresses = node.addresses.map(\.description) + node.carried.map { "\($0) (virtual)" }
        return "\(name)  \(addresses.joined(separator: " "))\(kind)"
      }
      return Answer(
        parts: [
          .chapter(
            lab == nil
              ? .sentence("no lab is up; sekisho lab up starts one") : Chapter(.facts, "", entries))
        ], data: .document(LabState(lab)))
    }
  }

  struct Exec: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "exec", abstract: "Run a program in a host of the lab.",
      discussion: "The program's exit status is the answer; its standard streams are this command's.")

    @Argument(help: "Host or network of the lab.", completion: Completions.peer)
    var host: String

    @Argument(parsing: .postTerminator, help: "Program and arguments, behind --.")
    var command: [String]

    func run() async throws {
      do {
        let lab = try Lab.running()
        // What is ignored stays ignored in the program that takes our place.
        signal(SIGPIPE, SIG_DFL)
        try lab.exec(host, command)
      } catch {
        let refusal = Refusal(error)
        try Console(noColour: false, quiet: false, verbose: false).show(refusal, json: nil)
        throw refusal.exitCode
      }
    }
  }
}

/// The lab of this machine, for programs.
private struct LabState: Encodable {
  struct Node: Encodable {
    let name: String
    let kind: String
    let addresses: [String]
    let forwards: Bool
  }

  let up: Bool
  let keeper: Int32?
  let nodes: [Node]

  init(_ lab: Lab?) {
    up = lab != nil
    keeper = lab?.keeper
    nodes = (lab?.plan.nodes ?? []).map {
      Node(
        name: $0.name, kind: $0.kind.rawValue, addresses: $0.addresses.map(\.description),
        forwards: $0.forwards)
    }
  }
}
