import Glibc
import LabHarness
import Testing

/// What rulesets let through, told by packets in labs, one lab after the other.
@Suite(.serialized, .needsNamespaces) enum KernelProof {}

/// What happens to a host that changes: applies, trials, deaths, sessions. Chains of labs beside each other, so that two cores
/// have work to the end; in each, one lab at a time: on a busy machine packets tell late what they tell.
@Suite(.serialized, .needsNamespaces) enum HostProof {}

/// The ways to hosts, and what happens to many of them.
@Suite(.serialized, .needsNamespaces) enum FleetProof {}

/// With what rights labs are made: the first that this machine grants, or what PROOF_RIGHTS says (`root`,
/// `userNamespace`).
func labRights() throws -> Rights {
  if let wanted = getenv("PROOF_RIGHTS").flatMap({ Rights(rawValue: String(cString: $0)) }) { return wanted }
  return try #require(Rights.available.first)
}
