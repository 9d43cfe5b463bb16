package import AgentProtocol
internal import ConnectionDiff
internal import InventoryText
internal import Policy

/// A login that a change would take away, or of which it is not known whether it does.
package struct LostLogin: Sendable {
  /// Whose.
  package enum Kind: String, Sendable {
    /// Somebody who is there could not come again by the way he came.
    case operatorsOwn = "own-login"
    /// Nobody could manage the host.
    case management
    /// It is not known who could.
    case notProven = "not-proven"
  }

  /// The host, by the name that allows it all the same.
  package let host: String
  package let kind: Kind
  /// In a sentence.
  package let reason: String
  /// The login of somebody who is there.
  package let login: Login?
  /// Whether a flow would help.
  package let lacksFlow: Bool
  /// Who is missing as the source of a flow; `nil`: no flow would help, or it is not known.
  let missing: MissingFlows.Source?

  init(
    _ host: String, _ kind: Kind, _ reason: String, login: Login? = nil, lacksFlow: Bool = false,
    missing: MissingFlows.Source? = nil
  ) {
    self.lacksFlow = lacksFlow
    self.host = host
    self.kind = kind
    self.reason = reason
    self.login = login
    self.missing = missing
  }
}

extension RunningHosts {
  /// Logins that would be lost on hosts that change, judged by all tables together as they will be.
  ///
  /// To namespaces of a lab nobody logs in. A host that guards keep logins away from needs none, but whoever is there by one
  /// is not at its console.
  ///
  /// - Parameter found: of these hosts.
  func lostLogins(_ found: FoundDifference) -> [LostLogin] {
    if targets.isLab { return [] }
    let policy = targets.inventory?.policy
    let console = policy.map { policy in
      Set(policy.hostsManagedAtConsole(at: .current()).map { policy[$0].name })
    }
    var lost: [LostLogin] = []
    for applying in changing {
      let target = applying.target
      let rulesets = rulesets(of: target, applying.looked)
      let logins = applying.looked.logins
      let own = logins.compactMap { login in
        lostLogin(of: login, isSure: logins.count == 1, on: target, rulesets)
      }
      lost += own
      if console?.contains(target.name) != true, let nobody = nobody(on: applying, rulesets, found) {
        // To whoever is told what he misses himself it says nothing more.
        if own.allSatisfy({ $0.missing == nil }) { lost.append(nobody) }
      }
    }
    return lost
  }

  /// What is to be added to the inventory so that logins are not lost, as a file of its own; `nil`: no flow would help.
  package func missingFlows(of lost: [LostLogin]) -> String? {
    var flows = MissingFlows(
      in: targets.inventory?.policy, owners: targets.hosts.first?.identity.owners ?? [:])
    for login in lost {
      if let source = login.missing { flows.add(from: source, to: login.host, port: login.login?.port) }
    }
    return flows.text
  }

  /// - Parameter isSure: whether it is his, and not another's whom the same process serves.
  private func lostLogin(
    of login: Login, isSure: Bool, on target: Target, _ rulesets: HostRulesets
  ) -> LostLogin? {
    let now =
      login.isOver
      ? "SSH_CONNECTION says of a session that is over"
      : isSure ? "you are there now" : "you are there now, or somebody else"
    let way = "by tcp/\(login.port) from \(login.source), as \(now)"
    let fate = LoginFate(
      from: login.source, to: login.destination, port: login.port, on: rulesets, at: .current())
    switch fate {
    case .passes: return nil
    case .unallowed:
      return LostLogin(
        target.name, .operatorsOwn, "\(target.name): no flow would let you in again \(way)", login: login,
        lacksFlow: true, missing: .address(login.source))
    case .stopped(let places):
      return LostLogin(
        target.name, .operatorsOwn,
        "\(target.name): \(places.joined(separator: ", ")) would not let you in again \(way)", login: login)
    case .notProven(let reason):
      return LostLogin(
        target.name, .notProven,
        "\(target.name): whether you could come again \(way) is not known: \(reason)",
        login: login)
    }
  }

  /// Whether nobody could manage a host afterwards.
  private func nobody(
    on applying: Applying, _ rulesets: HostRulesets, _ found: FoundDifference
  ) -> LostLogin? {
    let target = applying.target
    // What our own table lets in is what flows say; others may stop it.
    if !rulesets.staying.isEmpty, let policy = targets.inventory?.policy {
      switch LoginFate(managing: rulesets, by: policy, at: .current()) {
      case nil, .passes, .unallowed: break
      case .stopped(let tables):
        return LostLogin(
          target.name, .management,
          "\(target.name): of those whom flows let log in nobody could, because of table \(tables.joined(separator: ", "))"
        )
      case .notProven(let reason):
        return LostLogin(
          target.name, .notProven, "whether somebody can log in to \(target.name) afterwards is \(reason)")
      }
    }
    if let lockout = found.lockout, lockout.hosts.contains(target.name) {
      var reason = "nobody can log in to \(target.name) by \(lockout.login) any more"
      // Nobody has said by which service hosts are managed, and whoever is there came by another one.
      if let policy = targets.inventory?.policy, policy.management == nil,
        let login = applying.looked.logins.first(where: { $0.port != 22 })
      {
        reason += " (where tcp/\(login.port) manages it, say so: `settings: {management: SERVICE}`)"
      }
      return LostLogin(
        target.name, .management, reason,
        lacksFlow: true, missing: targets.inventory?.policy.whoManagesMost.map { .named($0) })
    }
    return found.lockoutNotProven.map { reason in
      LostLogin(
        target.name, .notProven, "whether somebody can log in to \(target.name) afterwards is \(reason)")
    }
  }
}

extension Policy {
  /// Who is let in to the most hosts by the service of management, by a name of the inventory.
  fileprivate var whoManagesMost: String? {
    let named = Set(
      hosts.map(\.name) + groups.map(\.name) + hostGroups.map(\.name) + zones.map(\.name)
        + networks.map(\.name) + virtuals.map(\.name))
    var counts: [String: Int] = [:]
    for flow in managementFlows(at: .current()) where named.contains(self[flow.written.from].name) {
      counts[self[flow.written.from].name, default: 0] += Set(flow.parts.flatMap { self[$0.to].hosts }).count
    }
    return counts.min { ($1.value, $0.key) < ($0.value, $1.key) }?.key
  }
}
