import Glibc
import LabHarness
import Testing

/// Everything that needs a lab with rulesets in it, one lab after the other.
@Suite(.serialized, .needsNamespaces) enum KernelProof {}

/// With what rights labs are made: the first that this machine grants, or what PROOF_RIGHTS says (`root`,
/// `userNamespace`).
func labRights() throws -> Rights {
  if let wanted = getenv("PROOF_RIGHTS").flatMap({ Rights(rawValue: String(cString: $0)) }) { return wanted }
  return try #require(Rights.available.first)
}
