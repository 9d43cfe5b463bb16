internal import ArgumentParser
internal import Diagnostics
internal import Fleet
internal import Glibc
internal import Operations

struct InstallCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "install",
    abstract: "Copy this program to hosts that have no package of it.",
    usage: "sekisho install <selector> [<options>]",
    discussion: """
      This program goes to /usr/local/bin of each host and its two units to /usr/local/lib/systemd/system, by the host's \
      transport (ssh, or what the inventory says), and nothing else. Nothing is enforced by it and nothing enabled; a watch \
      that runs is restarted. Each file is written under another name, brought to disk, compared by its digest and renamed; \
      the program has to run there first. A host that has all of it is left alone.

        sekisho install all
        sekisho install "web & !web-1" --yes

      A machine without the host's addresses, with another architecture, with a package of sekisho, or with a sekisho \
      elsewhere is refused, and so is a login that does not become root: `sudo -n sh` is what is started there. A host that fails leaves the others as they are.

      Exit codes: 0 done, 1 a host could not be asked, or was not given it.
      """)

  @Argument(
    help: ArgumentHelp("These hosts, as in \"api & !api-3, worker\".", valueName: "selector"),
    completion: Completions.selector)
  var selector: String

  @OptionGroup var inventory: InventoryOptions

  @Option(
    help: ArgumentHelp(
      "Take from what a compile wrote which hosts there are, instead of the inventory.", valueName: "dir"),
    completion: .directory)
  var from: String?

  @Option(
    help: ArgumentHelp("How long a host may take, as in 90s or 10m (default: 5m).", valueName: "duration"))
  var timeout: TimeLimit?

  @Flag(help: "Do not ask before copying.")
  var yes = false

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if output.json, !yes { throw ValidationError("--json asks nobody; give --yes") }
  }

  func answer(_ console: Console) async throws -> Answer {
    let limit = timeout?.duration ?? .seconds(300)
    let request = TargetRequest(
      isLocal: false, isLab: false, host: selector, from: from, patience: Patience())
    let targets = try TargetFinder(options: request, inventory: inventory.inventory, requiresGuards: false)
      .find()
    if !yes, isatty(STDIN_FILENO) == 0 {
      throw ValidationError("nobody is there to say yes; --yes copies without asking")
    }
    let installation = try Installation()
    let looked = await HostReply.asking(each: targets, watch: WaitingLine(console)) {
      try await installation.lacking($0, within: limit)
    }
    let lacking = Dictionary(
      uniqueKeysWithValues: looked.map { ($0.host, (try? $0.result.get()) ?? []) })
    let waiting = looked.map(\.host).filter { lacking[$0]?.isEmpty == false }
    if !yes, !waiting.isEmpty {
      // Who says yes knows who is left out.
      try AnswerText(console: console).write(InstallReport.failures(looked))
      guard console.confirms("Copy sekisho \(toolVersion) to \(listed(waiting))?") else {
        throw Refusal(.notConfirmed, "nothing was copied")
      }
    }
    let copied = await HostReply.asking(each: targets.only(waiting), watch: WaitingLine(console)) { target in
      let files = lacking[target.name] ?? []
      return InstallReport.Copied(
        files: files, found: try await installation.copy(files, to: target, within: limit))
    }
    return InstallReport(looked: looked, copied: copied, toldFailures: !yes && !waiting.isEmpty).answer
  }
}
