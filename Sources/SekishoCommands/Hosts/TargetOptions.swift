internal import ArgumentParser
internal import Fleet
internal import Operations

/// Which hosts a command works on, and how it reaches them.
struct TargetOptions: ParsableArguments {
  @Flag(help: "This machine, which is the host that --host names.")
  var local = false

  @Flag(help: "The hosts of the lab.")
  var lab = false

  @Option(
    help: ArgumentHelp(
      "These hosts, as in \"api & !api-3, worker\"; by ssh, or their transport, unless --local or --lab.",
      valueName: "selector"),
    completion: Completions.selector)
  var host: String?

  @Option(
    help: ArgumentHelp(
      "Take what a compile wrote to a directory instead of the inventory.", valueName: "dir"),
    completion: .directory)
  var from: String?

  @Option(
    help: ArgumentHelp(
      "How long a host may take for an answer, as in 90s or 2m (default: 30s).", valueName: "duration"))
  var timeout: TimeLimit?

  var request: TargetRequest {
    var patience = Patience()
    if let timeout { patience.answer = timeout.duration }
    return TargetRequest(isLocal: local, isLab: lab, host: host, from: from, patience: patience)
  }

  func validate() throws {
    if local, lab { throw ValidationError("--local and --lab exclude each other") }
    if local, host == nil { throw ValidationError("--local needs --host NAME: which host is this machine?") }
  }
}
