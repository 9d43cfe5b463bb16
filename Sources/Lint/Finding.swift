package import Diagnostics

/// Something that a policy allows and probably does not mean.
package struct Finding: Hashable, Sendable {
  /// What kind of doubt it is.
  package enum Kind: String, Hashable, Sendable, CaseIterable {
    /// A flow opens nothing that another flow does not open for at least as long.
    case covered
    /// Both ends of a flow are every managed host, or most addresses there are.
    case anyToAny = "any-to-any"
    /// Most addresses there are may use the management service, or every port of a protocol.
    case exposed
    /// A gateway stands beside both ends of a flow, and no route lets the flow pass.
    case noRoute = "no-route"
    /// A group or a zone has hosts that every use of it leaves out.
    case wider
    /// A network holds addresses of managed hosts.
    case managedInNetwork = "managed-in-network"
    /// No flow lets anyone in at a host by the management service.
    case noManagement = "no-management"
    /// Hosts have no rules for what comes to them.
    case leftIngress = "left-ingress"
    /// Hosts have no rules for what they ask for.
    case leftEgress = "left-egress"
    /// No selector names the group.
    case unusedGroup = "unused-group"
    /// No flow and no guard uses the service.
    case unusedService = "unused-service"
    /// No selector names the network, and no exception.
    case unusedNetwork = "unused-network"
    /// No selector names the virtual address.
    case unusedVirtual = "unused-virtual"
    /// No host is in the zone, and no selector names it.
    case unusedZone = "unused-zone"
    /// A tripwire spares others than those who log in to manage its hosts.
    case cutsManagement = "cuts-management"
    /// A flow has ended and is still written down.
    case expired
    /// Hosts lack an address family that a flow opens for others at the same end.
    case families
    /// A flow does not say who answers for it.
    case noOwner = "no-owner"
  }

  /// What makes two findings the same, wherever they are written.
  package struct Identity: Hashable, Sendable {
    package let kind: Kind
    /// `nil` where it is said of the host, by whatever name it was reached.
    package let subject: String?
    /// `nil` where it is said of the subject as a whole.
    package let host: String?
  }

  package let kind: Kind
  /// The name of the flow, group, zone, network, service or host that it is about.
  package let subject: String
  /// The hosts that it speaks of, by name and sorted; empty where it is about the subject as a whole.
  package let hosts: [String]
  /// A warning: the words, the place, and what to do.
  package let diagnostic: Diagnostic

  /// What is wrong, in one line and without a final stop.
  package var message: String { diagnostic.message }

  /// What to do about it.
  package var help: String? { diagnostic.help }

  package var location: SourceLocation { diagnostic.location }

  /// One for each host it speaks of, else one.
  package var identities: [Identity] {
    if hosts.isEmpty { return [Identity(kind: kind, subject: subject, host: nil)] }
    let isOfHosts = [.noManagement, .families, .leftIngress, .leftEgress].contains(kind)
    return hosts.map { Identity(kind: kind, subject: isOfHosts ? nil : subject, host: $0) }
  }
}
