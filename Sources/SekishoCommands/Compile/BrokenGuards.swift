internal import Addressing
internal import ArgumentParser
internal import Diagnostics
internal import Evidence
internal import Operations
internal import Policy
internal import Reachability

/// The guards of an inventory that do not hold, as diagnostics and as JSON.
struct BrokenGuards {
  let policy: Policy
  let sources: Sources
  let broken: [BrokenGuard]

  init(_ loaded: LoadedPolicy) { self.init(loaded, loaded.brokenGuards()) }

  init(_ loaded: LoadedPolicy, _ broken: [BrokenGuard]) {
    policy = loaded.policy
    sources = loaded.sources
    self.broken = broken
  }

  /// Why nothing is done where guards do not hold, each with its way and what mends it; `nil`: all hold.
  var refusal: Refusal? {
    if broken.isEmpty { return nil }
    let count = broken.count == 1 ? "a guard does" : "\(broken.count) guards do"
    var refusal = Refusal(.guardBroken, "\(count) not hold; nothing was done")
    refusal.parts = [.diagnostics(report, sources)]
    refusal.brokenGuards = entries
    return refusal
  }

  private var report: DiagnosticReport {
    var log = DiagnosticLog()
    for found in broken { log.add(diagnostic(found)) }
    return log.report()
  }

  // MARK: Diagnostics

  func diagnostic(_ found: BrokenGuard) -> Diagnostic {
    let rule = policy.guards[found.index]
    return Diagnostic(
      .error, at: rule.location, length: rule.name.count,
      message: "the guard `\(rule.name)` does not hold: \(reason(found))", help: help(found),
      related: places(found.breach))
  }

  func reason(_ found: BrokenGuard) -> String {
    switch found.breach {
    case .path(let steps):
      guard let first = steps.first, let last = steps.last else { return "" }
      let (from, to) = (policy.text(first.from), policy.text(last.to))
      if steps.count == 1 { return "\(from) can connect to \(to)" }
      var avoided = ""
      if case .through(_, _, let via) = policy.guards[found.index].statement {
        avoided = " past \(policy[via].name)"
      }
      return "\(from) gets to \(to) in \(counted(steps.count, "hop"))\(avoided)"
    case .touched(let position, let flow):
      return "\(policy.text(position)) has a flow, `\(policy[flow].name)`"
    case .unenforced(let host, let direction):
      return "\(policy[host].name) \(laxity(of: host, direction)), so that everything passes"
    case .missing(let missing):
      let (from, to) = (policy.text(missing.from), policy.text(missing.to))
      guard let what = missing.what else { return "\(from) and \(to) have no address family in common" }
      return "\(from) cannot connect to \(to) by \(what.term.text) over \(what.family.name)"
    }
  }

  func help(_ found: BrokenGuard) -> String {
    let held = found.holdsWhenEnforced ? "; it holds once every host enforces" : ""
    switch found.remedy {
    case .remove(let removal):
      let names = removal.flows.map { "`\(policy[$0].name)`" }
      let list = names.joined(separator: ", ")
      if names.count == 1 { return "remove the flow \(list), or narrow it\(held)" }
      return removal.isSmallest
        ? "remove \(list): no fewer flows than these \(names.count) mend it\(held)"
        : "remove \(list): a set of flows that mends it, perhaps not the smallest\(held)"
    case .enforce: return enforcing(found)
    case .allow: return "add a flow, or correct the guard"
    }
  }

  /// No removal of flows mends it, because there is a way without any; the one that is told may lead by flows all the same.
  private func enforcing(_ found: BrokenGuard) -> String {
    let modes = "set the mode of \(observers(found.breach)) to enforce"
    guard case .path(let steps) = found.breach else { return "no flow allows it: \(modes)" }
    let flows = Set(steps.flatMap(\.flows)).sorted().map { "`\(policy[$0].name)`" }
    if flows.isEmpty { return "no flow allows it: \(modes)" }
    let names = flows.count == 1 ? "the flow \(flows[0])" : "the flows \(flows.joined(separator: ", "))"
    let remedy =
      steps.contains { !$0.unguarded.isEmpty }
      ? "this way takes \(names), others take none: \(modes)"
      : "this way takes \(names), others take none: narrow \(flows.count == 1 ? "it" : "them"), and set the modes of hosts to enforce"
    return remedy
      + (found.holdsWhenEnforced
        ? "; it holds once every host enforces" : "; once every host enforces, flows allow it still")
  }

