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
    if !request.allowsLockout { try refuseLockout(addresses, run.hold) }
    guard let own = run.own, own.asksForQuarantine else { throw noRules(run) }
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
    do throws(AgentFailure) {
      try host.cutOff(
        addresses.map { CutOff($0, milliseconds: request.seconds.map { UInt64($0) * 1000 }) }, run.hold)
    } catch {
      if error.happened == .nothing { try? store.write(before) }
      throw error
    }
    let until = request.seconds.map { now + Int64($0) }
    let cut = host.end(of: addresses, before: own.cuttingOff([]), run.hold)
    try audit(.quarantined(Self.words(request.peers), until: until), run)
    return QuarantinedHosts(until: until, cut: cut)
  }

  /// Lets addresses take part again. The kernel comes first: whoever dies between the two leaves them cut off after a boot.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure``, which says what has happened.
  package func release(_ request: ReleaseHosts) throws(AgentFailure) -> ReleasedHosts {
    var run = try begin()
    run.why = request.why
    let meant = Set(request.addresses)
    let before = run.content.state.quarantine
    // Where the host is stopped there is only the book.
    let inKernel = run.own?.asksForQuarantine == true ? try host.release(request.addresses, run.hold) : []
    let kept = before.filter { !meant.contains($0.address) }
    let inBooks = before.filter { meant.contains($0.address) && left(of: $0, run.place) != 0 }
    let released = inKernel.union(inBooks.map(\.address))
    do throws(AgentFailure) {
      if kept != before { try reading { () throws(HostStore.Failure) in try store.write(kept) } }
    } catch {
      var failure = error
      failure.happened = inKernel.isEmpty ? .nothing : .applied
      throw failure
    }
    if !released.isEmpty {
      let peers = released.sorted().map { address in
        QuarantineHosts.Peer(address, host: before.first { $0.address == address }?.host)
      }
      try audit(.released(Self.words(peers)), run)
    }
    return ReleasedHosts(released.sorted())
  }

  /// Whom the host has cut off. Nothing is changed.
  package func quarantined() throws(AgentFailure) -> [QuarantineStatus] {
    let place = try Self.place()
    let present = try host.cutOff(try host.conversation())
    return try contentHere().state.quarantine.compactMap { entry in
      let left = left(of: entry, place)
      guard left != 0 else { return nil }
      return QuarantineStatus(
        address: entry.address, host: entry.host ?? "", since: entry.since, until: left.map { clock() + $0 },
        isInForce: present.contains(entry.address), by: Self.words(entry.by), why: entry.why)
    }
  }

  /// A table with whom the host has cut off, for as long as is left of the time of each.
  func cuttingOff(_ table: Table, _ run: Run) -> Table {
    table.cuttingOff(kept(run.content, run.place).cutOff)
  }

  /// Whom the host has cut off, for as long as is left of the time of each, and everybody whom it may have; those whose time is
  /// over the kernel has for another moment.
  func kept(_ content: HostStore.Content, _ place: String) -> (cutOff: [CutOff], known: Set<Address>?) {
    let entries = content.state.quarantine
    let cutOff = entries.compactMap { entry -> CutOff? in
      guard let left = left(of: entry, place) else { return CutOff(entry.address, milliseconds: nil) }
      // What a file says may be any number.
      return left == 0 ? nil : CutOff(entry.address, milliseconds: UInt64(min(left, 1 << 32)) * 1000)
    }
    return (cutOff, content.damage.isEmpty ? Set(entries.map(\.address)) : nil)
  }

  private func left(of entry: HostState.Quarantine, _ place: String) -> Int64? {
    entry.left(at: clock(), sinceBoot: sinceBoot(), in: place)
  }

  private func refuseLockout(_ addresses: Set<Address>, _ hold: Hold) throws(AgentFailure) {
    guard let login = try host.logins(hold).first(where: { addresses.contains($0.source) }) else { return }
    throw AgentFailure(
      .lockout, "you are there from \(login.source), and could not come again; nothing was done",
      remedy: "come from elsewhere, or give --allow-lockout where there is another way in, such as a console")
  }

  private func noRules(_ run: Run) -> AgentFailure {
    if run.content.state.stop != nil {
      return AgentFailure(.refused, "the host is stopped: nothing is enforced", remedy: "sekisho start")
    }
    return AgentFailure(
      .refused,
      run.own == nil
        ? "nothing is enforced on this host"
        : "the rules of this host are of before a quarantine was possible",
      remedy: "apply its ruleset")
  }

  private func audit(_ event: AuditEvent, _ run: Run) throws(AgentFailure) {
    do throws(AgentFailure) {
      try reading { () throws(HostStore.Failure) in
        try store.append(AuditEntry(event, time: clock(), by: actor, why: run.why))
      }
    } catch {
      var failure = error
      failure.happened = .applied
      throw failure
    }
  }

  /// `web-1 (10.0.0.7)`.
  private static func words(_ peers: [QuarantineHosts.Peer]) -> [String] {
    peers.map { $0.host.isEmpty ? "\($0.address)" : "\($0.host) (\($0.address))" }
  }
}
