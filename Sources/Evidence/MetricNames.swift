package import Policy

/// Which names that hosts tell may be values of labels: a host that lies must neither forge a label nor make more of them.
package struct MetricNames: Sendable {
  /// `nil`: no inventory is at hand, and this machine tells its own.
  private let known: (flows: Set<String>, tripwires: Set<String>)?

  /// What all other names are called: none of an inventory can be.
  package static let unknown = "(unknown)"

  /// - Parameter policy: `nil`: every name is taken as it is told.
  package init(_ policy: Policy?) {
    known = policy.map { (Set($0.flows.map(\.name)), Set($0.tripwires.map(\.name))) }
  }

  func flow(_ told: String) -> String { Self.name(told, known?.flows) }

  func tripwire(_ told: String) -> String { Self.name(told, known?.tripwires) }

  private static func name(_ told: String, _ known: Set<String>?) -> String {
    known?.contains(told) ?? true ? told : unknown
  }
}
