import Addressing
import AgentProtocol
import Enforcement
import Testing

/// What of records has come since they were listed last.
@Suite struct RecordChangesTests {
  private typealias Told = (peer: UInt8, packets: UInt64, age: Int)

  private static func list(_ told: [Told], untold: Int = 0) -> RecordList {
    let entries = told.map { one in
      let record = Recorded.Record(
        peer: Address(.ipv4, UInt128(one.peer)), destination: nil, ipProtocol: .tcp, port: 22)
      return RecordList.Entry(record, packets: one.packets, bytes: 60 &* one.packets, age: one.age)
    }
    let direction = RecordList.Direction(
      hook: .input, mode: .enforce, memory: 86_400, isFull: false, entries: entries, untold: untold)
    return RecordList(directions: [direction])
  }

  /// `PEER packets`, with `new` where it is.
  private static func told(_ list: RecordList) -> [String] {
    list.directions.flatMap(\.entries).map { entry in
      "\(entry.record.peer.description.split(separator: ".")[3]) \(entry.packets)"
        + (entry.firstAge == nil ? "" : " new")
    }
  }

  @Test func `only what has come is told, the earliest first`() {
    var changes = RecordChanges(Self.list([(1, 5, 9), (2, 1, 20)]))
    #expect(Self.told(changes.taking(Self.list([(1, 5, 10), (2, 1, 21)]))).isEmpty)
    #expect(changes.taking(Self.list([(1, 5, 10), (2, 1, 21)])).directions.isEmpty)
    #expect(
      Self.told(changes.taking(Self.list([(3, 2, 0), (1, 7, 1), (2, 1, 22)]))) == ["1 2", "3 2 new"])
    #expect(Self.told(changes.taking(Self.list([(3, 2, 0), (1, 7, 1), (2, 1, 22)]))).isEmpty)
  }

  @Test func `bytes are those that have come, as packets are`() {
    func bytes(_ list: RecordList) -> [UInt64] { list.directions.flatMap(\.entries).map(\.bytes) }
    var changes = RecordChanges(Self.list([(1, 5, 9)]))
    #expect(bytes(changes.taking(Self.list([(2, 1, 0), (1, 7, 1)]))) == [120, 60])
    // A count that began anew.
    #expect(bytes(changes.taking(Self.list([(1, 3, 0), (2, 1, 9)]))) == [180])
  }

  @Test func `what was forgotten is new when it comes again, and a lower count began anew`() {
    var changes = RecordChanges(Self.list([(1, 5, 9), (2, 4, 20)]))
    #expect(Self.told(changes.taking(Self.list([(1, 2, 0)]))) == ["1 2"])
    #expect(Self.told(changes.taking(Self.list([(2, 4, 0), (1, 2, 1)]))) == ["2 4 new"])
    // A table that goes and comes again has other counts.
    #expect(Self.told(changes.taking(RecordList(directions: []))).isEmpty)
    #expect(Self.told(changes.taking(Self.list([(2, 1, 0)]))) == ["2 1"])
  }

  @Test func `what the host did not tell is not new when it is told`() {
    var changes = RecordChanges(Self.list([(1, 5, 9), (2, 4, 20)]))
    #expect(Self.told(changes.taking(Self.list([(3, 1, 0)], untold: 2))) == ["3 1 new"])
    #expect(Self.told(changes.taking(Self.list([(1, 5, 9), (3, 1, 0), (2, 4, 20)]))).isEmpty)
  }
}
