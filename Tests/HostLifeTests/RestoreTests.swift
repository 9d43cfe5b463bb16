import AgentProtocol
import HostLife
import HostState
import HostStore
import MemoryKernel
import Nftables
import RulesetDiff
import RulesetShape
import Testing

/// What somebody else has made of a table is undone, whatever fails meanwhile.
@Suite struct RestoreTests {
  private static let tables = Place.tables
  private static let confirmed = ConfirmedRuleset(revision: 1, table: tables[0])

  private func made() throws -> Place {
    let place = try Place()
    _ = try place.life.adopt(
      Self.tables[0], seen: nil, isLearning: false, HostLife.Reason(why: nil, meaning: "")
    ) { _ in }
    return place
  }

  private func has(_ place: Place, _ table: Table) -> Bool {
    TableDiff.change(from: place.kernel.table(.inet, .sekisho), to: table).isEmpty
  }

  private func flush(_ place: Place) {
    place.kernel.commit(Change(family: .inet, table: .sekisho, operations: [.deleteTable]))
  }

  private func alter(_ place: Place) {
    let rule = Rule(compiling: [.match(.tcpDport, .port(23)), .accept])
    place.kernel.commit(
      Change(family: .inet, table: .sekisho, operations: [.addRule("input", rule, .last)]))
  }

  @Test func `what was flushed or altered is what was confirmed again, and the log says so`() throws {
    let place = try made()
    for harm in [flush, alter] {
      harm(place)
      #expect(!has(place, Self.tables[0]))
      #expect(try place.restore(Self.confirmed, because: "gone, nft (pid 12)").operations > 0)
      #expect(has(place, Self.tables[0]))
      let last = try place.life.books().events.last
      #expect(last?.event == "restored" && last?.revision == 1 && last?.detail == "gone, nft (pid 12)")
    }
    let events = try place.life.books().events.count
    #expect(try place.restore(Self.confirmed, because: "").operations == 0)
    #expect(try place.life.books().events.count == events)
  }

  @Test func `where sets are large it denies before they are filled`() throws {
    let refusing = Rule([.reject(Reject(.icmpxUnreachable, code: 3))])
    func table(_ count: Int, _ rule: Rule) -> Table {
      var keys: [UInt8] = []
      for number in 0..<count { keys += [10, 0, UInt8(number >> 8), UInt8(number & 255)] }
      let set = NamedSet(
        name: "peers", key: [.ipv4Address], elements: SetElements(keyLength: 4, keys: keys))
      return Table(
        family: .inet, name: .sekisho,
        chains: [
          Chain(name: "input", base: BaseChain(hook: .input, policy: .drop), rules: [rule, refusing])
        ],
        sets: [set])
    }
    let allowing = Rule(compiling: [.match(.ipSaddr, .named("peers")), .accept])
    let denying = Rule(compiling: [.match(.ipSaddr, .named("peers")), .drop])
    for (wanted, isDenyingFirst) in [
      (table(5000, allowing), true), (table(50, allowing), false), (table(5000, denying), false),
    ] {
      let confirmed = ConfirmedRuleset(revision: 1, table: wanted)
      func made() throws -> Place {
        let place = try Place()
        _ = try place.life.adopt(
          wanted, seen: nil, isLearning: false, HostLife.Reason(why: nil, meaning: "")
        ) { _ in }
        flush(place)
        return place
      }
      let calm = try made()
      calm.fail(at: nil)
      _ = try calm.restore(confirmed, because: "gone")
      #expect(has(calm, wanted))
      // What stands if the process is gone behind each call.
      var counts: [Int?] = []
      for call in 0..<calm.taken.kernel {
        let place = try made()
        place.fail(at: .killedAtKernel(call, .after))
        _ = try? place.restore(confirmed, because: "gone")
        let standing = place.kernel.table(.inet, .sekisho)?.table
        counts.append(standing?.set("peers")?.elements.count)
        // Who is allowed and refused meanwhile does not ask again.
        let rules = standing?.chain("input")?.rules ?? []
        #expect(counts.last != 0 || !rules.isEmpty && !rules.contains(refusing))
      }
      #expect(counts.contains(0) == isDenyingFirst, "\(counts)")
      #expect(counts.contains(wanted.sets.first?.elements.count) && counts.contains(nil))
    }
  }

