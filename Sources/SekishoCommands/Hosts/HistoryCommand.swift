internal import AgentProtocol
internal import ArgumentParser
internal import Operations
internal import Policy

struct HistoryCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "history",
    abstract: "List what a host was given, by whom and why.",
    usage: "sekisho history [--verify] [<options>]",
    discussion: """
      The revisions that the host keeps, the newest first; the confirmed one is what it boots with. Where the fallback was \
      put in its place, it is said why. Behind them stand those whom somebody has cut off or let go (quarantine), and what \
      somebody has opened or closed for a time (open). What happened is \
      also in a log of which each line holds the digest of the line before: --verify says whether it still holds \
      together.

        sudo sekisho history                 this machine
        sekisho history --host db --verify   over ssh

      Exit codes: 0 done, 1 error, 4 the log does not hold together (--verify), or something is damaged.
      """)

  @OptionGroup var hosts: TrialHosts
  @OptionGroup var output: OutputOptions

  @Flag(help: "Check the chain of digests, and show the last one.")
  var verify = false

  func answer(_ console: Console) async throws -> Answer {
    let replies = try await hosts.ask(History(verifying: verify), console)
    var answer = Answer()
    for reply in replies {
      switch reply.result {
      case .failure(let error):
        answer.parts.append(.failure("\(error)", of: reply.host))
        answer.exitCode = .failed
      case .success(let books):
        answer.parts += parts(reply.host, books)
        if !books.damage.isEmpty || verify && !books.chainFaults.isEmpty {
          answer.exitCode = answer.exitCode ?? .broken
        }
      }
    }
    answer.data = .document(File(hosts: replies.map { File.Host($0) }))
    return answer
  }

  private func parts(_ host: String, _ books: Books) -> [Answer.Part] {
    var entries = books.revisions.reversed().map { entry -> Entry in
      let state: Words =
        if let trial = books.trial, trial.revision == entry.number {
          trial.left == 0
            ? "\("being made the confirmed one", .changes)"
            : "\("on trial for \((trial.left + 999) / 1000) s more", .changes)"
        } else if entry.number == books.confirmed {
          "\("confirmed", .opens)\(entry.way)"
        } else if entry.confirmedAt != nil {
          "confirmed once\(entry.way)"
        } else {
          "never confirmed"
        }
      let time = entry.time.map { "\(Timestamp(seconds: $0))" } ?? "unreadable"
      let approvers = entry.approvedBy.map { ", approved by \($0.joined(separator: ", "))" } ?? ""
      let below: [String] = [
        entry.meaning.flatMap { $0.isEmpty ? nil : $0 }, entry.why.map { "why: \($0)" },
        entry.index.map { "index: \($0)\(approvers)" },
        entry.digest.map { "digest: \($0)" },
      ].compactMap { $0 }
      return Entry(
        nil, "\("\(entry.number)", .strong)  \(time)  \(entry.by ?? "")  \(state)",
        below: below.map { Entry(nil, Words($0)) })
    }
    if books.revisions.isEmpty { entries.append("nothing was applied yet") }
    if let fallback = books.fallback {
      let reason = fallback.detail.map { ": \($0)" } ?? ""
      entries.insert(
        Entry(.risk, Words("\(Timestamp(seconds: fallback.time))  the fallback was put in force\(reason)")),
        at: 0)
    }
    let last = books.index.map { ", index \($0) confirmed last" } ?? ""
    let title: Words = "\(host, .strong): \(counted(books.revisions.count, "revision"))\(last)"
    var parts: [Answer.Part] = [.chapter(Chapter(.facts, title, entries))]
    let exceptions = books.exceptions.reversed().map { event in
      let detail = event.detail.map { ": \($0)" } ?? ""
      let end = event.until.map { " until \(Timestamp(seconds: $0))" } ?? ""
      return Entry(
        nil, Words("\(Timestamp(seconds: event.time))  \(event.by)  \(event.event)\(detail)\(end)"),
        below: event.why.map { [Entry(nil, Words("why: \($0)"))] } ?? [])
    }
    if !exceptions.isEmpty {
      parts.append(
        .chapter(Chapter(.facts, "\(host, .strong): \(counted(exceptions.count, "exception"))", exceptions)))
    }
    parts += books.damage.map { .failure("\($0)", of: host) }
    if verify {
      parts += books.chainFaults.map { .failure("audit.jsonl: \($0)", of: host) }
      if books.chainFaults.isEmpty {
        parts.append(.summary("\(host): the log holds together; its last digest is \(books.chainTip)"))
      }
    }
    return parts
  }

  private struct File: Encodable {
    struct Host: Encodable {
      let host: String
      var books: Books?
      var error: FailureJSON?

      init(_ reply: HostReply<Books>) {
        host = reply.host
        switch reply.result {
        case .success(let value): books = value
        case .failure(let failure): error = FailureJSON(failure)
        }
      }
    }
    let hosts: [Host]
  }
}

extension Books {
  /// Whom somebody has cut off or let go, and what somebody has opened or closed, outside all revisions.
  fileprivate var exceptions: [Event] {
    events.filter { ["quarantined", "released", "opened", "closed"].contains($0.event) }
  }

  /// That the fallback was put in force, where the log has nothing else behind it that was, or that was taken away.
  fileprivate var fallback: Event? {
    let others = ["booted", "confirmed", "restored", "resumed", "stopped"]
    return events.last { $0.event == "fallback" || others.contains($0.event) }.flatMap {
      $0.event == "fallback" ? $0 : nil
    }
  }
}

extension Books.Entry {
  /// By what it was confirmed, as it follows "confirmed".
  fileprivate var way: String {
    switch confirmedBy {
    case "token": " by its token"
    case "hand": " by hand"
    case "untried": " without a trial"
    case "recovery": ", as was found after a death"
    default: ""
    }
  }
}
