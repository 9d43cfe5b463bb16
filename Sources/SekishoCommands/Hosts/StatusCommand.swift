internal import ArgumentParser
internal import Operations

struct StatusCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Say what hosts enforce.",
    usage: "sekisho status [<options>]",
    discussion: """
      What the kernel has of Sekisho's table: the mode of each direction, what was denied and how much of it is recorded, how \
      many sessions are tracked and whether there is room for more, how much there is of rules, sets and elements, which \
      revision is confirmed, and whether the kernel has it, whom it refuses (quarantine) and what it has opened for a time \
      (open). Without arguments it is about this machine and needs no \
      inventory; with one, each host is also compared with what it should have. Of more than three hosts each has a line.

        sekisho status                        this machine
        sekisho status --local --host web-1   this machine, compared with web-1
        sekisho status --lab                  every host of the lab
        sekisho status --host "db, worker"    hosts reached by ssh

      Exit codes: 0 done, whatever the answer, 1 a host could not be asked, or whom it refuses or what it has opened is not \
      known.
      """)

  @Option(
    name: [.customShort("i"), .long],
    help: ArgumentHelp(
      "Directory or file of the inventory (default: inventory, where hosts are named).", valueName: "dir"))
  var inventory: String?

  @OptionGroup var targets: TargetOptions
  @OptionGroup var output: OutputOptions

  func answer(_ console: Console) async throws -> Answer {
    if inventory == nil, targets.host == nil, targets.from == nil, !targets.lab {
      return StatusReport(states: [HostAnswer.ofThisMachine()]).answer
    }
    let targets = try TargetFinder(
      options: targets.request, inventory: inventory ?? "inventory", defaultsToThisMachine: true,
      requiresGuards: false
    ).find()
    return StatusReport(states: await HostAnswer.of(targets, watch: WaitingLine(console))).answer
  }
}
