package import AgentProtocol
internal import RulesetDiff

/// What differs on one host.
package struct HostDifference {
  /// What a comparison came to.
  package enum Outcome {
    case compared(TableComparison)
    /// The new source has no such host.
    case removed
    case failed(any Error)
  }

  package let host: String
  package let outcome: Outcome

  package var isFailure: Bool { error != nil }

  /// Why it could not be compared.
  package var error: (any Error)? { if case .failed(let error) = outcome { error } else { nil } }

  /// Whether the host has no table of ours yet.
  package var isNew: Bool {
    if case .compared(let comparison) = outcome { !comparison.isInstalled } else { false }
  }

  package var isSame: Bool {
    if case .compared(let comparison) = outcome { comparison.change.isEmpty } else { false }
  }
}
