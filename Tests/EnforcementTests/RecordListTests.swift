import Addressing
import AgentProtocol
import Enforcement
import Foundation
import MemoryKernel
import Nftables
import NftablesNetlink
import Policy
import PolicyFixtures
import RulesetCompiler
import RulesetShape
import Testing

/// What a host tells of the packets that its rules have recorded.
@Suite struct RecordListTests {
  private static let day: UInt64 = 86_400_000

  /// A table that judges what comes in and out, and sets no larger than this.
  private static func table(mode: Mode = .enforce, size: UInt32? = nil) -> Table {
    let policy = RandomPolicy(seed: 3).policy
    let policies = HostPolicies(policy)
    let own = policies.distinct[0]
    let host = HostPolicy(
      modes: Modes(mode), deny: own.deny, forward: own.forward, dhcp: own.dhcp,
      mayNameItself: own.mayNameItself, allowances: own.allowances)
    let table = RulesetCompiler(policy, policies).compile(host)
    guard let size else { return table }
    return Table(
      family: table.family, name: table.name, flags: table.flags, comment: table.comment,
      chains: table.chains,
      sets: table.sets.map { set in
        guard set.recordedSide != nil else { return set }
        return NamedSet(
          name: set.name, key: set.key, flags: set.flags, size: size, timeout: set.timeout,
          elements: set.elements)
      })
  }

  private static func host(_ kernel: MemoryKernel) -> LocalHost {
    LocalHost(runtimeDirectory: FileManager.default.temporaryDirectory.path, kernel: kernel)
  }

  /// A record of one port that was seen last so many milliseconds ago.
  private static func state(
    _ last: UInt8, port: UInt16, ago: UInt64, packets: UInt64 = 1, timeout: UInt64? = nil
  ) -> ElementState {
    ElementState(
      key: [10, 0, 0, last, 6, 0, 0, 0, UInt8(port >> 8), UInt8(port & 255), 0, 0], timeout: timeout,
      timeLeft: (timeout ?? day) - ago, counter: CounterValues(packets: packets, bytes: 60 * packets))
  }

  private static let set: SetName = "in/denied.v4"

  @Test func `the most recent come first, each once, with what was counted`() throws {
    let kernel = MemoryKernel([Self.table()])
    kernel.made[Self.set] = [
      Self.state(1, port: 80, ago: 9000), Self.state(2, port: 22, ago: 1999, packets: 7),
      // Listed twice while it moved.
      Self.state(1, port: 80, ago: 500, packets: 3), Self.state(3, port: 22, ago: 5000),
      // With a time of its own.
      Self.state(4, port: 22, ago: 3000, timeout: 60_000),
      // No key of this set.
      ElementState(key: [10, 0, 0, 9], timeLeft: 1, counter: nil),
    ]
    let list = try Self.host(kernel).records()
    let input = try #require(list.directions.first { $0.hook == .input })
    #expect(input.mode == .enforce && input.memory == 86_400 && !input.isFull && input.untold == 0)
    #expect(
      input.entries.map { "\($0.record.peer) \($0.record.port ?? 0) \($0.packets) \($0.bytes) \($0.age)" }
        == [
          "10.0.0.1 80 3 180 0", "10.0.0.2 22 7 420 1", "10.0.0.4 22 1 60 3", "10.0.0.3 22 1 60 5",
        ])
    let rest = list.directions.filter { $0.hook != .input }
    #expect(!rest.isEmpty && rest.allSatisfy { $0.entries.isEmpty && $0.mode == .enforce })
  }

  @Test func `a time that is over or longer than the set keeps anything is no age below zero`() throws {
    let kernel = MemoryKernel([Self.table()])
    kernel.made[Self.set] = [
      ElementState(key: Self.state(1, port: 1, ago: 0).key, timeLeft: 0, counter: nil),
      ElementState(key: Self.state(2, port: 1, ago: 0).key, timeLeft: .max, counter: nil),
      ElementState(key: Self.state(3, port: 1, ago: 0).key, timeLeft: nil, counter: nil),
    ]
    let input = try #require(try Self.host(kernel).records().directions.first)
    #expect(input.entries.map(\.age) == [0, 0, 86_400])
    #expect(input.entries.allSatisfy { $0.packets == 0 })
  }

  @Test func `no more are told than travel, and the rest is counted`() throws {
    let kernel = MemoryKernel([Self.table()])
    let count = RecordList.most + 50
    kernel.made[Self.set] = (0..<count).map { Self.state(1, port: UInt16($0 + 1), ago: UInt64($0)) }
    let list = try Self.host(kernel).records()
    let input = try #require(list.directions.first)
    #expect(input.entries.count == RecordList.most && input.untold == 50)
    #expect(input.entries.first?.record.port == 1)
    // All of it is an answer that can be.
    var reader = AnswerReader<ListRecords>(id: 1)
    let lines = try Frames.reply(list, to: 1)
    #expect(lines.count == 1 && lines[0].count <= reader.longestLine)
    guard case .reply(list) = try reader.take(lines[0]) else {
      Issue.record("not the reply")
      return
    }
  }

  @Test(arguments: [(3, false), (4, true)])
  func `a set without room is told`(count: Int, isFull: Bool) throws {
    let kernel = MemoryKernel([Self.table(size: 4)])
    kernel.made[Self.set] = (0..<count).map { Self.state(UInt8($0), port: 1, ago: 1) }
    #expect(try Self.host(kernel).records().directions.map(\.isFull).first == isFull)
  }

  @Test func `directions that only observe say so`() throws {
    let kernel = MemoryKernel([Self.table(mode: .observe)])
    kernel.made[Self.set] = [Self.state(1, port: 80, ago: 1)]
    let list = try Self.host(kernel).records()
    #expect(list.directions.allSatisfy { $0.mode == .observe })
    #expect(list.directions.first?.entries.count == 1)
  }

  @Test func `while a change is on trial its rules are those that record`() throws {
    let (old, new) = (Self.table(), Self.table(mode: .observe, size: 9))
    let kernel = MemoryKernel([TrialTable(of: new, beside: old, milliseconds: 60_000).armed])
    kernel.made[Self.set] = [Self.state(1, port: 80, ago: 1)]
    let host = Self.host(kernel)
    for mode in [DirectionStatus.Mode.observe, .enforce] {
      #expect(try host.records().directions.allSatisfy { $0.mode == mode })
      let status = try #require(try host.status { _ in false }.table)
      #expect(status.directions.allSatisfy { $0.mode == mode && ($0.hook != .input || $0.records == 1) })
      kernel.expire()
    }
  }

  @Test func `without a table nothing is recorded, and that is said`() throws {
    let failure = #expect(throws: AgentFailure.self) { try Self.host(MemoryKernel()).records() }
    #expect(failure?.code == .refused && failure?.message.contains("nothing is enforced") == true)
  }
}
