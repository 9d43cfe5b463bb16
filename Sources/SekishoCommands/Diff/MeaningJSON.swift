internal import Addressing
internal import AgentProtocol
internal import ConnectionDiff
internal import Diagnostics
internal import Operations
internal import Policy

extension ChangeMeaning {
  struct JSON: Encodable {
    struct Totals: Encodable {
      let opened: Int
      let closed: Int
      let enforced: Int
      let released: Int
      let openedOutside: Int
      let closedOutside: Int
    }

    struct Mode: Encodable {
      let host: String
      let direction: String
      /// The one from before.
      let old: String
      let mode: String
    }

    struct Readdressing: Encodable {
      let host: String
      let old: [String]
      let new: [String]
    }

    /// What hosts do with what is for containers; a side is left out where that is not judged apart.
    struct ContainersChange: Encodable {
      struct Side: Encodable {
        let egress: String
        let bridges: [String]

        init(_ containers: Containers) {
          egress = containers.judgesEgress ? "enforce" : "leave"
          bridges = containers.bridges
        }
      }

      let host: String
      let old: Side?
      let new: Side?
    }

    struct FlowEnd: Encodable {
      let flow: String
      let old: String?
      let new: String?
    }

    struct ClosingFlow: Encodable {
      let flow: String
      let connections: UInt64
      let known: Int
      let lastUsed: Int?
      /// Since the look by which that had not been.
      let lastUsedAfter: Int?
      /// Sessions that would not be let begin any more, on the host that has most of them.
      let sessions: Int

      init(_ closing: Operations.ClosingFlow) {
        flow = closing.usage.flow
        (connections, known) = (closing.usage.connections, closing.usage.known)
        (lastUsed, lastUsedAfter) = (closing.usage.latest?.last, closing.usage.latest?.lastAfter)
        sessions = closing.sessions?.count ?? 0
      }
    }

    let totals: Totals
    let opened: [LineJSON]
    let closed: [LineJSON]
    let mayOpen: [LineJSON]
    let mayClose: [LineJSON]
    let halfOpened: [LineJSON]
    let halfClosed: [LineJSON]
    let forwardOpened: [LineJSON]
    let forwardClosed: [LineJSON]
    let enforced: [LineJSON.Exact]
    let released: [LineJSON.Exact]
    let stillPassing: [LineJSON]
    let laterOpened: [LineJSON]
    let laterClosed: [LineJSON]
    let forwardingLeftAlone: [String]
    let forwardingFiltered: [String]
    let containers: [ContainersChange]
    let hostsNotAsked: Int
    let addedHosts: [String]
    let removedHosts: [String]
    /// Addresses that hosts have no more, and those that they have instead.
    let readdressed: [Readdressing]
    let modes: [Mode]
    let ends: [FlowEnd]
    let risks: [RiskJSON]
    /// What hosts have counted of flows of which something closes; left out where none is known. Times are seconds before they
    /// were asked.
    let closingFlows: [ClosingFlow]?
    let reach: ReachChange.JSON?
    let findings: [LintReport.Entry]?
  }

  var json: JSON {
    JSON(
      totals: .init(
        opened: diff.totals.opened, closed: diff.totals.closed, enforced: diff.totals.enforced,
        released: diff.totals.released, openedOutside: diff.totals.openedOutside,
        closedOutside: diff.totals.closedOutside),
      opened: diff.opened.map { .init($0, new) }, closed: diff.closed.map { .init($0, old) },
      mayOpen: diff.mayOpen.map { .init($0, new) }, mayClose: diff.mayClose.map { .init($0, old) },
      halfOpened: diff.halfOpened.map { .init($0, new) },
      halfClosed: diff.halfClosed.map { .init($0, old) },
      forwardOpened: diff.forwardOpened.map { .init($0, new) },
      forwardClosed: diff.forwardClosed.map { .init($0, old) },
      enforced: LineJSON.Exact.all(diff.enforced), released: LineJSON.Exact.all(diff.released),
      stillPassing: diff.stillPassing.map { .init($0, old) },
      laterOpened: diff.laterOpened.map { .init($0, new) },
      laterClosed: diff.laterClosed.map { .init($0, old) },
      forwardingLeftAlone: diff.forwarding.filter(\.passesAll).map(\.host),
      forwardingFiltered: diff.forwarding.filter { !$0.passesAll }.map(\.host),
      containers: diff.containers.map {
        .init(
          host: $0.host, old: $0.old.map { .init($0) }, new: $0.new.map { .init($0) })
      },
      hostsNotAsked: takenForGranted, addedHosts: diff.addedHosts,
      removedHosts: diff.removedHosts,
      readdressed: diff.readdressed.map {
        .init(host: $0.host, old: $0.gone.map(\.description), new: $0.come.map(\.description))
      },
      modes: diff.modes.map {
        .init(
          host: $0.host, direction: $0.direction.rawValue, old: $0.old.rawValue, mode: $0.mode.rawValue)
      },
      ends: diff.ends.map {
        .init(flow: $0.flow, old: $0.old.map { "\($0)" }, new: $0.new.map { "\($0)" })
      },
      risks: diff.risks.map { RiskJSON($0, new) },
      closingFlows: closing.isEmpty
        ? nil : closing.sorted { $0.key < $1.key }.map { .init($0.value) },
      reach: reach?.json, findings: findings.map { LintReport(findings: $0, sources: new).entries })
  }
}
