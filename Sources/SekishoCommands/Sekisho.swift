package import ArgumentParser
internal import Diagnostics
internal import Operations

/// The command `sekisho`.
package struct Sekisho: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "sekisho",
    abstract: "Compiles an inventory of servers and flows to default-deny nftables rulesets.",
    discussion: """
      Write which servers there are and which flows they need, and why. Sekisho compiles that to one \
      table per host, shows what a change opens and closes, and applies it atomically.

        sekisho init                       an inventory to begin with
        sekisho check                      is the inventory sound?
        sekisho compile                    write the rulesets of all hosts to build/
        sekisho diff                       what would change on this host?
        sudo sekisho apply --local --host web-1
        sekisho status                     what does this host enforce?
        sekisho explain web-1 db-1 postgres
        sekisho reach web-1                how far does an intruder get?

      Exit codes: 0 done or no difference, 1 error, 2 differences, 3 refused because state has moved, \
      4 a guard or probe failed, 5 rolled back, 6 nobody could log in afterwards, 7 the \
      fallback stands, 64 usage.
      """,
    version: versionText,
    subcommands: [
      InitCommand.self,
      ImportCommand.self,
      CheckCommand.self,
      SchemaCommand.self,
      CompileCommand.self,
      BundleCommand.self,
      SignCommand.self,
      VerifyCommand.self,
      DiffCommand.self,
      ApplyCommand.self,
      PullCommand.self,
      ConfirmCommand.self,
      ExtendCommand.self,
      RollbackCommand.self,
      HistoryCommand.self,
      DriftCommand.self,
      SessionsCommand.self,
      CutCommand.self,
      QuarantineCommand.self,
      ReleaseCommand.self,
      OpenCommand.self,
      CloseCommand.self,
      DeniedCommand.self,
      ObservedCommand.self,
      SuggestCommand.self,
      UsageCommand.self,
      StopCommand.self,
      StartCommand.self,
      BootCommand.self,
      WatchCommand.self,
      StatusCommand.self,
      MetricsCommand.self,
      InstallCommand.self,
      ExplainCommand.self,
      ReachCommand.self,
      GraphCommand.self,
      ListCommand.self,
      ReportCommand.self,
      ReadCommand.self,
      ProbeCommand.self,
      LabCommand.self,
      AgentCommand.self,
    ])

  package init() {}

  /// Reads the command line and does what it says; never returns normally after a failure.
  package static func start() async {
    do {
      try requireVerb(CommandLine.arguments.dropFirst().first)
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch {
      // What the parser refuses is answered to programs as well; a verb has answered for itself.
      let code = exitCode(for: error)
      guard code == .validationFailure, !(error is ExitCode) else { exit(withError: error) }
      if isAskedForJSON {
        let refusal = Refusal(.usage, message(for: error), remedy: "sekisho --help lists what there is")
        try? console.write((try? JSONOutput.bytes(.document(refusal.json))) ?? [])
      }
      // The parser repeats what was typed as it was typed.
      let lines = fullMessage(for: error).split(separator: "\n", omittingEmptySubsequences: false)
      console.raw(lines.map { Console.shown(String($0)) + "\n" }.joined())
      exit(withError: code)
    }
  }

  private static var console: Console { Console(noColour: false, quiet: false, verbose: false) }

  private static var isAskedForJSON: Bool {
    CommandLine.arguments.prefix { $0 != "--" }.contains("--json")
  }

  /// What the parser says of a mistyped verb, "unexpected argument", helps nobody.
  private static func requireVerb(_ word: String?) throws {
    guard let word, !word.hasPrefix("-") else { return }
    let verbs = configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"]
    if verbs.contains(word) { return }
    let meant = Suggestion.nearest(to: word, among: verbs).map { "; is `\($0)` meant?" } ?? ";"
    let refusal = Refusal(
      .usage, "there is no verb `\(SafeText.escaped(word))`\(meant) `sekisho --help` lists all")
    try console.show(refusal, json: isAskedForJSON ? .document : nil)
    throw refusal.exitCode
  }
}
