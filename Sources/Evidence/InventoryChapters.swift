internal import Addressing
package import Policy
internal import Reachability

/// What an inventory alone says, as chapters of a report.
package struct InventoryChapters {
  let policy: Policy
  let now: Timestamp
  let names: PeerNames
  let list: AllowedList
  let graph: ReachGraph
  private let verdicts: [GuardVerdict]
  /// Crown jewels, those of a zone together.
  let crowns: [(name: String, hosts: [HostID])]

  /// Connections that an intruder is followed over, where a figure needs a bound.
  package static let hops = 3

  /// - Parameters:
  ///   - now: flows that have ended then allow nothing.
  ///   - verdicts: of all guards of the policy.
  package init(_ policy: Policy, at now: Timestamp, _ verdicts: [GuardVerdict]) throws(TooManyLines) {
    self.policy = policy
    self.now = now
    self.verdicts = verdicts
    names = PeerNames(policy)
    list = try AllowedList(policy, at: now)
    let jewels = policy.hosts.indices.map { HostID($0) }.filter(policy.isCrown)
    let byZone = Dictionary(grouping: jewels) { policy[$0].zone ?? policy[$0].name }
    crowns = byZone.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    graph = ReachGraph(policy, at: now, marking: crowns.map(\.hosts))
  }

  /// Figures of the policy as a whole.
  package var summary: ReportChapter {
    let every = graph.everyReach(hops: Self.hops)
    let endangering = every.endangering.last ?? 0
    let broken = verdicts.count { !$0.holds }
    let unenforced = list.unenforced.count
    return ReportChapter(
      "summary", "In short",
      lead: [
        "Everything that no flow allows is denied, on each host that enforces, in both directions.",
        verdicts.isEmpty
          ? "No guard says what must hold of the policy as a whole."
          : broken == 0
            ? "All \(Self.counted(verdicts.count, "guard")) hold."
            : "\(broken) of \(Self.counted(verdicts.count, "guard")) \(broken == 1 ? "does" : "do") not hold.",
      ],
      tables: [
        ReportTable(
          "Figures", ["what", "how many"],
          [
            .init(["managed hosts", "\(policy.hosts.count)"]),
            .init(
              ["of which deny nothing in some direction", "\(unenforced)"], unenforced > 0 ? .notice : nil),
            .init(["roles: hosts that the policy treats alike", "\(graph.rolesOfHosts.count)"]),
            .init(["zones", "\(policy.zones.count)"]),
            .init(["named networks outside", "\(policy.networks.count)"]),
            .init(["flows", "\(policy.flows.count)"]),
            .init(["of which have ended", "\(list.ended.count)"], list.ended.isEmpty ? nil : .notice),
            .init(["of which have no owner", "\(policy.flows.count { $0.owner == nil })"]),
            .init(["guards", "\(verdicts.count)"]),
            .init(["of which do not hold", "\(broken)"], broken > 0 ? .bad : nil),
            .init(["crown jewels", "\(crowns.reduce(0) { $0 + $1.hosts.count })"]),
            .init(["hosts from which an intruder gets to one in \(Self.hops) connections", "\(endangering)"]),
            .init([
              "hosts that somebody outside gets to in \(Self.hops)", "\(every.outside.reached.last ?? 0)",
            ]),
            .init([
              "crown jewels that somebody outside gets to in \(Self.hops)",
              "\(every.outside.crowns.last ?? 0)",
            ]),
          ])
      ])
  }

  package func picture(_ picture: ReportPicture) -> ReportChapter {
    ReportChapter(
      ReportChapter.pictureID, "The policy as a picture",
      lead: [
        picture.isByZone
          ? "A box is a zone: there are too many roles to draw. An arrow is flows between hosts of two zones."
          : "A box is hosts with the same role within their zone. An arrow is flows.",
        "With its script running, a click on a box (or Enter) shows how far an intruder on one of its hosts gets; the chapter on reach tells it by role.",
      ])
  }

  /// - Parameter uses: by flow; `nil`: no host was asked.
  package func flows(_ uses: [String: FlowUse]?) -> ReportChapter {
    var lead = [
      "Each line is what one flow allows by one service: each of these may ask each of those. Nothing else passes where hosts enforce."
    ]
    if !list.unenforced.isEmpty {
      lead.append(
        "Hosts that deny nothing in some direction, because they only observe it or leave it alone, so that more passes there: \(unenforced)."
      )
    }
    if !list.ended.isEmpty {
      lead.append("Ended, and so without effect: \(list.ended.joined(separator: ", ")).")
    }
    if !list.together.isEmpty {
      lead.append(
        "Networks have addresses of hosts, so that these flows allow together what no line says: "
          + list.together.map { $0.map { policy[$0].name }.joined(separator: " with ") }.joined(
            separator: ", ") + ".")
    }
    if uses != nil {
      lead.append(
        "When a flow was used last, and how many sessions go on, is of the whole flow, over all its services, as hosts that were asked tell."
      )
    }
    return ReportChapter(
      "flows", "Allowed connections", lead: lead,
      tables: [
        ReportTable(
          "Flows",
          ["flow", "from", "to", "service", "why", "owner", "ticket", "until"]
            + (uses == nil ? [] : ["last used", "sessions"]),
          list.lines.map { line in
            var cells = [
              line.flow, Self.end(line.from), Self.end(line.to), "\(line.service) (\(line.ports))", line.why,
              line.owner ?? "", line.ticket ?? "", line.until?.description ?? "",
            ]
            if let uses {
              let use = uses[line.flow]
              cells += [use?.last ?? "not told", use?.sessions ?? "not told"]
            }
            return .init(cells)
          })
      ])
  }

  /// Names of hosts that by the inventory deny nothing in some direction; empty: none.
  package var unenforced: String { names.name(list.unenforced) }

  /// What some hosts are called together; names that no host has are left out.
  package func called(_ hosts: Set<String>) -> String {
    names.name(policy.hosts.indices.filter { hosts.contains(policy.hosts[$0].name) }.map { HostID($0) })
  }

  package func matrix(_ enforcement: Enforcement) -> ReportChapter {
    var cells: [ZonePair: Set<ServiceID>] = [:]
    for flow in policy.flows where !flow.hasEnded(now) {
      for part in flow.parts {
        for from in zones(part.from) {
          for to in zones(part.to) {
            cells[ZonePair(from: from, to: to), default: []].formUnion(flow.services)
          }
        }
      }
    }
    let present = policy.zones.map(\.name) + [Self.noZone, Self.outside]
    let used = Set(cells.keys.flatMap { [$0.from, $0.to] })
    let shown = present.filter { name in used.contains(name) || policy.zones.contains { $0.name == name } }
    return ReportChapter(
      "zones", "Between zones",
      lead: [
        "From the zone at the left to the zone above: the services of flows between any of their hosts. Empty: no flow allows anything, and nothing passes but what somebody has opened for a time.",
        enforcement.sentence,
      ],
      tables: [
        ReportTable(
          "Services from zone to zone", ["from"] + shown,
          shown.map { from in
            .init(
              [from]
                + shown.map { to in
                  let services = (cells[ZonePair(from: from, to: to)] ?? []).sorted().map { policy[$0].name }
                  let rest = services.count - 6
                  return services.prefix(6).joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
                })
          })
      ])
  }

  private struct ZonePair: Hashable {
    let from: String
    let to: String
  }

  private static let noZone = "(no zone)"
  private static let outside = "(outside)"

  private func zones(_ id: PeersID) -> Set<String> {
    let peers = policy[id]
    var zones = Set((peers.hosts + policy.carriers(of: peers)).map { policy[$0].zone ?? Self.noZone })
    if !peers.networks.isEmpty { zones.insert(Self.outside) }
    return zones
  }

  package var guards: ReportChapter {
    ReportChapter(
      "guards", "Guards: what must hold",
      lead: [
        "Each is judged on every connection that the policy lets pass, as links between the \(graph.rolesOfHosts.count) roles that it treats alike: none is sampled or left out. A host that only observes a direction, or leaves it alone, stops nobody there. What does not hold keeps rulesets from being compiled and applied."
      ],
      tables: [
        ReportTable(
          "Guards",
          ["guard", "what it says", "why", "holds", "shown by", "what mends it", "place"],
          verdicts.map { verdict in
            .init(
              [
                verdict.name, verdict.says, verdict.why ?? "", verdict.holds ? "yes" : "no",
                [verdict.broken, verdict.shown].compactMap { $0 }.joined(separator: ": "),
                verdict.remedy ?? "",
                verdict.place,
              ], verdict.holds ? .good : .bad)
          })
      ])
  }

  // MARK: Words

  static func end(_ end: AllowedEnd) -> String {
    end.hosts > 1 ? "\(end.name) (\(end.hosts))" : end.name
  }

  static func counted(_ count: Int, _ one: String) -> String {
    "\(count) \(one)\(count == 1 ? "" : "s")"
  }
}
