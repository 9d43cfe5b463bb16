package import Nftables
package import Policy

/// What one host says of a connection.
package struct Hop: Sendable {
  package let host: HostID
  package let direction: Direction
  package let isAllowed: Bool
  /// The flow whose rule allows it; `nil` when it is denied, or open on every host.
  package let flow: FlowID?
  /// The rule that decides, and where it stands: of what is denied for a reason of its own, the rule that knows the
  /// reason. `nil` when the end of a chain decides.
  package let rule: Rule?
  package let place: Evaluation.Place?
  /// In observe mode what is denied is recorded and passes; a direction that is left alone has no rules that could.
  package let mode: Mode

  /// Whether the packets pass, whatever flows say.
  package var passes: Bool { isAllowed || mode != .enforce }
}

/// What every managed host on a connection's way says of it.
package struct PathExplanation: Sendable {
  /// From the source, if it is managed and not the destination as well; of a virtual address at each host that may carry it,
  /// in order of name.
  package let departures: [Hop]
  /// At each gateway with a route between the ends, in order of name. A connection passes one of them: they are
  /// alternatives, not a chain.
  package let gateways: [Hop]
  /// To the destination, in the same way.
  package let arrivals: [Hop]
  /// Whether both ends are the same host, whose loopback is open.
  package let isLoopback: Bool
  /// At gateways that stand beside both ends and have no route between them: what becomes of the connection if it
  /// passes there all the same. No part of the verdict.
  package var beside: [Hop] = []

  /// What stays on one machine.
  package static let loopback = Self(departures: [], gateways: [], arrivals: [], isLoopback: true)

  /// From the source to the destination.
  package var hops: [Hop] { departures + gateways + arrivals }

  /// Whether a hop is at one of several hosts: gateways by any of which the connection may go, or those that may carry an
  /// address.
  package func isOneOfSeveral(_ hop: Hop) -> Bool {
    switch hop.direction {
    case .forward: gateways.count > 1
    case .egress: departures.count > 1
    case .ingress: arrivals.count > 1
    }
  }

  /// Whether neither end nor anything between them is managed: then Sekisho has no say.
  package var isUnmanaged: Bool { !isLoopback && hops.isEmpty }

  /// Whether both ends allow it, whichever host carries a virtual address, and a gateway where there are any, whatever the
  /// modes are.
  package var isAllowed: Bool { isLoopback || holds(\.isAllowed) }

  /// Whether the packets pass, whatever is only observed.
  package var passes: Bool { isLoopback || holds(\.passes) }

  private func holds(_ verdict: (Hop) -> Bool) -> Bool {
    !isUnmanaged && departures.allSatisfy(verdict) && arrivals.allSatisfy(verdict)
      && (gateways.isEmpty || gateways.contains(where: verdict))
  }
}
