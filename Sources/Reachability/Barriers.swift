/// What stops an intruder.
package enum Barriers: Hashable, Sendable {
  /// Every rule, as if every host enforced: what the policy says.
  case declared
  /// The rules of directions that enforce; one that only observes lets everything pass.
  case enforced
  /// The same without the way out of hosts: who is root on a host takes its ruleset away.
  case enforcedByOthers
}
