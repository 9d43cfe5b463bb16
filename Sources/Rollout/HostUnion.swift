internal import Policy

/// What one host allows before and after, and what it allows in between: all of both.
///
/// A host's share is its allowances, a service each, in the numbers of ``UnitedTerms``.
struct HostUnion {
  /// Directions in which it allows more than before, or less.
  let opening: Set<Direction>
  let closing: Set<Direction>
  /// What only the new one allows, and what only the old one does.
  let gained: [Allowance]
  let lost: [Allowance]
  /// Whether it changes by these alone, and not by modes and the like.
  let isOfAllowances: Bool
  /// Whatever one of the two allows, and nothing else.
  let policy: HostPolicy

  /// - Throws: ``Unforeseen`` where no ruleset allows exactly what both do.
  init(
    _ old: HostPolicy, _ new: HostPolicy, _ terms: inout UnitedTerms, at now: Timestamp
  ) throws(Unforeseen) {
    let forward = try Self.forward(old, new)
    // What both have, most are, is known by a glance.
    let known = (old: Set(old.allowances), new: Set(new.allowances))
    let gained = new.allowances.filter { allowance in
      !known.old.contains(allowance) && !terms[allowance.flow].hasEnded(now) && !old.passes(allowance, terms)
        && !old.allowances.contains { terms.covers($0, allowance) }
    }
    let lost = old.allowances.filter { allowance in
      !known.new.contains(allowance) && !terms[allowance.flow].hasEnded(now) && !new.passes(allowance, terms)
        && !new.allowances.contains { terms.covers($0, allowance) }
    }
    var opening = Set(gained.map(\.direction))
    var closing = Set(lost.map(\.direction))
    var isOfAllowances = true
    func compare(_ direction: Direction, _ before: Bool, _ after: Bool) {
      if before != after { isOfAllowances = false }
      if after, !before { opening.insert(direction) }
      if before, !after { closing.insert(direction) }
    }
    for direction in [Direction.ingress, .egress] {
      compare(direction, old.modes[direction] != .enforce, new.modes[direction] != .enforce)
      compare(direction, old.dhcp, new.dhcp)
    }
    compare(.forward, old.passesThrough, new.passesThrough)
    if case .containers(let before) = old.forward, case .containers(let after) = new.forward {
      compare(.forward, !before.judgesEgress, !after.judgesEgress)
      compare(.forward, old.modes.forward != .enforce, new.modes.forward != .enforce)
    } else if old.forward != new.forward {
      isOfAllowances = false
      // What containers publish, and what they may ask their host for.
      if case .containers = new.forward { opening.formUnion([.ingress, .forward]) }
      if case .containers = old.forward { closing.formUnion([.ingress, .forward]) }
    }
    (self.opening, self.closing) = (opening, closing)
    (self.gained, self.lost, self.isOfAllowances) = (gained, lost, isOfAllowances)

    var allowances = new.allowances
    for allowance in lost {
      var isPlaced = false
      for place in allowances.indices {
        guard let both = terms.together(allowance, allowances[place]) else { continue }
        allowances[place] = both
        isPlaced = true
        break
      }
      if !isPlaced { allowances.append(allowance) }
    }
    // Rules stand in the order of flows, so that each of both tables has a place in this one's.
    let order = allowances.enumerated().sorted {
      let names = (terms[$0.element.flow].name, terms[$1.element.flow].name)
      return names.0 == names.1 ? $0.offset < $1.offset : names.0 < names.1
    }
    let modes = old.modes.wider(new.modes)
    if forward.judgesNothing(modes) { throw .modes }
    policy = HostPolicy(
      modes: modes, deny: new.deny, forward: forward, dhcp: old.dhcp || new.dhcp,
      mayNameItself: old.mayNameItself || new.mayNameItself, allowances: order.map(\.element),
      tripwires: new.tripwires, log: new.log)
  }

  /// The wider of both; of a host that passes everything through on one side, that side's.
  private static func forward(_ old: HostPolicy, _ new: HostPolicy) throws(Unforeseen) -> ForwardPolicy {
    if old.forward == new.forward { return new.forward }
    if new.passesThrough { return new.forward }
    if old.passesThrough { return old.forward }
    switch (old.forward, new.forward) {
    case (.containers(let before), .containers(let after)):
      if before.bridges != after.bridges { throw .bridges }
      return .containers(
        Containers(bridges: after.bridges, judgesEgress: before.judgesEgress && after.judgesEgress))
    case (.containers, .judge):
      if new.allowances.contains(where: { $0.direction == .forward }) { throw .gatewayOfContainers }
      return old.forward
    case (.judge, .containers):
      if old.allowances.contains(where: { $0.direction == .forward }) { throw .gatewayOfContainers }
      return new.forward
    default: return new.forward
    }
  }

