internal import AgentProtocol
internal import Policy

extension HostMetrics {
  static func flows(_ hosts: Told, _ names: MetricNames, _ now: Timestamp) -> [MetricFamily] {
    var connections = MetricFamily(
      "sekisho_flow_connections_total", .counter, "Connections that rules of the flow have let begin.")
    var last = MetricFamily(
      "sekisho_flow_last_used_timestamp_seconds", .gauge, "When somebody found the flow used last.")
    var sessions = MetricFamily(
      "sekisho_flow_sessions", .gauge, "Sessions that the flow has let begin and that go on.")
    for host in hosts {
      guard let usage = host.figures.usage else { continue }
      let standing = usage.uses.filter { $0.gone == nil }
      let shown = Set(Set(standing.map { names.flow($0.flow) }).sorted().prefix(mostFlows))
      func name(_ flow: String) -> String {
        let name = names.flow(flow)
        return shown.contains(name) ? name : otherFlows
      }
      var counts: [Way: (packets: UInt64, last: Int?)] = [:]
      for use in standing {
        let way = Way(flow: name(use.flow), hook: use.hook)
        let known = counts[way] ?? (0, nil)
        let sum = known.packets.addingReportingOverflow(use.packets)
        counts[way] = (
          sum.overflow ? .max : sum.partialValue, [known.last, use.last].compactMap { $0 }.min()
        )
      }
      var live: [Way: Int] = [:]
      for one in usage.live ?? [] {
        live[Way(flow: name(one.flow), hook: one.hook), default: 0] += one.sessions
      }
      func labels(_ way: Way) -> (MetricFamily.Label, MetricFamily.Label, MetricFamily.Label) {
        (.init("host", host.name), .init("flow", way.flow), .init("direction", way.hook.rawValue))
      }
      for (way, count) in counts.sorted(by: { $0.key < $1.key }) {
        let labels = labels(way)
        connections.add(.count(count.packets), labels.0, labels.1, labels.2)
        last.add(count.last.map { .number(now.seconds - Int64($0)) }, labels.0, labels.1, labels.2)
      }
      for (way, count) in live.sorted(by: { $0.key < $1.key }) {
        let labels = labels(way)
        sessions.add(.count(count), labels.0, labels.1, labels.2)
      }
    }
    return [
      connections, last, sessions,
      each(hosts, "sekisho_usage_known", "Whether the host told what its flows are used for.") {
        .flag($0.usage != nil)
      },
      each(hosts, "sekisho_records_known", "Whether the host told its records.") { .flag($0.records != nil) },
    ]
  }

  private struct Way: Hashable, Comparable {
    let flow: String
    let hook: DirectionStatus.Direction

    static func < (a: Self, b: Self) -> Bool { (a.flow, a.hook.rawValue) < (b.flow, b.hook.rawValue) }
  }
}
