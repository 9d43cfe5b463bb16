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
    try refuseWhereSigned("open")
    var run = try begin()
    run.why = request.why
    try requireOpened(run.content)
    let doors = Set(request.doors.map(HostState.Opened.Door.init))
    let before = run.content.state.opened
    let opened = HostState.Opened(
      from: request.flow.from, to: request.flow.to, service: request.flow.service,
      doors: request.doors.map(HostState.Opened.Door.init), since: clock(), sinceBoot: sinceBoot(),
      place: run.place, seconds: Int64(request.seconds), by: actor, why: request.why, ticket: request.ticket)
    guard opened.elements.count == request.doors.count else {
      throw AgentFailure(.badRequest, "a door that no host can have")
    }
    // What others have opened too stays open for as long as they want it, and stays when this is closed.
    let kept = before.compactMap { $0.isCalled(request.flow) ? $0.without(doors) : $0 } + [opened]
    let elements = elements(of: kept, run.place, doors)
    try requireRules(for: elements, run)
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
    try audit(.opened(Self.words(opened.flow), until: until, ticket: request.ticket), run)
    return OpenedDoors(until: until, refused: refused(request.doors, run))
  }

  /// Who of the other ends the kernel refuses ahead of everything that is open, as far as it can be asked: it is open by then.
  private func refused(_ doors: [Door], _ run: Run) -> [Address] {
    let present = (try? host.kept(run.hold)) ?? []
    let tripped = Set(((try? host.tripped()) ?? []).filter(\.isCut).map(\.address))
    return Set(doors.flatMap(\.addresses)).filter { address in
      tripped.contains(address)
        || present.contains(KeptElement.cutOff(address, milliseconds: nil).place)
    }.sorted()
  }

  /// Closes what was opened in some words ahead of its time, and ends the sessions that came by it and may not begin any more.
  /// Of the doors of the request those go with it that the kernel has and the books do not.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure``, which says what has happened.
  package func close(_ request: CloseDoors) throws(AgentFailure) -> ClosedDoors {
    var run = try begin()
    run.why = request.why
    try requireOpened(run.content)
    let meant = run.content.state.opened.filter { $0.isCalled(request.flow) }
    let doors = Set(request.doors.map(HostState.Opened.Door.init)).union(meant.flatMap(\.doors))
    let closed = try close(meant, doors, &run)
    for one in meant { try audit(.closed(Self.words(one.flow), .byHand), run) }
    if meant.isEmpty, closed.doors > 0 { try audit(.closed(Self.words(request.flow), .byHand), run) }
    return closed
  }

  /// Closes what is over: the kernel has let nothing begin since, and whatever came by it ends.
  func closeWhatIsOver(_ run: inout Run) throws(AgentFailure) {
    let over = run.content.state.opened.filter { $0.left(at: sinceBoot(), in: run.place) == 0 }
    if over.isEmpty { return }
    _ = try close(over, Set(over.flatMap(\.doors)), &run)
    for one in over { try audit(.closed(Self.words(one.flow), .timeOver), run) }
  }

  /// Seconds until the first of the doors that are open closes; `nil`: none is open.
  func leftOfDoors(_ content: HostStore.Content, _ place: String) -> Int64? {
    content.state.opened.map { $0.left(at: sinceBoot(), in: place) }.min()
  }

  /// What the host has opened. Nothing is changed.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure``: also where the books or the kernel cannot be read, and it is not known.
  package func openedNow() throws(AgentFailure) -> [OpenedStatus] {
    let place = try Self.place()
    let present = try host.kept(try host.conversation())
    let content = try contentHere()
    try requireOpened(content)
    return content.state.opened.filter { $0.left(at: sinceBoot(), in: place) > 0 }.map { one in
      OpenedStatus(
        flow: one.flow, doors: one.doors.map(Door.init),
        since: one.since, until: one.since + one.seconds, by: Self.words(one.by), why: one.why,
        ticket: one.ticket, isInForce: present.isSuperset(of: one.elements.map(\.place)))
    }
  }

  /// - Throws: ``AgentProtocol/AgentFailure`` where it cannot be told what the host has opened.
  private func requireOpened(_ content: HostStore.Content) throws(AgentFailure) {
    guard let damage = content.openedDamage else { return }
    throw AgentFailure(
      .failed, "what this host has opened for a time is not known: \(damage)",
      remedy: "remove the file, and sekisho boot closes it all")
  }

  /// What the kernel is to have of what was opened, for as long as the last wants it.
  ///
  /// - Parameter doors: those that are asked for; `nil`: all.
  func elements(
    of opened: [HostState.Opened], _ place: String, _ doors: Set<HostState.Opened.Door>? = nil
  ) -> [KeptElement] {
    left(of: opened, place, doors).compactMap { $0.key.element(milliseconds: Self.milliseconds($0.value)) }
  }

  /// Seconds until the last of those that opened a door does not want it any more.
  private func left(
    of opened: [HostState.Opened], _ place: String, _ doors: Set<HostState.Opened.Door>?
  ) -> [HostState.Opened.Door: Int64] {
    var longest: [HostState.Opened.Door: Int64] = [:]
    for one in opened {
      let left = one.left(at: sinceBoot(), in: place)
      if left == 0 { continue }
      for door in one.doors where doors?.contains(door) != false {
        longest[door] = max(longest[door] ?? 0, left)
      }
    }
    return longest
  }

  /// Takes flows out of the books, and doors out of the kernel but for those that others have opened.
  private func close(
    _ meant: [HostState.Opened], _ doors: Set<HostState.Opened.Door>, _ run: inout Run
  ) throws(AgentFailure) -> ClosedDoors {
    let before = run.content.state.opened
    let kept = before.filter { !meant.contains($0) }
    let others = kept.filter { $0.left(at: sinceBoot(), in: run.place) > 0 }
    let shared = doors.intersection(others.flatMap(\.doors))
    let closed = doors.subtracting(shared)
    let inBooks = Set(meant.filter { $0.left(at: sinceBoot(), in: run.place) > 0 }.flatMap(\.doors))
      .intersection(closed)
    let present = try host.takeOut(Set(closed.compactMap { $0.element(milliseconds: nil)?.place }), run.hold)
    let cut = host.end(through: closed.map(Door.init), run.hold)
    do throws(AgentFailure) { try shorten(shared, of: meant, to: others, run) } catch {
      var failure = error
      if !present.isEmpty, failure.happened == .nothing { failure.happened = .applied }
      throw failure
    }
    do throws(AgentFailure) {
      if kept != before { try reading { () throws(HostStore.Failure) in try store.write(kept) } }
    } catch {
      // A disk that is full must not keep anything open.
      if present.isEmpty { throw error }
      throw error.unwritten(
        "it is closed",
        remedy: "make room and close it again: else the next apply opens it anew, until its time is over")
    }
    run.content.state.opened = kept
    return ClosedDoors(
      doors: max(present.count, inBooks.count), shared: shared.count,
      wasOpen: !meant.isEmpty || !present.isEmpty, cut: cut)
  }

  /// Has the kernel keep doors for no longer than those want them who are left.
  private func shorten(
    _ shared: Set<HostState.Opened.Door>, of gone: [HostState.Opened], to others: [HostState.Opened],
    _ run: Run
  ) throws(AgentFailure) {
    let wanted = left(of: others, run.place, shared)
    let longer = left(of: gone, run.place, shared).filter { $0.value > wanted[$0.key] ?? 0 }
    if longer.isEmpty { return }
    let present = try host.kept(run.hold)
    let elements = elements(of: others, run.place, Set(longer.keys)).filter { present.contains($0.place) }
    if !elements.isEmpty { try host.keep(elements, run.hold) }
  }

  private static func words(_ flow: OpenedFlow) -> String { "\(flow.from) → \(flow.to) \(flow.service)" }
}

extension HostState.Opened {
  var flow: OpenedFlow { OpenedFlow(from: from, to: to, service: service) }

  /// Whether it was opened in these words.
  func isCalled(_ flow: OpenedFlow) -> Bool { self.flow == flow }

  /// What the kernel has of it.
  var elements: [KeptElement] { doors.compactMap { $0.element(milliseconds: nil) } }
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
