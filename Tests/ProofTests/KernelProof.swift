import LabHarness
import Testing

/// Everything that needs a lab with rulesets in it, one lab after the other.
@Suite(.serialized, .needsNamespaces) enum KernelProof {}
