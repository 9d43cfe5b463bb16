import Addressing
import AgentProtocol
import Operations
import Testing

/// What is said of enforcing once records are left out that need be nobody's but a probe's.
@Suite struct EnforcingReadinessTests {
  private static func record(_ last: UInt8) -> Recorded.Record {
    Recorded.Record(
      peer: Address(.ipv4, 0x0a00_0000 + UInt128(last)), destination: nil, ipProtocol: .tcp, port: 22)
  }

  typealias Entry = (peer: UInt8, firstAge: Int?)

  private static func readiness(_ entries: [Entry], watched: Int?, quiet: Int?, untold: Int = 0)
    -> EnforcingReadiness
  {
    let direction = RecordList.Direction(
      hook: .input, mode: .observe, memory: 3_024_000, isFull: true,
      entries: entries.map {
        RecordList.Entry(record($0.peer), packets: 1, bytes: 60, age: 0, firstAge: $0.firstAge)
      }, untold: untold, watched: watched, quiet: quiet, inMode: 7)
    return EnforcingReadiness(
      records: RecordList(directions: [direction]),
      denied: [
        Recorded(
          hook: .input, memory: 3_024_000, count: entries.count, first: entries.map { record($0.peer) })
      ])
  }

  @Test func `where nothing is left out the host's words stand`() {
    // It was without records for a while, so that its watch is shorter than what it remembers.
    let readiness = Self.readiness([(1, 2_592_000)], watched: 600, quiet: 600)
    let told = readiness.without([.input: [], .output: []]).records.directions[0]
    #expect(told.watched == 600 && told.quiet == 600 && told.inMode == 7 && told.isFull)
  }

  /// 2 is of a probe.
  static let cases: [(entries: [Entry], watched: Int?, quiet: Int?, untold: Int, expected: Int?)] = [
    ([(1, 500), (2, 5)], 600, 5, 0, 500), ([(1, 2_592_000), (2, 5)], 600, 5, 0, 600),
    ([(2, 5)], 600, 5, 0, nil),
    ([(1, nil), (2, 5)], 600, 5, 0, 5), ([(1, 500), (2, 5)], 600, 5, 1, 5),
    ([(1, 500), (2, 5)], nil, nil, 0, nil),
  ]

  @Test(arguments: cases)
  func `what is left out is not what came last`(
    _ example: (entries: [Entry], watched: Int?, quiet: Int?, untold: Int, expected: Int?)
  ) {
    let readiness = Self.readiness(
      example.entries, watched: example.watched, quiet: example.quiet, untold: example.untold)
    let without = readiness.without([.input: [Self.record(2)]])
    let told = without.records.directions[0]
    #expect(told.quiet == example.expected && told.watched == example.watched && told.inMode == 7)
    #expect(told.entries.count == example.entries.count - 1)
    #expect(without.denied.allSatisfy { !$0.first.contains(Self.record(2)) })
  }
}
