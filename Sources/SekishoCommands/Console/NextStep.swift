internal import Addressing
internal import Glibc
internal import Lab
internal import Machine
internal import Operations
internal import Policy

/// What to type next: for whoever sits at a terminal, in a line of standard error. Scripts and pipelines are told nothing.
struct NextStep {
  private let isTold: Bool
  /// What every verb has to be told to read the same inventory.
  private let option: String

  init(_ console: Console, inventory: String) {
    isTold = !console.quiet && isatty(STDERR_FILENO) == 1
    let isPlain = inventory.utf8.allSatisfy {
      (0x61...0x7a).contains($0) || (0x41...0x5a).contains($0) || (0x2d...0x39).contains($0) || $0 == 0x5f
    }
    let word =
      isPlain
      ? inventory
      : "'" + inventory.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
        + "'"
    option = inventory == "inventory" ? "" : " -i \(word)"
  }

  /// Behind an inventory that is sound.
  func behindCheck() -> [Answer.Part] {
    guard isTold else { return [] }
    let lab = (try? RuntimeDirectory()).flatMap { Lab.current(in: $0) }
    return lab?.isUp == true
      ? [.remark("to give it to the hosts of the lab:  sekisho apply --lab\(option)")]
      : [.remark("to try it as namespaces on this machine:  sekisho lab up\(option)")]
  }

  /// Behind a change of hosts of a lab.
  ///
  /// - Parameter policy: whose first flow between hosts is an example.
  func behindLab(_ policy: Policy) -> [Answer.Part] {
    guard isTold else { return [] }
    for flow in policy.flows {
      guard let service = flow.services.first else { continue }
      for part in flow.parts {
        guard let from = policy[part.from].hosts.first,
          let to = policy[part.to].hosts.first(where: {
            $0 != from && policy[$0].canBeAsked(by: policy[from])
          })
        else { continue }
        let words = "\(policy[from].name) \(policy[to].name) \(policy[service].name)"
        return [.remark("to try a connection:  sekisho lab try \(words)\(option)")]
      }
    }
    return [.remark("to try what it allows by real packets:  sekisho probe --lab\(option)")]
  }
}

extension Host {
  fileprivate func canBeAsked(by other: Host) -> Bool {
    !Set(addresses.map(\.family)).isDisjoint(with: other.addresses.map(\.family))
  }
}
