import AgentProtocol
import Enforcement
import Foundation
import HostLife
import HostStore
import Machine
import MemoryKernel
import Nftables
import RulesetDiff
import RulesetShape
import SystemPackage
import Testing

/// What the disk of a host says of the use of its flows.
@Suite struct UsageKeepingTests {
  private static func table(_ flow: String, port: UInt16 = 443) -> Table {
    Table(
      family: .inet, name: .sekisho,
      chains: [
        Chain(
          name: "input", base: BaseChain(hook: .input, policy: .drop),
          rules: [
            Rule(compiling: [.match(.ctState, .states(.established)), .accept]),
            Rule(compiling: [.jump("in.web")]),
          ]),
        Chain(
          name: "in.web",
          rules: [
            Rule(compiling: [.match(.tcpDport, .port(port)), .counter, .accept], comment: flow),
            // Neither is a flow's.
            Rule(compiling: [.counter, .drop], comment: "denied"),
            Rule(compiling: [.accept], comment: "other"),
          ]),
      ], sets: [])
  }

  private static func made(_ table: Table = table("f")) throws -> Place {
    let place = try Place()
    try adopt(table, place)
    return place
  }

  private static func adopt(_ table: Table, _ place: Place) throws {
    _ = try place.life.adopt(
      table, seen: nil, isLearning: false, HostLife.Reason(why: nil, meaning: "a test")
    ) { _ in }
  }

  private static func told(_ place: Place) throws -> [String] {
    try place.life.usage().uses.map { "\($0.flow) \($0.hook.rawValue) \($0.service) \($0.packets)" }
  }

  @Test func `the question is a look, and is answered where nothing can be written`() throws {
    let place = try Self.made()
    let store = HostStore(place.directory)
    #expect(try Self.told(place) == ["f input web 0"])
    place.kernel.count(5)
    let before = try store.usage(as: UsageMemory.self)
    for locked in [true, false] {
      let lock = locked ? try store.lock() : nil
      for _ in 0..<2 { #expect(try Self.told(place) == ["f input web 5"]) }
      withExtendedLifetime(lock) {}
      #expect(try (store.usage(as: UsageMemory.self) == before) == locked)
    }
    place.now += 60
    place.sinceBoot += 60
    let use = try #require(try place.life.usage().uses.first)
    #expect(use.last == 60 && use.lastAfter == 60 && use.first == 60)
    place.fail(at: .disk(0, .readOnlyFileSystem, isLasting: true))
    place.kernel.count(6)
    #expect(try Self.told(place) == ["f input web 6"])
  }

  @Test func `rules that are replaced, on trial or for good, and a stop take no counts with them`() throws {
    let place = try Self.made()
    let reason = HostLife.Reason(why: nil, meaning: "a test")
    place.kernel.count(5)
    place.now += 60
    try Self.adopt(Self.table("f", port: 444), place)
    #expect(try Self.told(place) == ["f input web 5"])
    place.kernel.count(2)
    #expect(try Self.told(place) == ["f input web 7"])
    let armed = try place.life.arm(.table(Self.table("g")), seen: nil, seconds: 60, reason) {}
    place.kernel.count(3)
    #expect(try Self.told(place) == ["f input web 8", "g input web 3"])
    _ = try place.life.confirm(token: armed.token)
    #expect(try Self.told(place) == ["f input web 8", "g input web 3"])
    place.kernel.count(4)
    _ = try place.life.stop(seconds: 60, why: nil)
    #expect(throws: AgentFailure.self) { try place.life.usage() }
    place.now += 600
    place.sinceBoot += 600
    _ = try place.life.start()
    let list = try place.life.usage()
    // The rules of the trial became other ones.
    #expect(try Self.told(place) == ["f input web 8", "g input web 7"])
    #expect(list.gaps.map { $0.began - $0.ended } == [600] && list.loss == nil)
  }

  @Test func `what is damaged is told, and keeps nobody from a change`() throws {
    let place = try Self.made()
    try place.damage("usage")
    do {
      let lock = try HostStore(place.directory).lock()
      #expect(try place.life.usage().loss?.contains("usage is damaged") == true)
      withExtendedLifetime(lock) {}
    }
    place.kernel.count(5)
    try Self.adopt(Self.table("f", port: 444), place)
    #expect(try place.life.usage().loss == nil)
    #expect(try Self.told(place) == ["f input web 5"])
  }

  @Test func `that of another network namespace is left alone, unless nobody has written it for long`() throws
  {
    let place = try Self.made()
    let store = HostStore(place.directory)
    let there = "\(try Boot.identifier()):1"
    let other = UsageMemory(FlowCounts(table: 1, rules: []), at: place.now, in: there)
    try store.write(usage: other)
    #expect(try place.life.usage().loss?.contains("another network namespace") == true)
    try Self.adopt(Self.table("g"), place)
    #expect(try store.usage(as: UsageMemory.self) == other)
    place.now += 3600
    #expect(try place.life.usage().loss == nil)
    try Self.adopt(Self.table("h"), place)
    #expect(try store.usage(as: UsageMemory.self)?.place != there)
  }
}
