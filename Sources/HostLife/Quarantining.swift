internal import Addressing
package import AgentProtocol
internal import Enforcement
internal import HostState
internal import HostStore
internal import Nftables
internal import RulesetShape

extension HostLife {
  /// Lets nobody begin a connection with some addresses, and ends the sessions that they have a part in. The disk says so
  /// first: whoever dies between the two leaves it to the next boot.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure``, which says what has happened.
  package func quarantine(_ request: QuarantineHosts) throws(AgentFailure) -> QuarantinedHosts {
    let addresses = Set(request.peers.map(\.address))
    var run = try begin()
    run.why = request.why
    try requireQuarantine(run.content)
    try refuseLockout(addresses.subtracting(request.lockedOut), run.hold)
    let elements = addresses.map {
      KeptElement.cutOff($0, milliseconds: request.seconds.map { UInt64($0) * 1000 })
    }
    // Of a host that is stopped the books are what comes back with its rules.
    let isWaiting = run.content.state.stop != nil && run.own == nil
    let own = isWaiting ? nil : try requireRules(for: elements, run)
    let before = run.content.state.quarantine
    let (now, booted) = (clock(), sinceBoot())
    let added = request.peers.map { peer in
      HostState.Quarantine(
        peer.address, host: peer.host.isEmpty ? nil : peer.host, since: now, sinceBoot: booted,
        place: run.place, seconds: request.seconds.map { Int64($0) }, by: actor, why: request.why)
    }
    let kept = before.filter { !addresses.contains($0.address) && left(of: $0, run.place) != 0 } + added
    for family in AddressFamily.allCases
    where kept.count(where: { $0.address.family == family })
      > QuarantineHosts.most
    {
      throw AgentFailure(
        .refused, "no more than \(QuarantineHosts.most) addresses of a family can be cut off")
    }
    try reading { () throws(HostStore.Failure) in try store.write(kept) }
    let until = request.seconds.map { now + Int64($0) }
    guard let own else {
      try audit(.quarantined(Self.words(request.peers), until: until), run)
      return QuarantinedHosts(
        until: until, cut: CutReport(isDone: true, flows: [], sessions: 0, uncertain: 0, left: 0),
        isWaiting: true)
    }
    do throws(AgentFailure) {
      try host.keep(elements, run.hold)
    } catch {
      if error.happened == .nothing { try? store.write(before) }
      throw error
    }
    let cut = host.end(of: addresses, before: own.keeping([]), run.hold)
    try audit(.quarantined(Self.words(request.peers), until: until), run)
    return QuarantinedHosts(until: until, cut: cut)
  }

  /// Lets addresses take part again. The disk says so first, as of all that lets somebody in: what cannot be written down
  /// is not done, and whoever dies between the two leaves them cut off until they are released again or a boot comes.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure``, which says what has happened.
  package func release(_ request: ReleaseHosts) throws(AgentFailure) -> ReleasedHosts {
    var run = try begin()
    run.why = request.why
    try requireQuarantine(run.content)
    let meant = Set(request.addresses)
    let before = run.content.state.quarantine
    let places = Set(meant.map { KeptElement.cutOff($0, milliseconds: nil).place })
    let kept = before.filter { !meant.contains($0.address) }
    let inBooks = before.filter { meant.contains($0.address) && left(of: $0, run.place) != 0 }
    do throws(AgentFailure) {
      if kept != before { try reading { () throws(HostStore.Failure) in try store.write(kept) } }
    } catch {
      // It may be there, and only not known to last.
      try? store.write(before)
      throw error
    }
    let taken: Set<KeptElement.Place>
    do throws(AgentFailure) { taken = try host.takeOut(places, run.hold) } catch {
      if error.happened == .nothing, kept != before { try? store.write(before) }
      throw error
    }
    let inKernel = meant.filter { taken.contains(KeptElement.cutOff($0, milliseconds: nil).place) }
    let released = inKernel.union(inBooks.map(\.address))
    if !released.isEmpty {
      let peers = released.sorted().map { address in
        QuarantineHosts.Peer(address, host: before.first { $0.address == address }?.host)
      }
      try audit(.released(Self.words(peers)), run)
    }
    return ReleasedHosts(released.sorted())
  }

  /// Refuses addresses no more that have tripped a tripwire. Of that there are no books: the kernel has it alone.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure``, which says what has happened.
  package func release(_ request: ReleaseTripped) throws(AgentFailure) -> ReleasedHosts {
    var run = try begin()
    run.why = request.why
    let freed = try host.release(Set(request.peers.map(\.address)), run.hold)
    if !freed.isEmpty {
      try audit(.released(Self.words(request.peers.filter { freed.contains($0.address) })), run)
    }
    return ReleasedHosts(freed.sorted())
  }

