internal import AgentProtocol
internal import ArgumentParser
internal import HostAgent
internal import HostLife
internal import HostState
internal import Machine
internal import Operations
internal import SystemPackage

struct WatchCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "watch",
    abstract: "Say who changes this host's ruleset, and put back what was confirmed.",
    discussion: """
      Listens to what the kernel says of every change of the ruleset, compares Sekisho's table with the confirmed \
      revision as drift does, and says in a line what somebody else has changed. Who it was is a hint: the kernel tells \
      the number of a process and what it calls itself, and it may have ended. Commands of Sekisho are known by the books \
      of the host, and so is a trial. Changes of tables of others are told as well; what is more than 10 lines a minute \
      is counted.

      With --restore the table is made the confirmed revision again whenever somebody else has changed it, in one \
      transaction, and what the kernel has afterwards is compared; its counters begin anew. That is done 3 times within \
      10 minutes at most: then something else wants another ruleset, and the watch only tells until it is started \
      again. Beside a trial, it is done when that is over. What somebody has stopped is not put back.

        sudo sekisho watch                   until it is interrupted
        sudo sekisho watch --restore         as packaging/sekisho-watch.service
        sudo sekisho watch --json            an object a line

      Exit codes: 0 ended by SIGTERM or SIGINT, 1 error (also when nobody reads its output any more).
      """)

  @OptionGroup var output: OutputOptions

  @Flag(help: "Put back what was confirmed when somebody else has changed it.")
  var restore = false

  var answersInLines: Bool { true }

  func answer(_ console: Console) async throws -> Answer {
    // What is opened first would be taken for the output.
    guard FileDescriptor.standardOutput.isOpen else { throw UnwrittenOutput(errno: .badFileDescriptor) }
    let stop = try Signals.gatherEndings()
    var watch = try ThisMachine.here().watch(restores: restore)
    let end = try watch.run(until: stop, output: .standardOutput) { saying in
      let report = WatchReport(saying)
      try console.write(line: output.json ? try JSONOutput.bytes(.lines([report.json])) : report.line)
    }
    if end == .unheard { throw UnwrittenOutput(errno: .brokenPipe) }
    return Answer()
  }
}
