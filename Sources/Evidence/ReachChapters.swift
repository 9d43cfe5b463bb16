internal import Policy
internal import Reachability

/// Who gets to what, as chapters of a report.
extension InventoryChapters {
  /// Roles that are told; the others reach less.
  private static let mostRoles = 100

  package var jewels: ReportChapter {
    let tables = crowns.map { crown -> ReportTable in
      let approach = graph.approach(to: graph.area(of: crown.hosts))
      var rows = approach.origins.enumerated().flatMap { hop, origins in
        origins.map { origin in
          ReportTable.Row([
            "\(hop + 1)", Self.end(AllowedEnd(name: names.name(origin.hosts), hosts: origin.hosts.count)),
            way(origin.path),
          ])
        }
      }
      var seen: Set<String> = []
      for path in approach.outside {
        guard let first = path.first, seen.insert(text(first.from)).inserted else { continue }
        rows.append(.init(["\(path.count)", "\(text(first.from)) (outside)", way(path)], .notice))
      }
      rows.sort { Int($0.cells[0]) ?? 0 < Int($1.cells[0]) ?? 0 }
      return ReportTable(
        "Who gets to \(crown.name) (\(Self.counted(crown.hosts.count, "host"))), however far",
        ["hops", "from", "a shortest way"], rows)
    }
    return ReportChapter(
      "crown-jewels", "Crown jewels",
      lead: [
        crowns.isEmpty
          ? "No zone and no host is marked as a crown jewel (`crown: true`)."
          : "An intruder opens the connections that flows let a host open, goes on from where he arrives, and so on. What goes on in networks is not known, so that no way leads through one."
      ], tables: tables)
  }

  package var reach: ReportChapter {
    let every = graph.everyReach(hops: Self.hops)
    let roles = every.roles.sorted {
      ($1.reached[Self.hops - 1], $0.hosts[0]) < ($0.reached[Self.hops - 1], $1.hosts[0])
    }
    var lead = [
      "How many other hosts an intruder on one host of a role gets to with at most 1, 2 and \(Self.hops) connections."
    ]
    if roles.count > Self.mostRoles {
      lead.append("\(roles.count - Self.mostRoles) roles that reach less are left out.")
    }
    return ReportChapter(
      "reach", "Reach of an intruder", lead: lead,
      tables: [
        ReportTable(
          "Reach by role", ["role", "hosts"] + (1...Self.hops).map { "in \($0)" } + ["nearest crown jewel"],
          roles.prefix(Self.mostRoles).map { role in
            .init(
              [names.name(role.hosts), "\(role.hosts.count)"] + role.reached.map { "\($0)" }
                + [role.nearestCrown.map { Self.counted($0, "hop") } ?? "none in \(Self.hops)"])
          })
      ])
  }

  // MARK: Words

  private func way(_ steps: [PathStep]) -> String {
    (steps.first.map { text($0.from) } ?? "")
      + steps.map { step in
        let flows = step.flows.map { policy[$0].name }.joined(separator: " with ")
        return " → \(text(step.to)) (\(flows.isEmpty ? "nothing denies it" : flows))"
      }.joined()
  }

  private func text(_ position: Position) -> String {
    switch position {
    case .host(let host): policy[host].name
    case .outside(_, let network): network ?? "an address outside"
    }
  }
}
