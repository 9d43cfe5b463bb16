internal import Diagnostics
internal import Operations

/// What became of hosts that were to have the program.
struct InstallReport {
  struct Copied: Sendable {
    /// Paths.
    let files: [String]
    /// What is started there by the program's name.
    let found: String?
  }

  let looked: [HostReply<[String]>]
  /// Of those that lacked something.
  let copied: [HostReply<Copied>]
  /// Whether it was told already who could not be asked.
  let toldFailures: Bool

  var answer: Answer {
    var answer = Answer()
    let copied = Dictionary(uniqueKeysWithValues: copied.map { ($0.host, $0.result) })
    var hosts: [Host] = []
    for look in looked {
      switch copied[look.host] ?? look.result.map({ _ in Copied(files: [], found: Installation.program) }) {
      case .failure(let error):
        if copied[look.host] != nil || !toldFailures {
          answer.parts.append(.failure("\(error)", of: look.host))
        }
        answer.exitCode = .failed
        let failure = FailureJSON(error)
        hosts.append(Host(host: look.host, status: failure.code, error: failure))
      case .success(let copied):
        let isSame = copied.files.isEmpty
        answer.parts.append(
          .summary(
            isSame ? "\(look.host): had it already" : "\(look.host): wrote \(listed(copied.files))"))
        if copied.found != Installation.program {
          answer.parts.append(
            .remark(
              "\(look.host): by its name \(copied.found ?? "nothing") is started there; put /usr/local/bin into secure_path "
                + "of sudoers(5), or into the PATH of whatever the transport ends with"))
        }
        hosts.append(
          Host(
            host: look.host, status: isSame ? "unchanged" : "installed", files: copied.files,
            found: copied.found))
      }
    }
    answer.data = .document(File(version: toolVersion, hosts: hosts))
    return answer
  }

  /// Of hosts that could not be asked, or must not be given it.
  static func failures(_ looked: [HostReply<[String]>]) -> [Answer.Part] {
    looked.compactMap { reply in
      if case .failure(let error) = reply.result { .failure("\(error)", of: reply.host) } else { nil }
    }
  }

  private struct File: Encodable {
    let version: String
    let hosts: [Host]
  }

  private struct Host: Encodable {
    let host: String
    let status: String
    var files: [String]?
    var found: String?
    var error: FailureJSON?
  }
}
