internal import ConnectionDiff
internal import Diagnostics
internal import Policy

extension MeaningReport {
  struct JSON: Encodable {
    struct Totals: Encodable {
      let opened: Int
      let closed: Int
      let opened_outside: Int
      let closed_outside: Int
    }

    struct Mode: Encodable {
      let host: String
      let direction: String
      let mode: String
    }

    struct FlowEnd: Encodable {
      let flow: String
      let old: String?
      let new: String?
    }

    struct Risk: Encodable {
      let kind: String
      let message: String
      let flow: String?
      let place: String?
    }

    let totals: Totals
    let opened: [LineJSON]
    let closed: [LineJSON]
    let may_open: [LineJSON]
    let may_close: [LineJSON]
    let half_opened: [LineJSON]
    let half_closed: [LineJSON]
    let forward_opened: [LineJSON]
    let forward_closed: [LineJSON]
    let later_opened: [LineJSON]
    let later_closed: [LineJSON]
    let forwarding_left_alone: [String]
    let forwarding_filtered: [String]
    let hosts_not_asked: Int
    let added_hosts: [String]
    let removed_hosts: [String]
    let modes: [Mode]
    let ends: [FlowEnd]
    let risks: [Risk]
    let reach: ReachChange.JSON?
    let findings: [LintReport.Entry]?
  }

  var json: JSON {
    JSON(
      totals: .init(
        opened: diff.totals.opened, closed: diff.totals.closed, opened_outside: diff.totals.openedOutside,
        closed_outside: diff.totals.closedOutside),
      opened: diff.opened.map { .init($0, new) }, closed: diff.closed.map { .init($0, old) },
      may_open: diff.mayOpen.map { .init($0, new) }, may_close: diff.mayClose.map { .init($0, old) },
      half_opened: diff.halfOpened.map { .init($0, new) },
      half_closed: diff.halfClosed.map { .init($0, old) },
      forward_opened: diff.forwardOpened.map { .init($0, new) },
      forward_closed: diff.forwardClosed.map { .init($0, old) },
      later_opened: diff.laterOpened.map { .init($0, new) },
      later_closed: diff.laterClosed.map { .init($0, old) },
      forwarding_left_alone: diff.forwarding.filter(\.isLeftAlone).map(\.host),
      forwarding_filtered: diff.forwarding.filter { !$0.isLeftAlone }.map(\.host),
      hosts_not_asked: takenForGranted, added_hosts: diff.addedHosts,
      removed_hosts: diff.removedHosts,
      modes: diff.modes.map {
        .init(host: $0.host, direction: $0.direction.rawValue, mode: $0.mode.rawValue)
      },
      ends: diff.ends.map {
        .init(flow: $0.flow, old: $0.old.map { "\($0)" }, new: $0.new.map { "\($0)" })
      },
      risks: diff.risks.map { risk in
        .init(
          kind: risk.kind.rawValue, message: risk.message, flow: risk.flow,
          place: risk.location.map { "\(new.shownPath($0.file)):\($0.line):\($0.column)" })
      }, reach: reach?.json, findings: findings?.entries)
  }
}
