internal import AgentProtocol
internal import ArgumentParser
internal import Operations

struct PullCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "pull",
    abstract: "Take what a bundle has for this host, on trial.",
    usage: "sekisho pull <url-or-dir> [<options>]",
    discussion: """
      Reads the index of a bundle, its signatures and this host's ruleset, by curl or from a directory, and puts the ruleset \
      on trial. It stays when the bundle can still be reached through a new connection, which the new rules have let begin; \
      else the host goes back, and does not try the same index again unless --again is given. Where the index is the one that \
      was taken last nothing else is read.

        sudo sekisho pull https://bundles.example.org/sekisho
        sudo systemctl enable --now sekisho-pull.timer

      The host believes whom /etc/sekisho/allowed_signers names, and nobody else: not the server, and nobody between. What \
      is not approved by as many, past its last moment, another host's, or not newer than what was confirmed is refused, and \
      the running ruleset stays as it is. Which host this is says --host, the file /etc/sekisho/host, or its addresses. A \
      change after which nobody could log in by the service of management is refused.

      Exit codes: 0 done, or nothing new, 1 error or refused, 3 what is in force is not what was confirmed, 5 rolled back, \
      6 nobody could log in afterwards.
      """)

  @Argument(help: ArgumentHelp("Where a bundle lies.", valueName: "url-or-dir"))
  var source: String

  @Option(help: ArgumentHelp("Which host of the bundle this machine is.", valueName: "name"))
  var host: String?

  @Option(
    help: ArgumentHelp(
      "How long the change is on trial at most, as in 90s (default: 60s).", valueName: "duration"))
  var confirmWithin: TimeLimit?

  @Flag(help: "Go on where this host asks for no signatures.")
  var allowUnsigned = false

  @Flag(help: "Try an index again that was rolled back here.")
  var again = false

  @OptionGroup var lockout: LockoutOptions
  @OptionGroup var output: OutputOptions

  private var seconds: Int { Int(confirmWithin?.duration.components.seconds ?? 60) }

  func validate() throws {
    guard (10...3600).contains(seconds) else {
      throw ValidationError("--confirm-within is 10 s to 1 h: the bundle has to be reached meanwhile")
    }
  }

  func answer(_ console: Console) async throws -> Answer {
    let pull = try Pull(try BundleSource(parsing: source))
    let pulled: Pulled
    switch try await pull.look(as: host, allowsUnsigned: allowUnsigned, triesAgain: again) {
    case .done(let done): pulled = done
    case .found(let found):
      let failures = found.change.failures
      if !failures.isEmpty { throw Refusal(of: failures, "nothing was applied") }
      try lockout.require(found.change)
      pulled = try await pull.apply(
        found, seconds: seconds, meaning: found.change.found.meaning?.summary ?? "")
    }
    return Self.answer(pulled)
  }

  private static func answer(_ pulled: Pulled) -> Answer {
    var answer = Answer()
    switch pulled {
    case .nothingNew(let index):
      answer.parts.append(.summary("nothing new" + (index.map { ": revision \($0)" } ?? "")))
      answer.data = .document(File(status: "nothing-new", index: index))
    case .accepted(let index, let revision):
      answer.parts.append(
        .summary("revision \(index) gives this host what it has (\(revision) of its history)"))
      answer.data = .document(File(status: "accepted", index: index, revision: revision))
    case .confirmed(let index, let armed, let confirmed):
      answer.parts.append(
        .summary(
          (["revision \(index) is confirmed (\(armed.revision) of this host's history)"]
            + CutReport.words(confirmed.cut)).joined(separator: "; ")))
      answer.data = .document(File(status: "confirmed", index: index, revision: armed.revision))
    case .rolledBack(let index, let armed, let error):
      answer.parts.append(
        .failure(
          "revision \(index) was on trial (\(armed.revision) of this host's history) and is rolled back: a new connection to "
            + "the bundle did not come about: \(error)"))
      answer.data = .document(
        File(status: "rolled-back", index: index, revision: armed.revision, error: FailureJSON(error)))
      answer.exitCode = .rolledBack
    case .triedBefore:
      answer.parts.append(
        .failure(
          "what lies there was on trial here before and was not confirmed; publish a newer bundle, or try it again with --again"
        ))
      answer.data = .document(File(status: "tried-before"))
      answer.exitCode = .rolledBack
    }
    return answer
  }

  private struct File: Encodable {
    /// `nothing-new`, `accepted`, `confirmed`, `rolled-back` or `tried-before`.
    let status: String
    /// Of the bundle; `nil`: none was ever confirmed.
    var index: Int64?
    /// Of this host's history.
    var revision: Int?
    var error: FailureJSON?
  }
}
