internal import AgentProtocol
internal import ArgumentParser
internal import HostAgent
internal import Machine
internal import RulesetDiff

struct StatusCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Say what hosts enforce.",
    usage: "sekisho status [<options>]",
    discussion: """
      What the kernel has of Sekisho's table: the mode of each direction, what was denied, how much there is \
      of rules, sets and elements. Without arguments it is about this machine and needs no inventory; with \
      one, each host is also compared with what it should have.

        sekisho status                        this machine
        sekisho status --local --host web-1   this machine, compared with web-1
        sekisho status --lab                  every host of the lab
        sekisho status --host "db, worker"    hosts reached by ssh

      Exit codes: 0 done, whatever the answer, 1 a host could not be asked.
      """)

  @Option(
    name: [.customShort("i"), .long],
    help: ArgumentHelp(
      "Directory or file of the inventory (default: inventory, where hosts are named).", valueName: "dir"))
  var inventory: String?

  @OptionGroup var targets: TargetOptions
  @OptionGroup var output: OutputOptions

  func answer(_ console: Console) async throws -> Answer {
    let answers: [HostState]
    if inventory == nil, targets.host == nil, targets.from == nil, !targets.lab {
      answers = [await thisMachine()]
    } else {
      let targets = try TargetFinder(
        options: targets, inventory: inventory ?? "inventory", defaultsToThisMachine: true
      ).find().hosts
      let results = await asking(targets, console) { target in
        try await target.ask([Status.self, Look.self]) { agent, greeting in
          (
            status: try await agent.ask(Status()),
            comparison: try await agent.ask(Look(target.wanted)).comparison,
            stray: target.identity.strayAddresses(greeting)
          )
        }
      }
      answers = zip(targets, results).map { target, result in
        HostState(
          host: target.name, status: result.map(\.status),
          differing: (try? result.get())?.comparison.change.objects.count,
          stray: (try? result.get())?.stray)
      }
    }
    return StatusReport(states: answers).answer
  }

  private func thisMachine() async -> HostState {
    do {
      let agent = try ThisMachine.agent()
      let name = try agent.answer(Hello()).node
      return HostState(host: name, status: .success(try agent.answer(Status())), differing: nil)
    } catch {
      return HostState(host: "this machine", status: .failure(error), differing: nil)
    }
  }
}
