internal import Policy

extension InventoryChapters {
  /// - Parameter asked: what beside the inventory was not asked for, in sentences.
  package func notCovered(_ asked: [(what: String, why: String)]) -> ReportChapter {
    var rows = asked.map { ReportTable.Row([$0.what, $0.why]) }
    func hosts(_ what: String, _ why: String, _ isMeant: (Host) -> Bool) {
      let found = policy.hosts.indices.map { HostID($0) }.filter { isMeant(policy[$0]) }
      if found.isEmpty { return }
      rows.append(
        .init([what, "\(names.name(found)) (\(Self.counted(found.count, "host"))): \(why)"], .notice))
    }
    for mode in Mode.allCases where mode != .enforce {
      for direction in [Direction.ingress, .egress] {
        hosts(
          "hosts in mode \(mode.rawValue), \(direction.rawValue)",
          "what no flow allows passes there all the same"
        ) {
          $0.modes[direction] == mode
        }
      }
    }
    hosts("forwarding that is left alone", "what passes through these hosts is not filtered by Sekisho") {
      $0.forwarding == .leave
    }
    hosts(
      "containers",
      "what is published is judged as the host's; what containers do among each other and outwards passes"
    ) {
      $0.forwarding.containers != nil
    }
    rows.append(
      .init([
        "hosts that are not in the inventory",
        "nothing is known of them; they are part of networks, and what goes on there is not followed",
      ]))
    rows.append(
      .init([
        "what is open on every host",
        "loopback, neighbour discovery, errors of ICMP about allowed connections, and others: the security page lists them in the order of rules",
      ]))
    rows.append(
      .init([
        "tables of others in the kernel",
        "a host's own other rules may drop or translate what is allowed here; status of the host tells them",
      ]))
    rows.append(
      .init([
        "what is inside of an allowed connection",
        "Sekisho judges addresses, protocols and ports, not what is said over them",
      ]))
    return ReportChapter(
      "not-covered", "What this does not cover",
      lead: ["What is named here is in no other chapter, or not in full."],
      tables: [ReportTable("Not covered", ["what", "why, and where"], rows)])
  }
}
