package import AgentProtocol
package import Policy

/// What a host has said of itself, for figures.
package struct HostFigures: Sendable {
  package let status: HostStatus
  /// `nil`: it could not be told.
  package let usage: UsageList?
  package let records: RecordList?
  /// Objects that differ from what the host should have; `nil`: nothing says what that is.
  package let differing: Int?

  package init(status: HostStatus, usage: UsageList?, records: RecordList?, differing: Int?) {
    self.status = status
    self.usage = usage
    self.records = records
    self.differing = differing
  }
}

/// Figures of hosts as metrics. How many samples there can be is bounded: docs/metrics.md has the table.
package struct HostMetrics: Sendable {
  package private(set) var families: [MetricFamily] = []

  /// The most flows of a host that have samples of their own; the others are one.
  package static let mostFlows = 1000
  /// What that one is called: no flow can be.
  package static let otherFlows = "(other)"

  /// - Parameters:
  ///   - hosts: `nil`: the host could not be asked.
  ///   - policy: whose names labels may have; `nil`: no inventory is at hand.
  ///   - now: when they were asked.
  package init(
    _ hosts: [(name: String, figures: HostFigures?)], policy: Policy?, at now: Timestamp, version: String
  ) {
    var info = MetricFamily("sekisho_build_info", .gauge, "The program that wrote these metrics; always 1.")
    info.add(.number(1), .init("version", version))
    var asked = MetricFamily(
      "sekisho_collected_timestamp_seconds", .gauge, "When hosts were asked for these metrics.")
    asked.add(.number(now.seconds))
    var up = MetricFamily("sekisho_host_up", .gauge, "Whether the host could be asked.")
    for host in hosts { up.add(.flag(host.figures != nil), .init("host", host.name)) }
    families = [info, asked, up]
    let told = hosts.compactMap { host in host.figures.map { (name: host.name, figures: $0) } }
    let names = MetricNames(policy)
    families += Self.state(told) + Self.exceptions(told, names) + Self.packets(told)
    families += Self.records(told, PeerGroups(policy)) + Self.flows(told, names, now)
  }

  typealias Told = [(name: String, figures: HostFigures)]

  /// One family with at most a sample of each host.
  static func each(
    _ hosts: Told, _ name: String, _ help: String, _ kind: MetricFamily.Kind = .gauge,
    _ value: (HostFigures) -> MetricFamily.Value?
  ) -> MetricFamily {
    var family = MetricFamily(name, kind, help)
    for host in hosts { family.add(value(host.figures), .init("host", host.name)) }
    return family
  }

  /// One family with at most a sample of each direction of each host.
  private static func directions(
    _ hosts: Told, _ name: String, _ help: String, _ kind: MetricFamily.Kind = .gauge,
    _ value: (DirectionStatus) -> MetricFamily.Value?
  ) -> MetricFamily {
    var family = MetricFamily(name, kind, help)
    for host in hosts {
      for direction in host.figures.status.table?.directions ?? [] {
        family.add(value(direction), .init("host", host.name), .init("direction", direction.hook.rawValue))
      }
    }
    return family
  }

  // MARK: State

  private static func state(_ hosts: Told) -> [MetricFamily] {
    [
      each(hosts, "sekisho_table_installed", "Whether the kernel has Sekisho's table.") {
        .flag($0.status.table != nil)
      },
      each(hosts, "sekisho_table_dormant", "Whether the table is switched off.") {
        $0.status.table.map { .flag($0.isDormant) }
      },
      each(
        hosts, "sekisho_table_fallback",
        "Whether the fallback of a boot stands instead of what was confirmed."
      ) {
        $0.status.table.map { .flag($0.isFallback ?? false) }
      },
      each(hosts, "sekisho_table_chains", "Chains of the table.") {
        $0.status.table.map { .count($0.chains) }
      },
      each(hosts, "sekisho_table_rules", "Rules of the table.") { $0.status.table.map { .count($0.rules) } },
      each(hosts, "sekisho_table_sets", "Sets and maps of the table.") {
        $0.status.table.map { .count($0.sets) }
      },
      each(hosts, "sekisho_table_elements", "Elements of sets that rules do not fill.") {
        $0.status.table.map { .count($0.elements) }
      },
      directions(
        hosts, "sekisho_direction_enforced",
        "Whether what nothing allows is denied there, rather than only recorded."
      ) { .flag($0.mode == .enforce) },
      each(hosts, "sekisho_confirmed_revision", "The revision that the host boots with.") {
        $0.status.confirmed.map { .number(Int64($0.revision)) }
      },
      each(hosts, "sekisho_confirmed_timestamp_seconds", "When the host was given the confirmed revision.") {
        $0.status.confirmed?.time.map { .number($0) }
      },
      each(hosts, "sekisho_drifted", "Whether the kernel has something else than what was confirmed.") {
        $0.status.confirmed?.isDrifted.map { .flag($0) }
      },
      each(hosts, "sekisho_pending_objects", "Objects of the table that differ from the inventory.") {
        $0.differing.map { .count($0) }
      },
      each(hosts, "sekisho_trial_running", "Whether a change is on trial.") {
        $0.status.table.map { .flag($0.trialLeft != nil) }
      },
      each(hosts, "sekisho_trial_remaining_seconds", "How long the change that is on trial has left.") {
        $0.status.table?.trialLeft.map { .count($0 / 1000) }
      },
      each(hosts, "sekisho_stopped", "Whether somebody has stopped enforcement.") {
        .flag($0.status.stop != nil)
      },
      each(hosts, "sekisho_foreign_chains", "Base chains of tables of others that filter too.") {
        .count($0.status.foreignChains.count)
      },
      each(hosts, "sekisho_flushing_services", "Services that take the table away, as far as unit files say.")
      {
        $0.status.flushing.map { .count($0.count) }
      },
      each(hosts, "sekisho_conntrack_sessions", "Sessions that the kernel tracks.") {
        $0.status.sessions?.count.map { .count($0) }
      },
      each(hosts, "sekisho_conntrack_sessions_limit", "How many sessions the kernel can track.") {
        $0.status.sessions?.limit.map { .count($0) }
      },
    ]
  }

  private static func exceptions(_ hosts: Told, _ names: MetricNames) -> [MetricFamily] {
    var tripped = MetricFamily(
      "sekisho_tripwire_addresses", .gauge, "Addresses that have tripped a tripwire and are not let go.")
    for host in hosts where host.figures.status.trippedUnknown == nil {
      var counts: [String: Int] = [:]
      for one in host.figures.status.tripped ?? [] {
        let told = Set(one.tripwires.map(names.tripwire))
        for name in told.isEmpty ? [MetricNames.unknown] : told { counts[name, default: 0] += 1 }
      }
      for (name, count) in counts.sorted(by: { $0.key < $1.key }) {
        tripped.add(.count(count), .init("host", host.name), .init("tripwire", name))
      }
    }
    return [
      each(hosts, "sekisho_quarantined_addresses", "Addresses that somebody has told the host to refuse.") {
        $0.status.quarantineUnknown == nil ? .count($0.status.quarantine?.count ?? 0) : nil
      },
      each(hosts, "sekisho_quarantined_addresses_missing", "Those of them that the kernel does not refuse.") {
        $0.status.quarantineUnknown == nil
          ? .count(($0.status.quarantine ?? []).count { !$0.isInForce }) : nil
      },
      each(hosts, "sekisho_openings", "What the host has opened for a time.") {
        $0.status.openedUnknown == nil ? .count($0.status.opened?.count ?? 0) : nil
      },
      each(
        hosts, "sekisho_tripped_addresses", "Addresses that the host refuses because they tripped a tripwire."
      ) {
        $0.status.trippedUnknown == nil ? .count(($0.status.tripped ?? []).count { $0.isCut }) : nil
      },
      tripped,
    ]
  }

  // MARK: Packets

  private static func packets(_ hosts: Told) -> [MetricFamily] {
    var unrecorded = MetricFamily(
      "sekisho_unrecorded_packets_total", .counter, "Packets that nothing allowed and no record tells of.")
    for host in hosts {
      for direction in host.figures.status.table?.directions ?? [] {
        guard let counts = direction.unrecorded else { continue }
        for (reason, count) in [
          ("share", counts.overShare), ("pace", counts.overPace), ("full", counts.full),
        ] {
          unrecorded.add(
            .count(count), .init("host", host.name), .init("direction", direction.hook.rawValue),
            .init("reason", reason))
        }
      }
    }
    return [
      directions(
        hosts, "sekisho_denied_packets_total", "Packets that nothing allowed and that were denied.", .counter
      ) {
        $0.mode == .enforce ? .count($0.packets) : nil
      },
      directions(
        hosts, "sekisho_observed_packets_total",
        "Packets that nothing allowed and that passed, because the direction only observes.", .counter
      ) { $0.mode == .observe ? .count($0.packets) : nil },
      directions(
        hosts, "sekisho_invalid_packets_total",
        "Packets that belong to no connection and begin none, and were dropped for that.", .counter
      ) { $0.invalid.map { .count($0) } },
      directions(
        hosts, "sekisho_spoofed_packets_total", "Packets from a source that nobody there can have.", .counter
      ) { $0.spoofed.map { .count($0) } },
      unrecorded,
      directions(hosts, "sekisho_records", "Peers and ports of packets that nothing allowed, as remembered.")
      {
        .count($0.records)
      },
      directions(hosts, "sekisho_records_full", "Whether there is no room for more of them.") {
        $0.areRecordsFull.map { .flag($0) }
      },
    ]
  }

  private static func records(_ hosts: Told, _ groups: PeerGroups) -> [MetricFamily] {
    var denied = MetricFamily(
      "sekisho_recorded_denied_packets", .gauge,
      "Packets of the records there are of what was denied, by whose the other end is.")
    var observed = MetricFamily(
      "sekisho_recorded_observed_packets", .gauge,
      "Packets of the records there are of what was only observed, by whose the other end is.")
    for host in hosts {
      for direction in host.figures.records?.directions ?? [] where direction.mode != .unknown {
        var sums: [String: UInt64] = [:]
        for entry in direction.entries {
          let sum = sums[groups.name(of: entry.record.peer), default: 0].addingReportingOverflow(
            entry.packets)
          sums[groups.name(of: entry.record.peer)] = sum.overflow ? .max : sum.partialValue
        }
        for (peer, sum) in sums.sorted(by: { $0.key < $1.key }) {
          let labels = (
            MetricFamily.Label("host", host.name), MetricFamily.Label("direction", direction.hook.rawValue),
            MetricFamily.Label("peer", peer)
          )
          if direction.mode == .enforce {
            denied.add(.count(sum), labels.0, labels.1, labels.2)
          } else {
            observed.add(.count(sum), labels.0, labels.1, labels.2)
          }
        }
      }
    }
    return [denied, observed]
  }
}

extension MetricFamily.Value {
  static func flag(_ value: Bool) -> Self { .number(value ? 1 : 0) }

  static func count(_ value: Int) -> Self { .number(Int64(value)) }
}