  private func observers(_ breach: Breach) -> String {
    let hosts: [HostID] =
      switch breach {
      case .path(let steps): Set(steps.flatMap(\.unguarded)).sorted()
      case .unenforced(let host, _): [host]
      case .touched, .missing: []
      }
    return hosts.isEmpty ? "the hosts that do not" : hosts.map { policy[$0].name }.joined(separator: ", ")
  }

  /// Why a host lets everything pass in a direction.
  private func laxity(of host: HostID, _ direction: Direction) -> String {
    policy[host].modes[direction] == .leave
      ? "leaves its \(direction) alone" : "only observes its \(direction)"
  }

  /// The hops where they are written: the flow of each, or the host that lets everything pass.
  private func places(_ breach: Breach) -> [RelatedPlace] {
    switch breach {
    case .path(let steps):
      return steps.enumerated().flatMap { number, step -> [RelatedPlace] in
        let hop = "\(number + 1). \(policy.text(step.from)) → \(policy.text(step.to))"
        let flows = step.flows.map { id in
          let flow = policy[id]
          let services = flow.services.map { policy[$0].name }.joined(separator: ", ")
          return RelatedPlace(
            location: flow.location, length: flow.name.count, message: "\(hop): \(services) by `\(flow.name)`"
          )
        }
        return flows
          + step.unguarded.map { host in
            RelatedPlace(
              location: policy[host].location, length: policy[host].name.count,
              message: "\(hop): \(policy[host].name) "
                + laxity(of: host, step.from == .host(host) ? .egress : .ingress))
          }
      }
    case .touched(_, let flow):
      return [
        RelatedPlace(
          location: policy[flow].location, length: policy[flow].name.count, message: "the flow is here")
      ]
    case .unenforced(let host, _):
      return [
        RelatedPlace(
          location: policy[host].location, length: policy[host].name.count, message: "the host is here")
      ]
    case .missing: return []
    }
  }

  // MARK: JSON

  /// One broken guard: a diagnostic, and what is behind it.
  struct Entry: Encodable {
    private enum Key: String, CodingKey {
      case `guard`, statement, says, why, holds, shown, path, remedy, remove, isSmallest, holdsWhenEnforced
    }

    let diagnostic: DiagnosticJSON
    let `guard`: String
    let statement: String
    /// Where all guards are told.
    var verdict: GuardVerdict?
    let path: [PathJSON.Hop]?
    let remedy: String
    let removal: (flows: [String], isSmallest: Bool)?
    let holdsWhenEnforced: Bool

    func encode(to encoder: any Encoder) throws {
      try diagnostic.encode(to: encoder)
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(`guard`, forKey: .guard)
      try container.encode(statement, forKey: .statement)
      if let verdict {
        try container.encode(verdict.says, forKey: .says)
        try container.encodeIfPresent(verdict.why, forKey: .why)
        try container.encode(verdict.holds, forKey: .holds)
        try container.encodeIfPresent(verdict.shown, forKey: .shown)
      }
      try container.encodeIfPresent(path, forKey: .path)
      try container.encode(remedy, forKey: .remedy)
      try container.encodeIfPresent(removal?.flows, forKey: .remove)
      try container.encodeIfPresent(removal?.isSmallest, forKey: .isSmallest)
      try container.encode(holdsWhenEnforced, forKey: .holdsWhenEnforced)
    }
  }

  var entries: [Entry] { broken.map(entry) }

  private func entry(_ found: BrokenGuard) -> Entry {
    let rule = policy.guards[found.index]
    var path: [PathJSON.Hop]?
    if case .path(let steps) = found.breach { path = PathJSON(policy: policy, sources: sources).hops(steps) }
    var removal: (flows: [String], isSmallest: Bool)?
    if case .remove(let found) = found.remedy {
      removal = (found.flows.map { policy[$0].name }, found.isSmallest)
    }
    let remedy =
      switch found.remedy {
      case .remove: "remove"
      case .enforce: "enforce"
      case .allow: "allow"
      }
    return Entry(
      diagnostic: DiagnosticJSON(diagnostic(found), sources), guard: rule.name,
      statement: rule.statement.word,
      path: path, remedy: remedy, removal: removal, holdsWhenEnforced: found.holdsWhenEnforced)
  }
}

extension AddressFamily {
  fileprivate var name: String { self == .ipv4 ? "IPv4" : "IPv6" }
}

extension ServiceTerm {
  /// `tcp/5432, 6432`.
  fileprivate var text: String {
    switch match {
    case .any: "\(ipProtocol)"
    case .ports(let ports): "\(ipProtocol)/\(ports.text())"
    case .types(let types): "\(ipProtocol)/\(types.text())"
    }
  }
}