  /// Whom the host has cut off. Nothing is changed.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure``: also where the books cannot be read, and it is not known.
  package func quarantined() throws(AgentFailure) -> [QuarantineStatus] {
    let place = try Self.place()
    let present = try host.kept(try host.conversation())
    let content = try contentHere()
    try requireQuarantine(content)
    return content.state.quarantine.compactMap { entry in
      let left = left(of: entry, place)
      guard left != 0 else { return nil }
      return QuarantineStatus(
        address: entry.address, host: entry.host ?? "", since: entry.since, until: left.map { clock() + $0 },
        isInForce: present.contains(KeptElement.cutOff(entry.address, milliseconds: nil).place),
        by: Self.words(entry.by), why: entry.why)
    }
  }

  /// - Throws: ``AgentProtocol/AgentFailure`` where somebody is cut off whom a table would let in again.
  func requireAsking(_ table: Table, _ run: Run) throws(AgentFailure) {
    let cutOff = kept(run.content, run.place).elements.filter(\.isCutOff)
    if cutOff.isEmpty || table.asks(for: cutOff) { return }
    throw AgentFailure(
      .refused, "the ruleset does not ask for whom this host has cut off, and would let them in again",
      remedy: "compile it anew, or release them first (sekisho status names them)")
  }

  /// - Throws: ``AgentProtocol/AgentFailure`` where it cannot be told whom the host has cut off.
  func requireQuarantine(_ content: HostStore.Content) throws(AgentFailure) {
    guard let damage = content.quarantineDamage else { return }
    throw AgentFailure(
      .failed, "whom this host has cut off is not known: \(damage)",
      remedy: "remove the file, and cut off anew whoever \"sekisho history\" names")
  }

  /// A table with what the host keeps in its rules, for as long as is left of the time of each.
  func keeping(_ table: Table, _ run: Run) -> Table { table.keeping(kept(run.content, run.place).elements) }

  /// What the host keeps in its rules, for as long as is left of the time of each, and all that it may keep; what is over the kernel
  /// has for another moment.
  func kept(
    _ content: HostStore.Content, _ place: String
  ) -> (elements: [KeptElement], known: Set<KeptElement.Place>?) {
    let cutOff = content.state.quarantine.compactMap { entry -> KeptElement? in
      let left = left(of: entry, place)
      return left == 0 ? nil : .cutOff(entry.address, milliseconds: left.map(Self.milliseconds))
    }
    let opened = elements(of: content.state.opened, place)
    let known = Set(content.state.quarantine.map { KeptElement.cutOff($0.address, milliseconds: nil).place })
      .union(content.state.opened.flatMap(\.elements).map(\.place))
    // Books that cannot be read say of nobody that he was let go.
    return (cutOff + opened, content.damage.isEmpty ? known : nil)
  }

  /// Whom the host has cut off, as far as its books can be read.
  var cutOffByBooks: [KeptElement] {
    guard let content = try? contentHere(), let place = try? Self.place() else { return [] }
    return kept(content, place).elements.filter(\.isCutOff)
  }

  /// What a file says may be any number.
  static func milliseconds(_ seconds: Int64) -> UInt64 {
    UInt64(max(0, min(seconds, 1 << 32))) * 1000
  }

  private func left(of entry: HostState.Quarantine, _ place: String) -> Int64? {
    entry.left(sinceBoot: sinceBoot(), in: place)
  }

  private func refuseLockout(_ addresses: Set<Address>, _ hold: Hold) throws(AgentFailure) {
    guard let login = try host.logins(hold).first(where: { addresses.contains($0.source) }) else { return }
    throw AgentFailure(
      .lockout, "you are there from \(login.source), and could not come again; nothing was done",
      remedy: "come from elsewhere, or give --allow-lockout where there is another way in, such as a console")
  }

  /// - Throws: ``AgentProtocol/AgentFailure`` where no rules ask for such elements.
  @discardableResult
  func requireRules(for elements: [KeptElement], _ run: Run) throws(AgentFailure) -> Table {
    if let own = run.own, own.asks(for: elements) { return own }
    if run.content.state.stop != nil {
      throw AgentFailure(.refused, "the host is stopped: nothing is enforced", remedy: "sekisho start")
    }
    throw AgentFailure(
      .refused,
      run.own == nil ? "nothing is enforced on this host" : "the rules of this host do not ask for it",
      remedy: "apply its ruleset")
  }

  /// Writes to the log what was done.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure`` `.unwritten`.
  func audit(_ event: AuditEvent, _ run: Run) throws(AgentFailure) {
    do throws(AgentFailure) {
      try reading { () throws(HostStore.Failure) in
        try store.append(AuditEntry(event, time: clock(), by: actor, why: run.why))
      }
    } catch {
      throw error.unwritten("it is done", remedy: "sekisho history does not have it; the disk needs room")
    }
  }

  /// `web-1 (10.0.0.7)`.
  private static func words(_ peers: [QuarantineHosts.Peer]) -> [String] {
    peers.map { $0.host.isEmpty ? "\($0.address)" : "\($0.host) (\($0.address))" }
  }
}

extension KeptElement {
  fileprivate var isCutOff: Bool { if case .quarantine = set { true } else { false } }
}
