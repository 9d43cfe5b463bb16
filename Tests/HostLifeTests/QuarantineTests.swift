import Addressing
import AgentProtocol
import Enforcement
import HostLife
import HostState
import HostStore
import MemoryKernel
import Netlink
import Nftables
import RulesetDiff
import RulesetShape
import Sessions
import SystemPackage
import Testing

/// Addresses that a host has cut off, whatever becomes of its rules, its disk and its processes.
@Suite struct QuarantineTests {
  private static let reason = HostLife.Reason(why: "a test", meaning: "1 line closes")
  private static let intruder = Address(.ipv4, 0x0a00_0001)
  private static let other = Address(.ipv6, 0x2001_0db8 << 96 | 1)

  /// The rulesets of other tests, with what every compiled one has.
  private static let tables = Place.tables.map { table in
    let sets = AddressFamily.allCases.map { family in
      NamedSet(
        name: SetMeaning.quarantine(family).name, key: [family == .ipv4 ? .ipv4Address : .ipv6Address],
        flags: .timeout, size: 1024, elements: .none(keyLength: family.byteCount))
    }
    return Table(family: table.family, name: table.name, chains: table.chains, sets: table.sets + sets)
  }

  private static func request(_ addresses: [Address] = [intruder, other], seconds: Int? = 600)
    -> QuarantineHosts
  {
    QuarantineHosts(addresses.map { .init($0, host: "web-1") }, seconds: seconds, why: "a shell")
  }

  private func made() throws -> Place {
    let place = try Place()
    _ = try place.life.adopt(Self.tables[0], seen: nil, isLearning: false, Self.reason) { _ in }
    return place
  }

  private func cutOff(_ place: Place) -> Set<Address> {
    place.kernel.table(.inet, .sekisho)?.table.cutOff ?? []
  }

  /// The kernel's time of an address in milliseconds; `nil`: it has none.
  private func time(_ place: Place, _ address: Address) -> UInt64? {
    guard
      let set = place.kernel.table(.inet, .sekisho)?.table.set(SetMeaning.quarantine(address.family).name),
      let index = set.elements.index(of: address.networkBytes[...])
    else { return nil }
    return set.elements.attributes[index]?.timeout
  }

  @Test func `its sessions end with it, and nobody else's`() throws {
    let place = try made()
    let mine = session(1)
    let others = session(2)
    place.kernel.entries = [mine, others]
    let done = try place.life.quarantine(Self.request())
    #expect(done.cut.isComplete && done.cut.sessions == 1, "\(done.cut)")
    #expect(place.kernel.entries == [others])
    #expect(done.until == place.now + 600)
    #expect(cutOff(place) == [Self.intruder, Self.other])
    let told = try place.life.quarantined()
    #expect(told.map(\.address) == [Self.intruder, Self.other] && told.allSatisfy(\.isInForce))
    #expect(told.allSatisfy { $0.why == "a shell" && $0.by == "ada (as root)" && $0.host == "web-1" })
    let event = try place.life.books().events.last
    #expect(event?.event == "quarantined" && event?.why == "a shell")
    #expect(event?.detail?.hasPrefix("web-1 (10.0.0.1), web-1 (2001:db8::1)") == true)
  }

  private func session(_ peer: UInt128) -> TrackedSession {
    let (client, server) = (Address(.ipv4, 0x0a00_0000 + peer), Address(.ipv4, 0x7f00_0001))
    return TrackedSession(
      original: .init(from: client, to: server, .tcp, sourcePort: 40_000, destinationPort: 443),
      reply: .init(from: server, to: client, .tcp, sourcePort: 443, destinationPort: 40_000), status: 0,
      isPickedUp: false, name: .init(tuple: [UInt8(peer)], id: UInt32(peer)))
  }

