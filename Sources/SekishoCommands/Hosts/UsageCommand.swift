internal import AgentProtocol
internal import ArgumentParser
internal import Operations

struct UsageCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "usage",
    abstract: "Say which flows are used, how much, and when last.",
    usage: "sekisho usage [<options>]",
    discussion: """
      The rules of a flow count the connections that it lets begin; what is established passes ahead of them. \
      UDP is established by an answer: of what nobody answers, such as syslog, traps or flow exports, each datagram counts as a connection. A host keeps the \
      sums and when each was found used, over applies, boots and rules that are made anew: at every apply that takes rules \
      away, and every minute where `sekisho watch` runs. Without a watch a use is known to lie between two looks, and what came between the last of them \
      and a boot is not known at all; --unused tells for how long that was.

        sudo sekisho usage                   this machine
        sekisho usage --host all             over ssh
        sekisho usage --host db --by host    each host for itself, by service
        sekisho usage --host all --unused 30d

      A connection is counted at both ends and at gateways between; of a flow it is told once, as many as the way counted \
      that counted most. --unused lists flows without a connection in that time, and of the others which of their services \
      were not asked for, which hosts did not ask and which were not asked. Of services with several ports it names those at which \
      no session was seen: a watch looks every minute, or as often as takes a hundredth of its time, at those that the kernel \
      tracks (up to 250000), and each question is such a look. What was tracked for less, or refused, may have been \
      missed. Which addresses of a network have asked, nothing counts. \
      What `sekisho probe` lets begin counts like any other: behind a probe of all that flows allow, nothing is unused.

      Exit codes: 0 done, whatever there is, 1 a host could not be asked.
      """)

  @OptionGroup var hosts: TrialHosts

  @Option(help: ArgumentHelp("Gather by flow or by host.", valueName: "word"))
  var by: Grouping = .flow

  @Option(
    help: ArgumentHelp("What was not used in this time, as in 30d or 12h.", valueName: "duration"))
  var unused: TimeLimit?

  @OptionGroup var output: OutputOptions

  enum Grouping: String, ExpressibleByArgument, CaseIterable, Sendable { case flow, host }

  func validate() throws {
    if unused != nil, by == .host {
      throw ValidationError("--unused is about flows: --by host does not go with it")
    }
  }

  func answer(_ console: Console) async throws -> Answer {
    let request = ListUsage(countsSessions: unused == nil)
    let replies = try await hosts.ask(request, console)
    let seconds = unused.map { Int($0.duration.components.seconds) }
    return UsageReport(replies: replies, by: by, unusedIn: seconds).answer
  }
}
