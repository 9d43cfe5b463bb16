internal import Addressing
package import AgentProtocol
internal import Enforcement
internal import HostState
internal import HostStore
internal import RulesetShape

// What a host lets begin for a time, outside its rules.

extension HostLife {
  /// Opens doors. The disk says so first; the kernel closes them when their time is over, whoever is there by then.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure``, which says what has happened.
  package func open(_ request: OpenDoors) throws(AgentFailure) -> OpenedDoors {
    var run = try begin()
    run.why = request.why
    let doors = Set(request.doors.map(HostState.Opened.Door.init))
    let before = run.content.state.opened
    let opened = HostState.Opened(
      from: request.flow.from, to: request.flow.to, service: request.flow.service,
      doors: request.doors.map(HostState.Opened.Door.init), since: clock(), sinceBoot: sinceBoot(),
      place: run.place, seconds: Int64(request.seconds), by: actor, why: request.why, ticket: request.ticket)
    let elements = opened.elements(milliseconds: UInt64(request.seconds) * 1000)
    guard elements.count == request.doors.count else {
      throw AgentFailure(.badRequest, "a door that no host can have")
    }
    try requireRules(for: elements, run)
    let kept = before.compactMap { $0.without(doors) } + [opened]
    if kept.reduce(0, { $0 + $1.doors.count }) > OpenDoors.most {
      throw AgentFailure(.refused, "no more than \(OpenDoors.most) doors can be open")
    }
    try reading { () throws(HostStore.Failure) in try store.write(kept) }
    // Sessions do not end by the kernel's hand.
    keeper()
    do throws(AgentFailure) { try host.keep(elements, run.hold) } catch {
      if error.happened == .nothing { try? store.write(before) }
      throw error
    }
    let until = opened.since + opened.seconds
    try audit(.opened(Self.words(opened), until: until, ticket: request.ticket), run)
    return OpenedDoors(until: until)
  }

  /// Closes doors ahead of their time, and ends the sessions that came by them and may not begin any more.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure``, which says what has happened.
  package func close(_ request: CloseDoors) throws(AgentFailure) -> ClosedDoors {
    var run = try begin()
    run.why = request.why
    let doors = Set(request.doors.map(HostState.Opened.Door.init))
    let meant = run.content.state.opened.filter { !doors.isDisjoint(with: $0.doors) }
    let closed = try close(doors, &run)
    if closed.doors > 0 {
      for one in meant { try audit(.closed(Self.words(one), .byHand), run) }
    }
    return closed
  }

  /// Closes what is over: the kernel has let nothing begin since, and whatever came by it ends.
  func closeWhatIsOver(_ run: inout Run) throws(AgentFailure) {
    let over = run.content.state.opened.filter { $0.left(at: sinceBoot(), in: run.place) == 0 }
    if over.isEmpty { return }
    _ = try close(Set(over.flatMap(\.doors)), &run)
    for one in over { try audit(.closed(Self.words(one), .timeOver), run) }
  }

  /// Seconds until the first of the doors that are open closes; `nil`: none is open.
  func leftOfDoors(_ content: HostStore.Content, _ place: String) -> Int64? {
    content.state.opened.map { $0.left(at: sinceBoot(), in: place) }.min()
  }

  /// What the host has opened. Nothing is changed.
  package func openedNow() throws(AgentFailure) -> [OpenedStatus] {
    let place = try Self.place()
    return try contentHere().state.opened.filter { $0.left(at: sinceBoot(), in: place) > 0 }.map { one in
      OpenedStatus(
        flow: OpenedFlow(from: one.from, to: one.to, service: one.service), doors: one.doors.map(Door.init),
        since: one.since, until: one.since + one.seconds, by: Self.words(one.by), why: one.why,
        ticket: one.ticket)
    }
  }

  private func close(_ doors: Set<HostState.Opened.Door>, _ run: inout Run) throws(AgentFailure)
    -> ClosedDoors
  {
    let places = Set(doors.compactMap { $0.element(milliseconds: nil)?.place })
    let before = run.content.state.opened
    let inBooks = Set(before.filter { $0.left(at: sinceBoot(), in: run.place) > 0 }.flatMap(\.doors))
      .intersection(doors)
    let present = try host.takeOut(places, run.hold)
    let cut = host.end(through: doors.map(Door.init), run.hold)
    let kept = before.compactMap { $0.without(doors) }
    do throws(AgentFailure) {
      if kept != before { try reading { () throws(HostStore.Failure) in try store.write(kept) } }
    } catch {
      var failure = error
      failure.happened = present.isEmpty ? .nothing : .applied
      throw failure
    }
    run.content.state.opened = kept
    return ClosedDoors(doors: max(present.count, inBooks.count), cut: cut)
  }

  private static func words(_ opened: HostState.Opened) -> String {
    "\(opened.from) → \(opened.to) \(opened.service)"
  }
}

extension HostState.Opened {
  /// What the kernel has of it.
  func elements(milliseconds: UInt64?) -> [KeptElement] {
    doors.compactMap { $0.element(milliseconds: milliseconds) }
  }
}

extension HostState.Opened.Door {
  init(_ door: Door) {
    self.init(way: door.way.rawValue, addresses: door.addresses, ipProtocol: door.ipProtocol, port: door.port)
  }

  /// `nil`: it is none that a host can have.
  func element(milliseconds: UInt64?) -> KeptElement? {
    guard let side = Door.Way(rawValue: way)?.side, Door(self).isSound else { return nil }
    return KeptElement.opened(
      side, addresses, IPProtocol(rawValue: ipProtocol), port, milliseconds: milliseconds)
  }
}

extension Door {
  init(_ door: HostState.Opened.Door) {
    self.init(
      Way(rawValue: door.way) ?? .in, door.addresses, IPProtocol(rawValue: door.ipProtocol), door.port)
  }
}

extension Door.Way {
  var side: Side {
    switch self {
    case .in: .input
    case .out: .output
    case .through: .forward
    }
  }
}
