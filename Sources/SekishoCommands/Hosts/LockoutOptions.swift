internal import AgentProtocol
internal import ArgumentParser
internal import Diagnostics
internal import Operations

/// On which hosts a change may take logins away.
struct LockoutOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Change this host even where you, or whoever manages it, could not log in afterwards; its name says that it is meant. \
      May be given for several hosts.
      """, valueName: "host"))
  var allowLockout: [String] = []

  /// - Parameter named: the hosts of the command, where not all of them could be looked at.
  /// - Throws: ``ArgumentParser/ValidationError`` where a host is named that is none of these, ``Refusal`` where logins would
  ///   be lost.
  func require(_ change: FleetChange, of named: Targets? = nil) throws {
    let hosts = (named ?? change.running.targets).hosts
    let names = Set(hosts.map(\.name) + change.skipped.map(\.host))
    if let stranger = allowLockout.first(where: { !names.contains($0) }) {
      throw ValidationError("--allow-lockout names \(stranger), which is no host of this command")
    }
    let lost = change.found.lostLogins.filter { !allowLockout.contains($0.host) }
    if lost.isEmpty { return }
    throw Refusal(of: lost, missing: change.running.missingFlows(of: lost))
  }
}

extension Refusal {
  /// - Parameter missing: what to add to the inventory.
  fileprivate init(of lost: [LostLogin], missing: String?) {
    let hosts = lost.map(\.host).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    let override = hosts.map { "--allow-lockout \($0)" }.joined(separator: " ")
    let would = lost.contains { $0.kind == .notProven } ? "may" : "would"
    let way = "give \(override) where there is another way in, such as a console"
    self.init(
      .lockout,
      lost.count == 1
        ? "\(lost[0].reason); nothing was applied"
        : "\(listed(hosts)) \(would) be out of reach; nothing was applied",
      remedy: missing != nil
        ? "add what is missing to the inventory, or \(way)"
        : lost.contains(where: \.lacksFlow) ? "add a flow, or \(way)" : way)
    if lost.count > 1 { parts = lost.map { .failure($0.reason) } }
    if let missing {
      parts += [.remark("what is missing, as a file for the inventory:"), .verbatim(Array(missing.utf8))]
    }
    missingFlows = missing
    lostLogins = lost.map { LostLoginJSON($0) }
  }
}

/// A login that would be lost, for programs.
struct LostLoginJSON: Encodable {
  let host: String
  /// `own-login`, `management` or `not-proven`.
  let code: String
  let message: String
  /// Of whoever asks.
  let source: String?
  let destination: String?
  let port: UInt16?

  init(_ lost: LostLogin) {
    host = lost.host
    code = lost.kind.rawValue
    message = lost.reason
    source = lost.login.map { "\($0.source)" }
    destination = lost.login.map { "\($0.destination)" }
    port = lost.login?.port
  }
}
