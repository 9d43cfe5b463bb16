import Addressing
import AgentProtocol
import Enforcement
import HostAgent
import HostLife
import Machine
import MemoryKernel
import Netlink
import Nftables
import RulesetShape
import Testing

/// Sets that rules fill are read apart from their table, and that may fail alone.
@Suite struct TrippedUnknownTests {
  private static func made() throws -> Place {
    let place = try Place()
    let set = NamedSet(
      name: SetMeaning.tripped("scan", .ipv4).name, key: [.ipv4Address], flags: [.dynamic, .timeout],
      size: 1024,
      elements: .none(keyLength: 4))
    let table = Place.tables[0]
    _ = try place.life.adopt(
      Table(family: .inet, name: .sekisho, chains: table.chains, sets: table.sets + [set]), seen: nil,
      isLearning: false, HostLife.Reason(why: nil, meaning: "a test")
    ) { _ in }
    return place
  }

  /// What is told when one call to the kernel fails, for each of them; `nil`: nothing is.
  private static func told<Told>(
    _ ask: (AgentServer) throws -> Told
  ) throws -> [Told?] {
    let place = try made()
    let directory = place.directory
    func answer() throws -> Told {
      try ask(
        AgentServer(HostHere(place.host, state: { () throws(DirectoryRefusal) in directory }), version: "1"))
    }
    place.fail(at: nil)
    _ = try answer()
    return (0..<place.taken.kernel).map { call in
      place.fail(at: .kernel(.init(call: call, .before, .noMemory)))
      return try? answer()
    }
  }

  @Test func `status tells all else`() throws {
    let told = try Self.told { try $0.answer(Status()) }
    let parts = told.compactMap { status in status?.trippedUnknown == nil ? nil : status }
    #expect(!parts.isEmpty)
    #expect(parts.allSatisfy { $0.table != nil && $0.tripped == nil && !$0.unknown.isEmpty }, "\(parts)")
  }

  @Test func `records are told all the same`() throws {
    let told = try Self.told { try $0.answer(ListRecords()) }
    let parts = told.compactMap { list in list?.trippedUnknown == nil ? nil : list }
    #expect(!parts.isEmpty && parts.allSatisfy { $0.tripped == nil })
  }
}