  @Test func `what somebody has stopped, tries or has confirmed meanwhile is not undone`() throws {
    let place = try made()
    let store = HostStore(place.directory)
    try store.write(HostState.Stop(until: nil, by: Actor(user: "root"), why: nil))
    flush(place)
    let stopped = #expect(throws: AgentFailure.self) {
      try place.restore(Self.confirmed, because: "")
    }
    #expect(stopped?.code == .refused && stopped?.message.contains("has stopped") == true)
    try store.removeStop()
    _ = try place.restore(Self.confirmed, because: "")
    let reason = HostLife.Reason(why: nil, meaning: "")
    let armed = try place.life.arm(.table(Self.tables[1]), seen: nil, seconds: 60, reason) {}
    let tried = #expect(throws: AgentFailure.self) { try place.restore(Self.confirmed, because: "") }
    #expect(tried?.code == .trialRuns && place.isArmed)
    _ = try place.life.confirm(token: armed.token)
    let moved = #expect(throws: AgentFailure.self) { try place.restore(Self.confirmed, because: "") }
    #expect(moved?.code == .moved && has(place, Self.tables[1]))
  }

  @Test func `what was read before somebody began the books anew is not put back`() throws {
    let place = try made()
    let store = HostStore(place.directory)
    let known = HostLife.KnownRevision(
      about: try store.about(RevisionNumber(rawValue: 1)), ruleset: Self.confirmed)
    let other = try Place()
    _ = try other.life.adopt(
      Self.tables[1], seen: nil, isLearning: false, HostLife.Reason(why: nil, meaning: "")
    ) { _ in }
    let moved = #expect(throws: AgentFailure.self) { try other.life.restore(known, because: "") }
    #expect(moved?.code == .moved && has(other, Self.tables[1]))
  }

  @Test
  func
    `whatever call or step fails, the table is what was confirmed or what it was, and is put back next time`()
    throws
  {
    var walked = 0
    for harm in [flush, alter] {
      let calm = try made()
      harm(calm)
      calm.fail(at: nil)
      _ = try calm.restore(Self.confirmed, because: "")
      let (calls, steps) = calm.taken
      var faults: [Place.Fault] = []
      for call in 0..<calls {
        for moment in [MemoryKernel.Fault.Place.before, .after] {
          faults += HostLifeTests.errnos.prefix(2).map { .kernel(.init(call: call, moment, $0)) }
          faults.append(.killedAtKernel(call, moment))
        }
      }
      for step in 0..<steps {
        faults += HostLifeTests.diskErrnos.prefix(1).map { .disk(step, $0, isLasting: false) }
        faults.append(.killedAtDisk(step))
      }
      for fault in faults {
        let place = try made()
        harm(place)
        let before = place.kernel.table(.inet, .sekisho)?.table
        place.fail(at: fault)
        var failure: AgentFailure?
        do throws(AgentFailure) { _ = try place.restore(Self.confirmed, because: "") } catch {
          failure = error
        }
        place.fail(at: nil)
        let isBack = has(place, Self.tables[0])
        let comment: Comment = "\(fault): \(String(describing: failure))"
        #expect(isBack || place.kernel.table(.inet, .sekisho)?.table == before, comment)
        if !fault.isDeath {
          if failure == nil { #expect(isBack, comment) }
          if failure?.happened == .nothing { #expect(!isBack, comment) }
          if failure?.happened == .applied { #expect(isBack, comment) }
        }
        _ = try place.restore(Self.confirmed, because: "")
        #expect(has(place, Self.tables[0]), comment)
        walked += 1
      }
    }
    #expect(walked > 50)
  }
}
