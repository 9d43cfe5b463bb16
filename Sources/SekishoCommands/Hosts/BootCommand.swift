internal import AgentProtocol
internal import ArgumentParser
internal import HostLife
internal import HostState
internal import Operations

struct BootCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "boot",
    abstract: "Load what was confirmed on this host, as at a boot.",
    discussion: """
      The confirmed revision is loaded and nothing else: a trial of another boot has ended with it, and so has a stop that \
      has a time; a stop for good stays. Where the confirmed revision cannot be read, or the kernel refuses it, a compiled-in \
      fallback stands in its place: it lets in ssh (tcp/22) from everywhere and what no host can live without (loopback, \
      answers, errors, neighbour discovery, DHCP), and lets nothing else in, out or through. Tables of others stay as they \
      are. Where nothing was ever confirmed, nothing is done.

        sudo sekisho boot                    by hand; sekisho-boot.service does it

      Exit codes: 0 what was confirmed stands (or nothing is to stand), 1 error (also where it stands, and it is not known whom the host had in quarantine), 7 the fallback stands.
      """)

  @OptionGroup var output: OutputOptions

  func answer(_ console: Console) async throws -> Answer {
    let booted = try ThisMachine.boot()
    var answer = Answer()
    switch booted {
    case .confirmed(let number, let trouble):
      answer.parts.append(.summary("revision \(number) stands, as it was confirmed"))
      if let trouble {
        answer.parts.append(
          .remark("the books could not be brought up to it; the next command does that: \(trouble)"))
      }
      answer.data = .document(
        File(status: "confirmed", revision: number.rawValue, trouble: trouble.map { FailureJSON($0) }))
    case .unguarded(let number, let reason):
      answer.parts += [
        .summary("revision \(number) stands, as it was confirmed"), .failure("\(reason)"),
      ]
      answer.data = .document(
        File(status: "confirmed", revision: number.rawValue, error: FailureJSON(reason)))
      answer.exitCode = .failed
    case .stopped(let stop):
      answer.parts.append(
        .summary(
          "nothing is enforced: \(stop.by.invokedBy ?? stop.by.user) has stopped it for good (apply begins anew)"
        ))
      answer.data = .document(File(status: "stopped"))
    case .nothing:
      answer.parts.append(.summary("nothing was ever confirmed on this host; nothing was done"))
      answer.data = .document(File(status: "none"))
    case .fallback(let reason):
      answer.parts.append(
        .failure(
          "what was confirmed could not be loaded; the fallback stands, which only ssh passes: \(reason)"))
      answer.data = .document(File(status: "fallback", error: FailureJSON(reason)))
      answer.exitCode = .fallback
    }
    return answer
  }

  private struct File: Encodable {
    /// `confirmed`, `stopped`, `none` (nothing was ever confirmed) or `fallback`.
    let status: String
    var revision: Int?
    /// Why the books are behind what stands.
    var trouble: FailureJSON?
    /// Why the fallback stands, or why it is not known whom the host had in quarantine.
    var error: FailureJSON?
  }
}
