import AgentProtocol
import Enforcement
import Foundation
import HostLife
import HostStore
import Machine
import MemoryKernel
import Nftables
import NftablesNetlink
import RulesetDiff
import RulesetShape
import Testing

/// What the disk of a host says of records.
@Suite struct RecordKeepingTests {
  private static func made() throws -> Place {
    let place = try Place()
    _ = try place.life.adopt(
      Place.tables[0], seen: nil, isLearning: false, HostLife.Reason(why: nil, meaning: "a test")
    ) { _ in }
    return place
  }

  @Test func `those of another network namespace are left alone, unless nobody has written them for long`()
    throws
  {
    let place = try Self.made()
    let store = HostStore(place.directory)
    let there = "\(try Boot.identifier()):1"
    let other = RecordMemory(RecordList(directions: []), at: place.now, in: there)
    try store.write(records: other)
    #expect(try place.life.records().loss?.contains("another network namespace") == true)
    // What is stopped here takes nothing of it away.
    _ = try place.life.stop(seconds: 60, why: nil)
    #expect(try store.records(as: RecordMemory.self) == other)
    _ = try place.life.start()
    place.now += 3600
    #expect(try place.life.records().loss == nil)
    _ = try place.life.stop(seconds: 60, why: nil)
    #expect(try store.records(as: RecordMemory.self)?.place != there)
  }

  @Test func `what is damaged is told, and keeps nobody from a stop or a boot`() throws {
    let place = try Self.made()
    try Data("{\"format_version\":1,\"value\":{}}".utf8).write(
      to: URL(fileURLWithPath: "\(place.directory.path)/records"))
    #expect(try place.life.records().loss?.contains("records is damaged") == true)
    _ = try place.life.stop(seconds: 60, why: nil)
    #expect(place.judge == nil)
    _ = try place.life.start()
    #expect(place.judge != nil)
    #expect(try place.life.records().loss == nil)
    #expect(try place.content.damage.isEmpty)
  }

  @Test func `a table that goes while it is asked for its records is no trouble`() throws {
    let table = Fallback.table
    let gone = Change(family: table.family, table: table.name, operations: [.deleteTable])
    func disturbed(_ ahead: Int) throws -> Place {
      let place = try Self.made()
      // With sets of records.
      place.kernel.commit(TableDiff.change(from: place.kernel.table(.inet, .sekisho), to: table))
      place.kernel.disturb { $0 == ahead ? [gone] : [] }
      return place
    }
    for ahead in 0..<20 {
      let place = try disturbed(ahead)
      do throws(AgentFailure) {
        _ = try place.life.records()
      } catch { #expect(error.code == .refused, "\(ahead): \(error)") }
      _ = try disturbed(ahead).host.status { _ in false }
    }
  }

  @Test func `a table that is made anew takes no records with it`() throws {
    let place = try Self.made()
    let reason = HostLife.Reason(why: nil, meaning: "a test")
    let table = Fallback.table
    func marked(_ flags: TableFlags) -> Table {
      Table(
        family: table.family, name: table.name, flags: flags, comment: "not the fallback",
        chains: table.chains,
        sets: table.sets, others: table.others)
    }
    func count(_ packets: UInt64) -> [ElementState] {
      [
        ElementState(
          key: [10, 0, 0, 9, 6, 0, 0, 0, 0, 22, 0, 0], timeLeft: 86_400_000,
          counter: CounterValues(packets: packets, bytes: 60 * packets))
      ]
    }
    func told() throws -> [UInt64] {
      try place.life.records().directions.filter { $0.hook == .input }.flatMap(\.entries).map(\.packets)
    }
    place.kernel.commit(
      TableDiff.change(from: place.kernel.table(.inet, .sekisho), to: marked(.persist)))
    place.kernel.made["in/denied.v4"] = count(5)
    #expect(try told() == [5])
    // No operation changes such a flag.
    _ = try place.life.adopt(marked([]), seen: nil, isLearning: false, reason) { _ in }
    place.kernel.made["in/denied.v4"] = []
    #expect(try told() == [5])
    place.kernel.made["in/denied.v4"] = count(6)
    #expect(try told() == [11])
  }

  @Test func `a time without rules is none in which everything was recorded, whoever takes them away`() throws
  {
    let place = try Self.made()
    let table = Fallback.table
    let other = Table(
      family: table.family, name: table.name, flags: table.flags, comment: "not the fallback",
      chains: table.chains, sets: table.sets, others: table.others)
    _ = try place.life.adopt(
      other, seen: nil, isLearning: false, HostLife.Reason(why: nil, meaning: "a test")
    ) { _ in }
    let store = HostStore(place.directory)
    func watched() throws -> Int? {
      try place.life.records().directions.first { $0.hook == .input }?.watched
    }
    func pass(_ seconds: Int64) {
      place.now += seconds
      place.sinceBoot += seconds
    }
    func watch() throws {
      let here = "\(try Boot.identifier()):\(try NetworkNamespace.current())"
      try store.write(records: RecordMemory(try place.host.records(), at: place.now, in: here))
      pass(60)
      #expect(try watched() == 60)
    }
    try watch()
    _ = try place.life.stop(seconds: 600, why: nil)
    pass(8)
    _ = try place.life.start()
    #expect(try watched() == 0)
    // Of somebody who goes by nobody's books the next who makes the table notes that there was none.
    try watch()
    place.kernel.commit(Change(family: .inet, table: .sekisho, operations: [.deleteTable]))
    pass(8)
    _ = try place.life.boot()
    #expect(try watched() == 0)
  }
}