  @Test func `an apply, a trial, a rollback and a confirmation leave it`() throws {
    let place = try made()
    _ = try place.life.quarantine(Self.request())
    _ = try place.life.adopt(Self.tables[1], seen: nil, isLearning: false, Self.reason) { _ in }
    #expect(cutOff(place) == [Self.intruder, Self.other])
    _ = try place.life.arm(.table(Self.tables[0]), seen: nil, seconds: 60, Self.reason) { () in }
    #expect(cutOff(place) == [Self.intruder, Self.other])
    _ = try place.life.rollBack()
    #expect(cutOff(place) == [Self.intruder, Self.other])
    let armed = try place.life.arm(.table(Self.tables[0]), seen: nil, seconds: 60, Self.reason) { () in }
    _ = try place.life.confirm(token: armed.token)
    #expect(cutOff(place) == [Self.intruder, Self.other])
    #expect(try place.life.confirmedNow(place.kernel.table(.inet, .sekisho))?.isDrifted == false)
  }

  @Test func `a table that is gone comes back with it, for what is left of its time`() throws {
    let place = try made()
    _ = try place.life.quarantine(Self.request([Self.intruder]))
    _ = try place.life.quarantine(Self.request([Self.other], seconds: nil))
    place.kernel.commit(Change(family: .inet, table: .sekisho, operations: [.deleteTable]))
    place.now += 100
    place.sinceBoot += 100
    let confirmed = try place.life.confirmed()
    _ = try place.restore(confirmed, because: "the table is gone")
    #expect(cutOff(place) == [Self.intruder, Self.other])
    #expect(time(place, Self.intruder) == 500_000)
    #expect(time(place, Self.other) == nil)
  }

  @Test func `a boot brings it back for its whole time, whatever the clock of the wall says by then`() throws
  {
    let place = try made()
    _ = try place.life.quarantine(Self.request([Self.intruder], seconds: 600))
    _ = try place.life.quarantine(Self.request([Self.other], seconds: 60))
    // The books are of another boot.
    var kept = try place.content.state.quarantine
    kept = kept.map { entry in
      HostState.Quarantine(
        entry.address, host: entry.host, since: entry.since, sinceBoot: entry.sinceBoot, place: "another:net",
        seconds: entry.seconds, by: entry.by, why: entry.why)
    }
    try HostStore(place.directory).write(kept)
    place.kernel.commit(Change(family: .inet, table: .sekisho, operations: [.deleteTable]))
    // A clock that has come up a year ahead, before anybody has set it.
    place.now += 31_536_000
    place.sinceBoot = 5
    guard case .confirmed = try place.life.boot() else {
      Issue.record("nothing was loaded")
      return
    }
    #expect(cutOff(place) == [Self.intruder, Self.other])
    #expect(time(place, Self.intruder) == 595_000)
    #expect(time(place, Self.other) == 55_000)
    place.sinceBoot = 60
    #expect(try place.life.quarantined().map(\.address) == [Self.intruder])
  }

  @Test func `what somebody takes out of the set or puts into it is drift, and is put right`() throws {
    let place = try made()
    _ = try place.life.quarantine(Self.request([Self.intruder, Self.other]))
    let confirmed = try place.life.confirmed()
    let table = try #require(place.kernel.table(.inet, .sekisho)).table
    let stranger = Address(.ipv4, 0x0a00_0009)
    place.kernel.commit(
      Change(
        family: .inet, table: .sekisho,
        operations: table.removing([KeptElement.cutOff(Self.intruder, milliseconds: nil).place])
          + table.adding([.cutOff(stranger, milliseconds: nil)])))
    #expect(try place.life.quarantined().map(\.isInForce) == [false, true])
    let restored = try place.restore(confirmed, because: "an element is gone")
    #expect(restored.operations > 0)
    #expect(cutOff(place) == [Self.intruder, Self.other])
    #expect(try place.restore(confirmed, because: "nothing").operations == 0)
    // What is over in the books is left to the kernel.
    place.now += 700
    place.sinceBoot += 700
    #expect(try place.restore(confirmed, because: "nothing").operations == 0)
    #expect(cutOff(place) == [Self.intruder, Self.other])
  }