  /// What no ruleset allows exactly.
  enum Unforeseen: Error {
    case bridges
    case gatewayOfContainers
    case modes
  }
}

extension ForwardPolicy {
  /// Whether the directions that are left alone would leave something unjudged that must be: an inventory that says so is refused, and
  /// what one side leaves alone may be what the other needs for its containers.
  fileprivate func judgesNothing(_ modes: Modes) -> Bool {
    let (ingress, egress) = (modes.ingress == .leave, modes.egress == .leave)
    return switch self {
    case .judge: false
    case .leave: ingress && egress
    case .containers(let containers): ingress || egress && containers.judgesEgress
    }
  }
}

extension Modes {
  fileprivate func wider(_ other: Self) -> Self {
    Self(
      ingress: ingress.wider(other.ingress), egress: egress.wider(other.egress),
      forward: forward.wider(other.forward))
  }
}

extension Mode {
  /// Modes are declared from the one that lets least pass to the one that lets most.
  fileprivate func wider(_ other: Self) -> Self {
    Self.allCases.last { $0 == self || $0 == other } ?? self
  }
}

extension HostPolicy {
  /// Whether everything passes through the host that is not judged for its containers.
  fileprivate var passesThrough: Bool {
    switch forward {
    case .leave: true
    case .judge: modes.forward != .enforce
    case .containers: false
    }
  }

  /// Whether all that an allowance opens passes without it.
  fileprivate func passes(_ allowance: Allowance, _ terms: UnitedTerms) -> Bool {
    if allowance.direction == .forward { return passesThrough }
    var directions: Set<Direction> = [allowance.direction]
    // Answers to groups come the other way.
    if terms.service(of: allowance.flow).replies != nil { directions = [.ingress, .egress] }
    // What containers publish, or ask for, is judged by the same allowances.
    if case .containers = forward { directions.insert(.forward) }
    return directions.allSatisfy { modes[$0] != .enforce }
  }
}

extension UnitedTerms {
  /// Whether one allowance opens all that another opens, for as long.
  fileprivate func covers(_ wide: Allowance, _ narrow: Allowance) -> Bool {
    if wide == narrow { return true }
    guard wide.direction == narrow.direction, isFor(self[wide.flow].until, asLongAs: self[narrow.flow].until),
      service(of: wide.flow).contains(service(of: narrow.flow))
    else { return false }
    switch (wide, narrow) {
    case (.ingress(_, let from, let at), .ingress(_, let other, let there)):
      return contains(from, other) && isWithin(there, at)
    case (.egress(_, let to, let own), .egress(_, let other, let there)):
      return contains(to, other) && isWithin(there, own)
    case (.forward(_, let from, let to), .forward(_, let one, let other)):
      return contains(from, one) && contains(to, other)
    default: return false
    }
  }

  private func isFor(_ until: Timestamp?, asLongAs other: Timestamp?) -> Bool {
    guard let until else { return true }
    return other.map { $0 <= until } ?? false
  }

  /// Whether a host's own end is among another; `nil` is all of its addresses.
  private func isWithin(_ narrow: PeersID?, _ wide: PeersID?) -> Bool {
    guard let wide else { return true }
    return narrow.map { contains(wide, $0) } ?? false
  }

  /// What two allowances of a flow open, as one; `nil` where that would open more than both do.
  fileprivate mutating func together(_ old: Allowance, _ new: Allowance) -> Allowance? {
    // Of one name, one service and one end in time.
    guard old.flow == new.flow else { return nil }
    switch (old, new) {
    case (.ingress(_, let one, let there), .ingress(let flow, let other, let at)) where there == at:
      return together(one, other).map { .ingress(flow, from: $0, at: at) }
    case (.egress(_, let one, let there), .egress(let flow, let other, let own)) where there == own:
      return together(one, other).map { .egress(flow, to: $0, as: own) }
    case (.forward(_, let from, let one), .forward(let flow, let same, let other)) where from == same:
      return together(one, other).map { .forward(flow, from: from, to: $0) }
    case (.forward(_, let one, let to), .forward(let flow, let other, let same)) where to == same:
      return together(one, other).map { .forward(flow, from: $0, to: to) }
    default: return nil
    }
  }
}
