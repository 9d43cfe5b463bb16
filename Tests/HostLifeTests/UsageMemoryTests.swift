import AgentProtocol
import Enforcement
import Foundation
import HostLife
import Nftables
import RulesetShape
import Testing

/// What is kept of the use of flows beyond the kernel.
@Suite struct UsageMemoryTests {
  private static let start: Int64 = 1_700_000_000
  private static let here = "boot:1"

  private typealias Rule = (flow: String, handle: UInt64, packets: UInt64)

  private static func counts(_ rules: [Rule], table: UInt64 = 1) -> FlowCounts {
    FlowCounts(
      table: table,
      rules: rules.map { rule in
        CountedFlow(
          flow: rule.flow, side: .input, service: "web", handle: rule.handle,
          counter: CounterValues(
            packets: rule.packets, bytes: rule.packets.multipliedReportingOverflow(by: 60).0))
      })
  }

  /// `FLOW connections known first last after`, each time as its age.
  private static func told(_ memory: UsageMemory, at now: Int64) -> [String] {
    memory.list(at: now).uses.map { use in
      let ages = [use.known, use.first, use.last, use.lastAfter].map { $0.map { "\($0)" } ?? "-" }
      return (["\(use.flow) \(use.packets)"] + ages + (use.gone.map { ["gone \($0)"] } ?? []))
        .joined(separator: " ")
    }
  }