  @Test func `the fallback does not let him in either`() throws {
    let place = try made()
    _ = try place.life.quarantine(Self.request())
    place.kernel.commit(Change(family: .inet, table: .sekisho, operations: [.deleteTable]))
    try place.damage("confirmed")
    guard case .fallback = try place.life.boot() else {
      Issue.record("no fallback")
      return
    }
    #expect(place.kernel.table(.inet, .sekisho)?.table.isFallback == true)
    #expect(cutOff(place) == [Self.intruder, Self.other])
  }

  @Test func `books that cannot be read release nobody`() throws {
    let place = try made()
    _ = try place.life.quarantine(Self.request())
    let confirmed = try place.life.confirmed()
    try place.damage("quarantine")
    #expect(try place.restore(confirmed, because: "nothing").operations == 0)
    _ = try place.life.adopt(Self.tables[1], seen: nil, isLearning: false, Self.reason) { _ in }
    #expect(cutOff(place) == [Self.intruder, Self.other])
  }

  @Test func `books that cannot be read are named, and nobody is told to be free or let go`() throws {
    let place = try made()
    _ = try place.life.quarantine(Self.request())
    try place.damage("quarantine")
    let questions: [() throws -> Void] = [
      { _ = try place.life.quarantined() }, { _ = try place.life.quarantine(Self.request()) },
      { _ = try place.life.release(ReleaseHosts([Self.intruder], why: nil)) },
    ]
    for question in questions {
      let error = #expect(throws: AgentFailure.self) { try question() }
      #expect(
        error?.message.contains("is not known") == true && error?.happened == .nothing, "\(error as Any)")
    }
    #expect(cutOff(place) == [Self.intruder, Self.other])
    place.kernel.commit(Change(family: .inet, table: .sekisho, operations: [.deleteTable]))
    guard case .unguarded(_, let reason) = try place.life.boot() else {
      Issue.record("nothing was loaded, or nothing said")
      return
    }
    #expect(reason.message.contains("is not known"))
  }

  @Test func `a host that is stopped refuses him once its rules are back`() throws {
    let place = try made()
    _ = try place.life.stop(seconds: 60, why: nil)
    let done = try place.life.quarantine(Self.request([Self.intruder], seconds: 600))
    #expect(done.isWaiting == true && done.until == place.now + 600)
    #expect(try place.life.quarantined().map(\.isInForce) == [false])
    place.now += 10
    place.sinceBoot += 10
    _ = try place.life.start()
    #expect(cutOff(place) == [Self.intruder] && time(place, Self.intruder) == 590_000)
    _ = try place.life.stop(seconds: nil, why: nil)
    #expect(try place.life.release(ReleaseHosts([Self.intruder], why: nil)).addresses == [Self.intruder])
    _ = try place.life.start()
    #expect(cutOff(place).isEmpty)
  }

  @Test func `rules that do not ask for him are refused until he is let go`() throws {
    let place = try Place()
    _ = try place.life.adopt(Place.tables[0], seen: nil, isLearning: false, Self.reason) { _ in }
    _ = try place.life.adopt(Self.tables[1], seen: nil, isLearning: false, Self.reason) { _ in }
    _ = try place.life.quarantine(Self.request())
    let old = try #require(try place.life.books().revisions.first).number
    let attempts: [() throws -> Void] = [
      { _ = try place.life.adopt(Place.tables[0], seen: nil, isLearning: false, Self.reason) { _ in } },
      { _ = try place.life.arm(.table(Place.tables[0]), seen: nil, seconds: 60, Self.reason) { () in } },
      {
        let source = HostLife.Source.revision(RevisionNumber(rawValue: old))
        _ = try place.life.arm(source, seen: nil, seconds: 60, Self.reason) { () in }
      },
    ]
    for attempt in attempts {
      let error = #expect(throws: AgentFailure.self) { try attempt() }
      #expect(error?.code == .refused && error?.happened == .nothing, "\(error as Any)")
      #expect(cutOff(place) == [Self.intruder, Self.other])
    }
    _ = try place.life.release(ReleaseHosts([Self.intruder, Self.other], why: nil))
    for attempt in attempts.dropLast() { try attempt() }
  }

  @Test func `a release ends it in the kernel and in the books`() throws {
    let place = try made()
    _ = try place.life.quarantine(Self.request())
    let released = try place.life.release(ReleaseHosts([Self.intruder], why: "clean"))
    #expect(released.addresses == [Self.intruder])
    #expect(cutOff(place) == [Self.other])
    #expect(try place.content.state.quarantine.map(\.address) == [Self.other])
    #expect(try place.life.release(ReleaseHosts([Self.intruder], why: nil)).addresses.isEmpty)
    #expect(try place.life.books().events.filter { $0.event == "released" }.count == 1)
  }

  @Test func `whatever fails of a release, nobody is let in who is said not to be, and no boot undoes it`()
    throws
  {
    let whole = try made()
    _ = try whole.life.quarantine(Self.request())
    whole.fail(at: nil)
    _ = try whole.life.release(ReleaseHosts([Self.intruder, Self.other], why: nil))
    let taken = whole.taken
    #expect(taken.kernel > 1 && taken.disk > 1)
    for fault in Place.faults(within: taken) {
      let place = try made()
      _ = try place.life.quarantine(Self.request())
      place.fail(at: fault)
      let result = Result { try place.life.release(ReleaseHosts([Self.intruder, Self.other], why: nil)) }
      place.fail(at: nil)
      let isLetIn = cutOff(place).isEmpty
      let isInBooks = try !place.content.state.quarantine.isEmpty
      if case .success = result { #expect(isLetIn, "\(fault)") }
      if case .failure(let error) = result, let failure = error as? AgentFailure, !fault.isDeath,
        failure.happened != .unknown
      {
        #expect(isLetIn == (failure.happened == .applied), "\(fault): \(failure)")
        #expect(isLetIn == (failure.code == .unwritten), "\(fault): \(failure)")
        #expect(isInBooks != isLetIn, "\(fault): \(failure)")
      }
      // Whoever is let in stays so: the next apply does not cut him off again.
      #expect(!isLetIn || !isInBooks, "\(fault)")
    }
  }

  @Test func `where no rules ask for it it is refused, and nothing is written`() throws {
    let place = try Place()
    let none = #expect(throws: AgentFailure.self) { _ = try place.life.quarantine(Self.request()) }
    #expect(none?.code == .refused && none?.happened == .nothing)
    _ = try place.life.adopt(Place.tables[0], seen: nil, isLearning: false, Self.reason) { _ in }
    let old = #expect(throws: AgentFailure.self) { _ = try place.life.quarantine(Self.request()) }
    #expect(old?.code == .refused && old?.remedy == "apply its ruleset")
    #expect(try place.content.state.quarantine.isEmpty)
  }

  @Test func `whatever fails, it is said, and it is not said to be done`() throws {
    let whole = try made()
    whole.fail(at: nil)
    _ = try whole.life.quarantine(Self.request())
    let taken = whole.taken
    #expect(taken.kernel > 3 && taken.disk > 1)
    for fault in Place.faults(within: taken) { try check(fault) }
  }

  private func check(_ fault: Place.Fault) throws {
    let place = try made()
    place.fail(at: fault)
    let result = Result { try place.life.quarantine(Self.request()) }
    place.fail(at: nil)
    let isInForce = cutOff(place) == [Self.intruder, Self.other]
    if case .success = result { #expect(isInForce, "\(fault)") }
    if case .failure(let error) = result, let failure = error as? AgentFailure, failure.happened == .nothing,
      !fault.isDeath
    {
      #expect(!isInForce, "\(fault): \(failure)")
    }
    // What is in force is in the books, so that no boot forgets it.
    let kept = Set(try place.content.state.quarantine.map(\.address))
    #expect(!isInForce || kept == [Self.intruder, Self.other], "\(fault)")
  }
}
