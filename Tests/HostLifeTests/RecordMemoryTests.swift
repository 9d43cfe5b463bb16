import Addressing
import AgentProtocol
import Foundation
import HostLife
import Testing

/// What is remembered of records beyond the kernel.
@Suite struct RecordMemoryTests {
  private static let start: Int64 = 1_700_000_000
  private static let here = "boot:1"

  private typealias Told = (peer: UInt8, packets: UInt64, age: Int)

  private static func list(
    _ told: [Told], untold: Int = 0, mode: DirectionStatus.Mode = .observe
  ) -> RecordList {
    let entries = told.map { one in
      RecordList.Entry(
        record(one.peer), packets: one.packets, bytes: 60 &* one.packets, age: one.age,
        firstAge: one.packets == 1 ? one.age : nil)
    }
    let direction = RecordList.Direction(
      hook: .input, mode: mode, memory: 86_400, isFull: false, entries: entries, untold: untold)
    return RecordList(directions: [direction])
  }

  private static func record(_ last: UInt8) -> Recorded.Record {
    Recorded.Record(
      peer: Address(.ipv4, 0x0a00_0000 + UInt128(last)), destination: nil, ipProtocol: .tcp, port: 22)
  }

  /// `PEER packets age first`, in the order told.
  private static func told(_ memory: RecordMemory, _ list: RecordList, at now: Int64) -> [String] {
    memory.completed(list, at: now).directions.flatMap(\.entries).map { entry in
      let first = entry.firstAge.map { "\($0)" } ?? "-"
      return
        "\(entry.record.peer.description.split(separator: ".")[3]) \(entry.packets) \(entry.age) \(first)"
    }
  }

