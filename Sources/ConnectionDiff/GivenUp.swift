internal import Diagnostics

/// Chains that were too intricate to be exact about, such as `ip filter FORWARD`: anything may become of what they are asked
/// about.
package struct GivenUp: Hashable, Sendable, CustomStringConvertible {
  package let chains: [String]

  package var isEmpty: Bool { chains.isEmpty }

  package init(_ chains: [String]) { self.chains = chains }

  package var description: String {
    chains.count == 1
      ? "not proven: chain \(chains[0]) is too intricate to be exact about"
      : "not proven: chains \(listed(chains)) are too intricate to be exact about"
  }
}
