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
import Testing

/// Sessions that a change does not allow any more, whatever fails or dies on the way.
@Suite struct CutTests {
  private static let reason = HostLife.Reason(why: "a test", meaning: "1 line closes")
  private static let tables = Place.tables

  /// To this machine: allowed by the first ruleset alone, and by the second alone.
  private static let (revoked, allowed) = (session(1, 443), session(2, 80))

  private static func session(_ peer: UInt128, _ port: UInt16) -> TrackedSession {
    let (client, server) = (Address(.ipv4, 0x0a00_0000 + peer), Address(.ipv4, 0x7f00_0001))
    return TrackedSession(
      original: .init(from: client, to: server, .tcp, sourcePort: 40_000, destinationPort: port),
      reply: .init(from: server, to: client, .tcp, sourcePort: port, destinationPort: 40_000), status: 0,
      isPickedUp: false, name: .init(tuple: [UInt8(peer)], id: UInt32(peer)))
  }

  private func made() throws -> Place {
    let place = try Place()
    _ = try place.life.adopt(Self.tables[0], seen: nil, isLearning: false, Self.reason) { _ in }
    place.kernel.entries = [Self.revoked, Self.allowed]
    return place
  }

  private func adopt(_ place: Place, keepsSessions: Bool = false) throws -> Applied {
    try place.life.adopt(
      Self.tables[1], seen: nil, isLearning: false, keepsSessions: keepsSessions, Self.reason
    ) { _ in }
  }

  @Test func `what is not allowed any more ends, and is counted`() throws {
    let place = try made()
    let cut = try #require(try adopt(place).cut)
    #expect(cut.isComplete && cut.sessions == 1)
    #expect(place.kernel.entries == [Self.allowed])
  }

  @Test func `what is over ends as well, and is nobody's`() throws {
    let place = try made()
    let over = TrackedSession(
      original: Self.revoked.original, reply: Self.revoked.reply, status: 0, isPickedUp: false, isOver: true,
      name: .init(tuple: [9], id: 9))
    place.kernel.entries = [over, Self.allowed]
    #expect(try place.host.sessions().groups.map(\.port) == [80])
    let kept = try #require(try adopt(place, keepsSessions: true).cut)
    #expect(kept.sessions == 0 && kept.flows == [])
    let cut = try #require(try adopt(place).cut)
    #expect(cut.isComplete && cut.sessions == 0 && cut.flows == [])
    #expect(place.kernel.entries == [Self.allowed])
  }

  /// Whether this host or the other began it is not known where nobody tells who listens.
  @Test func `what is over is not told either where it cannot be judged`() throws {
    let place = try made()
    func pickedUp(isOver: Bool) -> TrackedSession {
      TrackedSession(
        original: Self.revoked.original, reply: Self.revoked.reply, status: 0, isPickedUp: true,
        isOver: isOver,
        name: .init(tuple: [9], id: 9))
    }
    place.kernel.sockets = nil
    for isOver in [true, false] {
      place.kernel.entries = [pickedUp(isOver: isOver)]
      let cut = try #require(try adopt(place, keepsSessions: true).cut)
      #expect(cut.sessions == 0 && cut.uncertain == (isOver ? 0 : 1))
    }
  }

  /// The rules stand by then: a change is not called failed for it, nor the host kept from the next one.
  @Test func `a kernel that ends nothing is said of, and holds up nobody`() throws {
    var said = 0
    for call in 0..<200 {
      let place = try made()
      place.fail(at: .kernel(.init(call: call, .before, .perm, isLasting: true)))
      let applied = try? adopt(place)
      let isOver = place.kernel.calls <= call
      place.fail(at: nil)
      if let cut = applied?.cut {
        // Ended behind a listing that failed is not known to be.
        #expect(!cut.isComplete || !place.kernel.entries.contains(Self.revoked))
        #expect(cut.isComplete || cut.failure != nil, "\(cut)")
        if cut.failure != nil { said += 1 }
      }
      #expect(try place.life.recover() == nil)
      if isOver { break }
    }
    #expect(said > 0)
  }

  @Test func `whoever dies at any call leaves no new rules with an old session`() throws {
    var deaths = 0
    for call in 0..<200 {
      for position in [MemoryKernel.Fault.Place.before, .after] {
        let place = try made()
        place.fail(at: .killedAtKernel(call, position))
        let isOver = (try? adopt(place)) != nil
        place.fail(at: nil)
        if isOver { continue }
        deaths += 1
        #expect(try place.life.recover() == nil)
        let isNew = try place.life.books().confirmed == 2
        #expect(place.kernel.entries == (isNew ? [Self.allowed] : [Self.revoked, Self.allowed]), "\(call)")
      }
    }
    #expect(deaths > 10)
  }

  @Test func `sessions that are kept are kept by whoever carries the change on`() throws {
    for call in 0..<200 {
      let place = try made()
      place.fail(at: .killedAtKernel(call, .after))
      let isOver = (try? adopt(place, keepsSessions: true)) != nil
      place.fail(at: nil)
      _ = try place.life.recover()
      #expect(place.kernel.entries == [Self.revoked, Self.allowed])
      if isOver { break }
    }
  }

  @Test func `behind what was put back no session is said to have ended that may go on`() throws {
    let confirmed = ConfirmedRuleset(revision: 1, table: Self.tables[0])
    var (ended, open) = (0, 0)
    for call in 0..<200 {
      let place = try made()
      place.kernel.commit(Change(family: .inet, table: .sekisho, operations: [.deleteTable]))
      place.fail(at: .kernel(.init(call: call, .before, .perm, isLasting: true)))
      let restored = try? place.restore(confirmed, because: "gone")
      let isOver = place.kernel.calls <= call
      place.fail(at: nil)
      switch restored.map(\.sessions) {
      case nil: break
      case .some(nil): open += 1
      case let count??:
        ended += 1
        #expect(count == 1 && place.kernel.entries == [Self.revoked])
      }
      if isOver { break }
    }
    #expect(open > 0 && ended > 0)
  }

  @Test func `who ended sessions is in the log`() throws {
    let place = try made()
    let ended = try place.life.end(EndSessions(flow: nil, peer: Self.revoked.original.source))
    #expect(ended.cut.sessions == 1 && ended.cut.isComplete)
    #expect(place.kernel.entries == [Self.allowed])
    let event = try place.life.books().events.last
    #expect(event?.event == "cut" && event?.detail == "1 of peer 10.0.0.1")
  }
}