  @Test func `what goes on is counted once, and what is new was first seen when it came`() {
    let first = Self.list([(1, 5, 10), (2, 1, 30)])
    let memory = RecordMemory(first, at: Self.start, in: Self.here)
    // Of what had come more than once before anybody looked nobody knows when it began.
    #expect(Self.told(memory, first, at: Self.start) == ["1 5 10 -", "2 1 30 30"])
    let second = Self.list([(1, 9, 2), (2, 1, 90), (3, 4, 20)])
    let later = memory.adding(second, at: Self.start + 60, in: Self.here)
    #expect(Self.told(later, second, at: Self.start + 60) == ["1 9 2 -", "3 4 20 20", "2 1 90 90"])
    let told = later.completed(second, at: Self.start + 60).directions[0]
    #expect(told.watched == 60 && told.quiet == 20)
    // What was there ahead of the first look came before that, whenever it did.
    let idle = memory.adding(first, at: Self.start + 60, in: Self.here).completed(first, at: Self.start + 60)
    #expect(idle.directions[0].quiet == 60)
    #expect(
      !later.isSame(as: memory) && later.isSame(as: later.adding(second, at: Self.start + 60, in: Self.here)))
  }

  /// Each begins the kernel's count anew.
  @Test(arguments: ["boot:1", "other:1"]) func `counts that begin anew are added`(place: String) {
    let memory = RecordMemory(Self.list([(1, 5, 10), (2, 7, 20)]), at: Self.start, in: Self.here)
    let list = Self.list([(1, 2, 0)])
    let later = memory.adding(list, at: Self.start + 60, in: place)
    #expect(Self.told(later, list, at: Self.start + 60) == ["1 7 0 -", "2 7 80 -"])
    // What comes again behind that is a count of its own, though it is more than the last of before.
    let last = Self.list([(1, 3, 0), (2, 9, 0)])
    let end = later.adding(last, at: Self.start + 120, in: place)
    #expect(Self.told(end, last, at: Self.start + 120) == ["1 8 0 -", "2 16 0 -"])
  }

  @Test func `of another boot a count that is as high is another`() {
    let memory = RecordMemory(Self.list([(1, 5, 10)]), at: Self.start, in: Self.here)
    let list = Self.list([(1, 6, 0)])
    #expect(
      Self.told(memory.adding(list, at: Self.start + 60, in: "other:1"), list, at: Self.start + 60)
        == ["1 11 0 -"])
  }

  @Test func `of a table that is known to have gone a count that is as high is another`() {
    let memory = RecordMemory(Self.list([(1, 5, 10)]), at: Self.start, in: Self.here).withoutTable
    let list = Self.list([(1, 5, 0)])
    let later = memory.adding(list, at: Self.start + 60, in: Self.here)
    #expect(Self.told(later, list, at: Self.start + 60) == ["1 10 0 -"])
  }

  private static func watched(_ memory: RecordMemory, _ list: RecordList, at now: Int64) -> [Int?] {
    let told = memory.completed(list, at: now).directions[0]
    return [told.watched, told.quiet]
  }

  @Test func `a time without a table is none in which everything was recorded`() {
    let list = Self.list([(1, 5, 10)])
    let memory = RecordMemory(list, at: Self.start, in: Self.here)
    let before = memory.adding(list, at: Self.start + 60, in: Self.here)
    #expect(Self.watched(before, list, at: Self.start + 60) == [60, 60])
    let behind = before.withoutTable.adding(
      list, lookedAt: Self.start + 60, at: Self.start + 70, in: Self.here)
    #expect(Self.watched(behind, list, at: Self.start + 70) == [0, 0])
    let later = behind.adding(list, at: Self.start + 100, in: Self.here)
    #expect(Self.watched(later, list, at: Self.start + 100) == [30, 30])
    // Nor one in which the direction was not judged, or by rules that record nothing that is known.
    for other in [RecordList(directions: []), Self.list([], mode: .unknown)] {
      let without = before.adding(other, at: Self.start + 90, in: Self.here)
      let again = without.adding(list, at: Self.start + 120, in: Self.here)
      #expect(Self.watched(again, list, at: Self.start + 120) == [0, 0])
    }
    // The kernel keeps a day, and nothing over a boot.
    for (place, seconds, watched) in [
      (Self.here, Int64(3600), 3660), ("other:1", 120, 180), ("other:1", 121, 0), (Self.here, 86_401, 0),
    ] {
      let now = Self.start + 60 + seconds
      let again = before.adding(list, at: now, in: place)
      #expect(Self.watched(again, list, at: now) == [watched, watched], "\(place), \(seconds) s")
    }
  }

  @Test func `a clock that was ahead spoils nothing once it is right`() {
    let list = Self.list([(1, 1, 10), (2, 4, 20)])
    let ahead = Self.start + 40 * 86_400
    // Whether it was set while the host ran or over a boot.
    for (place, booted) in [(Self.here, Self.start - 100), ("other:1", Self.start - 10)] {
      let memory = RecordMemory(list, at: ahead, booted: ahead - 100, in: Self.here)
      let right = memory.adding(list, at: Self.start, booted: booted, in: place)
      #expect(Self.watched(right, list, at: Self.start) == [0, 0])
      #expect(right.completed(list, at: Self.start).directions[0].entries.allSatisfy { $0.firstAge == nil })
      let later = right.adding(Self.list([]), at: Self.start + 600, booted: booted, in: place)
      #expect(later.completed(list, at: Self.start + 600).directions[0].entries.allSatisfy { $0.age >= 600 })
      #expect(Self.watched(later, list, at: Self.start + 600) == [600, 600])
      let end = Self.start + Int64(RecordMemory.longest) + 1
      #expect(Self.told(later.adding(Self.list([]), at: end, in: place), Self.list([]), at: end).isEmpty)
    }
  }

  @Test func `what a clock that was behind has said is not when something first came`() {
    let list = Self.list([(1, 1, 10), (2, 4, 20)])
    let memory = RecordMemory(list, at: 200, booted: 100, in: Self.here)
    let now = Self.start
    let right = memory.adding(Self.list([(1, 1, 30)]), at: now, booted: now - 120, in: Self.here)
    // Nothing is forgotten, and how long ago it came goes by the boot.
    #expect(
      Self.told(right, list, at: now)
        == ["1 2 20 -", "2 4 40 -"].map { $0.replacing("1 2 20", with: "1 1 30") })
    #expect(Self.watched(right, list, at: now) == [0, 0])
    // A clock that only drifts moves no boot.
    let slow = RecordMemory(list, at: now, booted: now - 100, in: Self.here)
    #expect(
      Self.told(slow.adding(list, at: now + 60, booted: now - 99, in: Self.here), list, at: now + 60)[0]
        == "1 1 10 70")
  }

  @Test func `what the kernel has and does not tell is not counted twice`() {
    let memory = RecordMemory(Self.list([(1, 5, 10)]), at: Self.start, in: Self.here)
    let without = memory.adding(Self.list([], untold: 1), at: Self.start + 10, in: Self.here)
    let again = Self.list([(1, 6, 0)])
    #expect(
      Self.told(without.adding(again, at: Self.start + 20, in: Self.here), again, at: Self.start + 20)
        == ["1 6 0 -"])
  }

  @Test func `where nobody looked for long only a single packet says when it came`() {
    let memory = RecordMemory(Self.list([]), at: Self.start, in: Self.here)
    let list = Self.list([(1, 3, 0), (2, 1, 5)])
    let now = Self.start + 3600
    #expect(Self.told(memory.adding(list, at: now, in: Self.here), list, at: now) == ["1 3 0 -", "2 1 5 5"])
    // Unless somebody did, and there was nothing to remember.
    let watched = memory.adding(list, lookedAt: now - 60, at: now, in: Self.here)
    #expect(Self.told(watched, list, at: now) == ["1 3 0 0", "2 1 5 5"])
    // A clock that was set back proves nothing.
    let back = memory.adding(list, at: Self.start - 50, in: Self.here)
    #expect(Self.told(back, list, at: Self.start - 50)[0] == "1 3 0 -")
  }

  @Test func `what nobody has done for five weeks is forgotten, and a break begins the time anew`() {
    let memory = RecordMemory(Self.list([(1, 5, 10)]), at: Self.start, in: Self.here)
    let list = Self.list([])
    let near = Self.start + Int64(RecordMemory.longest) - 10
    let kept = memory.adding(list, at: near, in: Self.here)
    #expect(Self.told(kept, list, at: near) == ["1 5 \(RecordMemory.longest) -"])
    #expect(kept.completed(list, at: near).directions[0].watched == 0)
    #expect(Self.told(kept.adding(list, at: near + 1, in: Self.here), list, at: near + 1).isEmpty)
  }

  private static func many(_ peers: Range<Int>, ports: Range<Int> = 22..<23, age: Int = 0) -> RecordList {
    let entries = peers.flatMap { peer in
      ports.map { port in
        RecordList.Entry(
          Recorded.Record(
            peer: Address(.ipv4, UInt128(peer)), destination: nil, ipProtocol: .tcp,
            port: UInt16(truncatingIfNeeded: port)), packets: 1, bytes: 60, age: age)
      }
    }
    return RecordList(directions: [
      RecordList.Direction(
        hook: .input, mode: .observe, memory: 86_400, isFull: false, entries: entries, untold: 0)
    ])
  }

  @Test func `behind a flood it is not said that nothing was missed since before it`() throws {
    let quiet = Self.list([(1, 1, 10)])
    var memory = RecordMemory(quiet, at: Self.start, in: Self.here)
    let month = Self.start + 30 * 86_400
    for day in 1...30 { memory = memory.adding(quiet, at: Self.start + Int64(day) * 86_400, in: Self.here) }
    #expect(Self.watched(memory, quiet, at: month) == [30 * 86_400, 30 * 86_400])
    // One peer that asks for everything there is, and more than is kept.
    let ports = RecordList.most / 4 + 1
    let flood = Self.many(1000..<1004, ports: 1..<ports + 1)
    let flooded = memory.adding(flood, at: month + 60, in: Self.here)
    let told = flooded.completed(flood, at: month + 60).directions[0]
    #expect(told.watched == 0 && told.isFull && told.entries.count == RecordMemory.room)
    // The flood has not driven out who asks for little.
    #expect(told.entries.contains { $0.record == Self.record(1) })
    // What then comes again may have been among what was dropped; what the disk says has it, too.
    let read = try JSONDecoder().decode(RecordMemory.self, from: JSONEncoder().encode(flooded))
    #expect(read == flooded)
    let next = Self.list([(1, 1, 10), (2, 2, 0)])
    let behind = read.adding(next, at: month + 120, in: Self.here)
    let last = try #require(behind.completed(next, at: month + 120).directions.first)
    #expect(last.entries.first { $0.record == Self.record(2) }.map { $0.firstAge == nil } == true)
    #expect(last.watched == 60)
  }

  @Test func `what the kernel has not told is no time in which everything was recorded, nor new`() {
    let list = Self.list([(1, 5, 10)])
    let memory = RecordMemory(list, at: Self.start, in: Self.here)
    let untold = Self.list([(1, 5, 70)], untold: 3)
    let short = memory.adding(untold, at: Self.start + 60, in: Self.here)
    #expect(Self.watched(short, untold, at: Self.start + 60) == [0, 0])
    let next = Self.list([(1, 5, 100), (2, 4, 20)])
    let later = short.adding(next, at: Self.start + 100, in: Self.here)
    #expect(Self.told(later, next, at: Self.start + 100) == ["2 4 20 -", "1 5 100 -"])
    #expect(Self.watched(later, next, at: Self.start + 100) == [40, 0])
  }

  @Test func `it is remembered since when a direction only observes`() throws {
    func inMode(_ memory: RecordMemory, _ list: RecordList, at now: Int64) -> Int? {
      memory.completed(list, at: now).directions[0].inMode
    }
    let (observing, enforcing) = (Self.list([(1, 1, 10)]), Self.list([(1, 1, 10)], mode: .enforce))
    let first = RecordMemory(enforcing, at: Self.start, in: Self.here)
    #expect(inMode(first, enforcing, at: Self.start) == nil)
    let changed = first.adding(observing, at: Self.start + 60, in: Self.here)
    #expect(inMode(changed, observing, at: Self.start + 60) == 0)
    let read = try JSONDecoder().decode(RecordMemory.self, from: JSONEncoder().encode(changed))
    #expect(read == changed)
    let later = read.adding(observing, at: Self.start + 120, in: Self.here)
    #expect(inMode(later, observing, at: Self.start + 120) == 60)
    // Of a time in which the direction was not judged, or by unknown rules, nobody knows what became of anything.
    for other in [RecordList(directions: []), Self.list([], mode: .unknown)] {
      let without = later.adding(other, at: Self.start + 180, in: Self.here)
      let again = without.adding(observing, at: Self.start + 240, in: Self.here)
      #expect(inMode(again, observing, at: Self.start + 240) == 0)
    }
    // What was not there then came since, whoever has looked meanwhile; of what was there nobody knows.
    let known = Self.list([(1, 2, 10)], mode: .enforce)
    let wide = RecordMemory(known, at: Self.start, in: Self.here)
      .adding(Self.list([(1, 3, 10)]), at: Self.start + 60, in: Self.here)
    let more = Self.list([(1, 5, 0), (2, 2, 5)])
    let hours = wide.adding(more, at: Self.start + 9000, in: Self.here)
    #expect(Self.told(hours, more, at: Self.start + 9000) == ["1 5 0 -", "2 2 5 5"])
    // A table that goes and comes again is the same mode, another boot as well.
    let again = later.withoutTable.adding(observing, at: Self.start + 240, in: "other:1")
    #expect(inMode(again, observing, at: Self.start + 240) == 180)
  }

  @Test func `of too many those are kept that were seen last, and all of it is an answer that can be`() throws
  {
    let memory = RecordMemory(Self.many(0..<RecordList.most, age: 9), at: Self.start, in: Self.here)
    let list = Self.list([(200, 1, 0)])
    let told = memory.adding(list, at: Self.start, in: Self.here).completed(list, at: Self.start)
    #expect(told.directions[0].entries.count == RecordMemory.room)
    #expect(told.directions[0].entries.contains { $0.record == Self.record(200) })
    var reader = AnswerReader<ListRecords>(id: 1)
    guard case .reply(told) = try reader.take(try Frames.reply(told, to: 1)[0]) else {
      Issue.record("not the reply")
      return
    }
  }

  @Test func `it is read back as it was written, and numbers of any size are no trap`() throws {
    let memory = RecordMemory(Self.list([(1, 5, 10), (2, 1, 30)]), at: Self.start, in: Self.here)
    let bytes = try JSONEncoder().encode(memory)
    #expect(try JSONDecoder().decode(RecordMemory.self, from: bytes) == memory)
    let text = String(decoding: bytes, as: UTF8.self)
    for number in ["\(Int64.max)", "0"] {
      let odd = text.replacing("\(Self.start - 10)", with: number).replacing("\(Self.start)", with: number)
      let read = try JSONDecoder().decode(RecordMemory.self, from: Data(odd.utf8))
      for now in [Self.start, .max, .min] {
        let list = Self.list([(1, .max, 1 << 40), (2, 1, 0), (3, 2, 0)])
        let later = read.adding(list, at: now, in: Self.here)
        #expect(!later.completed(list, at: now).directions[0].entries.isEmpty)
      }
    }
  }
}
