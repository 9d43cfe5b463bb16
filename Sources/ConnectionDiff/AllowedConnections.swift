public import Addressing
public import ConnectionSpace
public import Nftables
public import Policy
internal import RulesetSpace

/// Which new connections a host's tables let pass in one direction, whoever wrote them.
public struct AllowedConnections: Sendable {
  public let direction: Direction
  /// Whether anything is stopped there.
  public let isFiltered: Bool
  /// What surely passes.
  public let lines: [ConnectionLine]
  /// What may pass beside that, depending on more than the connection.
  public let possible: [ConnectionLine]
  /// Whether what belongs to a connection, or is an error about one, surely passes: without that, what new connections
  /// may do says little.
  public let letsRepliesPass: Bool

  /// - Parameters:
  ///   - tables: all of the host.
  ///   - own: the host's addresses; `nil`: not known, so that nothing is said of where connections in lead.
  ///   - policy: whose names are told; `nil`: the names of sets.
  ///   - now: the moment at which rules with a time are judged.
  /// - Throws: ``NotProven`` when the tables are too intricate to be exact about.
  public init(
    _ tables: [Table], _ direction: Direction, own: [Address]?, names policy: Policy?, at now: Timestamp,
    budget: Budget = Budget()
  ) throws(NotProven) {
    self.direction = direction
    let universe = Universe(budget: budget)
    let passage: Passage =
      switch direction {
      case .ingress: .ingress
      case .egress: .egress
      case .forward: .forward
      }
    let circumstances = Circumstances(ownAddresses: own.map { AddressSet($0) }, atSecond: now.seconds)
    let space = try RulesetSpace(tables, passage, circumstances, in: universe)
    func here(_ space: ConnectionSpace) throws(NotProven) -> ConnectionSpace {
      let judged = space.moved(from: passage, to: .whole)
      guard let own else { return judged }
      return switch direction {
      case .ingress: try judged.restricted(to: AddressSet(own))
      case .egress: try judged.restricted(from: AddressSet(own))
      case .forward: judged
      }
    }
    let sure = try here(space.lower)
    let names = policy.map { EndNames($0) } ?? EndNames(setsOf: tables, here: own ?? [])
    let loopback = try universe.connections(within: Endpoints(own.map { [$0] } ?? []))
    let told = FlowLines([], names, unshared: AddressSet(), loopback: loopback)
    lines = try told.lines(of: sure)
    possible = try told.lines(of: here(space.upper).subtracting(sure))
    letsRepliesPass = try RulesetSpace.letsRepliesPass(tables, passage, circumstances, in: universe)
    isFiltered = try space.lower != universe.everything(passage)
  }
}