  @Test
  func `what goes on is counted once, and of what was used before the first look nobody knows since when`() {
    let first = UsageMemory(Self.counts([("f", 1, 5), ("g", 2, 0)]), at: Self.start, in: Self.here)
    #expect(Self.told(first, at: Self.start) == ["f 5 0 - 0 -", "g 0 0 - - -"])
    let counts = Self.counts([("f", 1, 7), ("g", 2, 0), ("h", 3, 1)])
    let later = first.adding(counts, at: Self.start + 60, in: Self.here)
    // What has come since was used since.
    #expect(Self.told(later, at: Self.start + 60) == ["f 7 60 - 0 60", "g 0 60 - - -", "h 1 0 0 0 60"])
    let idle = later.adding(counts, at: Self.start + 120, in: Self.here)
    #expect(
      Self.told(idle, at: Self.start + 120) == ["f 7 120 - 60 120", "g 0 120 - - -", "h 1 60 60 60 120"])
    #expect(idle.isSame(as: later) && !later.isSame(as: first))
  }

  @Test func `rules of both families of a flow are one sum, and services and directions are not`() {
    let rules = [
      CountedFlow(
        flow: "f", side: .input, service: "web", handle: 1, counter: CounterValues(packets: 1, bytes: 60)),
      CountedFlow(
        flow: "f", side: .input, service: "web", handle: 2, counter: CounterValues(packets: 2, bytes: 160)),
      CountedFlow(
        flow: "f", side: .output, service: "web", handle: 3, counter: CounterValues(packets: 4, bytes: 240)),
      CountedFlow(
        flow: "f", side: .input, service: "dns", handle: 4, counter: CounterValues(packets: 8, bytes: 480)),
    ]
    let list = UsageMemory(FlowCounts(table: 1, rules: rules), at: Self.start, in: Self.here).list(
      at: Self.start)
    #expect(
      list.uses.map { "\($0.hook.rawValue) \($0.service) \($0.packets) \($0.bytes)" } == [
        "input dns 8 480", "input web 3 220", "output web 4 240",
      ])
  }

  @Test
  func `a flow that comes back stands since then, and what it was used for before is told all the same`() {
    let day: Int64 = 86_400
    let first = UsageMemory(Self.counts([("f", 1, 5), ("g", 2, 0)]), at: Self.start, in: Self.here)
    let used = first.adding(Self.counts([("f", 1, 7), ("g", 2, 0)]), at: Self.start + 60, in: Self.here)
    let gone = used.adding(Self.counts([]), at: Self.start + day, in: Self.here)
    #expect(
      Self.told(gone, at: Self.start + day)
        == ["f 7 \(day) - \(day - 60) \(day) gone 0", "g 0 \(day) - - - gone 0"])
    let back = gone.adding(Self.counts([("f", 9, 0), ("g", 8, 0)]), at: Self.start + 40 * day, in: Self.here)
    #expect(
      Self.told(back, at: Self.start + 41 * day)
        == ["f 7 \(day) - \(41 * day - 60) \(41 * day)", "g 0 \(day) - - -"])
  }

  /// Each begins the kernel's count anew: a boot, a table that was made anew, a rule that was, and a hand that sets it back.
  @Test(arguments: [
    ("other:1", 1 as UInt64, 1 as UInt64, 7 as UInt64), (here, 2, 1, 7), (here, 1, 9, 7), (here, 1, 1, 2),
  ])
  func `a count that begins anew is added whole`(
    place: String, table: UInt64, handle: UInt64, packets: UInt64
  ) {
    let memory = UsageMemory(Self.counts([("f", 1, 5)]), at: Self.start, in: Self.here)
    let counts = Self.counts([("f", handle, packets)], table: table)
    let later = memory.adding(counts, at: Self.start + 60, in: place)
    #expect(Self.told(later, at: Self.start + 60) == ["f \(5 + packets) 60 - 0 60"])
    // And goes on from there.
    let more = Self.counts([("f", handle, packets + 1)], table: table)
    let last = later.adding(more, at: Self.start + 120, in: place)
    #expect(Self.told(last, at: Self.start + 120) == ["f \(6 + packets) 120 - 0 60"])
  }

  @Test func `a handle that is another flow's by now goes on with nothing`() {
    let memory = UsageMemory(Self.counts([("f", 1, 5), ("g", 2, 9)]), at: Self.start, in: Self.here)
    let later = memory.adding(Self.counts([("g", 1, 6)]), at: Self.start + 60, in: Self.here)
    #expect(Self.told(later, at: Self.start + 60) == ["f 5 60 - 60 - gone 0", "g 15 60 - 0 60"])
  }

  @Test func `a flow that comes back goes on, and one that is gone for long is forgotten`() {
    let memory = UsageMemory(Self.counts([("f", 1, 5)]), at: Self.start, in: Self.here)
    let without = memory.adding(Self.counts([]), at: Self.start + 60, in: Self.here)
    let back = without.adding(Self.counts([("f", 2, 3)]), at: Self.start + 120, in: Self.here)
    #expect(Self.told(back, at: Self.start + 120) == ["f 8 0 - 0 60"])
    let year = without.adding(Self.counts([]), at: Self.start + 401 * 86_400, in: Self.here)
    #expect(Self.told(year, at: Self.start + 401 * 86_400) == [])
  }

  @Test func `counts that no number holds stay at the highest`() {
    let memory = UsageMemory(Self.counts([("f", 1, .max)]), at: Self.start, in: Self.here)
    let later = memory.adding(Self.counts([("f", 1, .max), ("f", 2, 5)]), at: Self.start + 60, in: Self.here)
    #expect(later.list(at: Self.start + 60).uses.map(\.packets) == [.max])
  }

  private static func gaps(_ memory: UsageMemory, at now: Int64) -> [String] {
    memory.list(at: now).gaps.map { "\($0.began)-\($0.ended)" }
  }

  @Test
  func `what may have been lost with a table is a gap, and what a boot took is known to have ended with it`()
  {
    let counts = Self.counts([("f", 1, 5)])
    let memory = UsageMemory(counts, at: Self.start, booted: Self.start - 1000, in: Self.here)
    let other = Self.counts([("f", 1, 0)], table: 2)
    // From one look of a watch to the next nothing is called a gap.
    #expect(Self.gaps(memory.adding(other, at: Self.start + 120, in: Self.here), at: Self.start + 120) == [])
    let late = Self.start + 3600
    #expect(Self.gaps(memory.adding(counts, at: late, in: Self.here), at: late) == [])
    #expect(Self.gaps(memory.adding(other, at: late, in: Self.here), at: late) == ["3600-0"])
    let same = Self.counts([("f", 1, 9)])
    #expect(Self.gaps(memory.withoutTable.adding(same, at: late, in: Self.here), at: late) == ["3600-0"])
    #expect(
      Self.told(memory.withoutTable.adding(same, at: late, in: Self.here), at: late) == ["f 14 3600 - 0 3600"]
    )
    let booted = memory.adding(other, at: late, booted: Self.start + 600, in: "other:1")
    #expect(Self.gaps(booted, at: late) == ["3600-3000"])
    // Of a great many the oldest become one.
    var many = memory
    for number in 1...70 {
      let place = "boot\(number):1"
      many = many.adding(counts, at: Self.start + Int64(number) * 1000, in: place)
    }
    let told = many.list(at: Self.start + 70_000).gaps
    #expect(told.count == 64 && told[0].began == 70_000 && told[0].ended == 63_000, "\(told)")
  }

  @Test
  func
    `a clock that is set moves what it said since the boot, and one that goes back over a boot spoils nothing`()
  {
    let ahead = Self.start + 40 * 86_400
    let memory = UsageMemory(Self.counts([("f", 1, 0)]), at: ahead, booted: ahead - 100, in: Self.here)
      .adding(Self.counts([("f", 1, 1)]), at: ahead + 60, booted: ahead - 100, in: Self.here)
    let right = memory.adding(
      Self.counts([("f", 1, 1)]), at: Self.start + 120, booted: Self.start - 100, in: Self.here)
    #expect(Self.told(right, at: Self.start + 120) == ["f 1 120 60 60 120"])
    // Over a boot nobody knows which was right: what lies ahead was just now.
    let booted = memory.adding(
      Self.counts([("f", 1, 0)], table: 2), at: Self.start + 120, booted: Self.start + 20, in: "other:1")
    #expect(Self.told(booted, at: Self.start + 120) == ["f 1 0 0 0 0"])
    let used = booted.adding(
      Self.counts([("f", 1, 1)], table: 2), at: Self.start + 180, booted: Self.start + 20, in: "other:1")
    #expect(Self.told(used, at: Self.start + 240) == ["f 2 0 0 60 120"])
  }

  @Test func `it is read as it was written, and what is no such file is refused`() throws {
    let memory = UsageMemory(
      Self.counts([("f", 1, 5), ("a \"b\"\n", 2, .max)]), at: Self.start, booted: 7, in: Self.here
    ).adding(Self.counts([("f", 1, 9)], table: 4), at: Self.start + 600, booted: 7, in: Self.here)
    let bytes = try JSONEncoder().encode(memory)
    #expect(try JSONDecoder().decode(UsageMemory.self, from: bytes) == memory)
    let without = try JSONEncoder().encode(memory.withoutTable)
    #expect(try JSONDecoder().decode(UsageMemory.self, from: without) == memory.withoutTable)
    let text = String(decoding: bytes, as: UTF8.self)
    for (part, other) in [
      ("\"rules\":[[1,1,", "\"rules\":[[1,2,"), ("\"rules\":[[1,1,", "\"rules\":[[1,-1,"),
      ("\"rules\":[[1,1,9,", "\"rules\":[[1,1,"), ("\"input\"", "\"inputs\""),
    ] {
      #expect(text.contains(part), "\(text)")
      let forged = Data(text.replacing(part, with: other).utf8)
      #expect(throws: (any Error).self) { try JSONDecoder().decode(UsageMemory.self, from: forged) }
    }
    // Any number may stand there as a time.
    for time in ["9223372036854775807", "-9223372036854775808"] {
      let forged = Data(text.replacing("\(Self.start + 600)", with: time).utf8)
      let read = try JSONDecoder().decode(UsageMemory.self, from: forged)
      for place in [Self.here, "other:1"] {
        let later = read.adding(
          Self.counts([("f", 1, 10)], table: 5), at: Self.start + 700, booted: Self.start, in: place)
        #expect(later.list(at: Self.start + 700).uses.last?.packets == 24)
      }
    }
  }
}
