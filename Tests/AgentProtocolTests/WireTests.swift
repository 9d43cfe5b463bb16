import AgentProtocol
import Goldens
import Nftables
import Testing

/// The lines themselves: the other end may be of another version, and reads what this one has always written.
@Suite struct WireTests {
  @Test func `requests are these lines`() throws {
    try expect(
      [
        try Frames.request(Hello(), id: 1), try Frames.request(Status(), id: 2),
        try Frames.request(List(), id: 3), try Frames.request(Read(), id: 4),
        try Frames.request(Look(Samples.others), id: 5),
        try Frames.request(Apply(Samples.others, seen: Samples.seen), id: 6), [Frames.go(6)],
        try Frames.request(BearWitness(Samples.witnessing), id: 7),
        try Frames.request(Probe(Samples.attempts), id: 8), try Frames.request(Sightings(), id: 9),
        try Frames.request(ListRecords(), id: 10), try Frames.request(FollowRecords(seconds: 60), id: 11),
        try Frames.request(ListPeers(), id: 12),
        try Frames.request(
          Accept(SignedIndex(host: "a", index: Array("{}\n".utf8), signatures: Array("x".utf8))), id: 13),
      ], "requests")
  }

  @Test func `answers are these lines`() throws {
    try expect([try Frames.reply(Samples.greeting, to: 1)], "hello")
    try expect([Samples.statuses[1], Samples.statuses[3]].map { try Frames.reply($0, to: 1) }, "status")
    try expect([try Frames.reply(Listed(text: "table inet sekisho {\n}\n"), to: 1)], "list")
    try expect(
      [try Frames.reply(HostRuleset(generation: 7, tables: [Samples.others]), to: 1)], "read")
    try expect([try Frames.reply(Samples.looked[0], to: 1)], "look")
    try expect(
      [
        [try Frames.event(Apply.Event(.tracking), of: 1)],
        try Frames.reply(Applied(operations: 3, generation: 4, retries: 0), to: 1),
      ], "apply")
    try expect([try Frames.reply(Samples.records, to: 1)], "records")
    try expect([try Frames.reply(Samples.peers, to: 1)], "peers")
    try expect(
      [
        [try Frames.event(FollowRecords.Event(Samples.records), of: 1)],
        try Frames.reply(FollowedRecords(isOver: false), to: 1),
      ], "followed-records")
    try expect([try Frames.reply(Witnessing(unheard: Samples.unheard), to: 1)], "witness")
    try expect([try Frames.reply(Probed(outcomes: Samples.outcomes), to: 1)], "probe")
    try expect(
      [try Frames.reply(Samples.sighted, to: 1)], "sightings")
    let failure = AgentFailure(
      .refused, "File exists", object: "set app.v4 in table inet sekisho", element: "10.0.0.1",
      errno: .init(number: 17, name: "EEXIST"), remedy: "look again")
    try expect([[Frames.failure(failure, to: 1)]], "failure")
  }

  private func expect(_ messages: [[[UInt8]]], _ name: String) throws {
    let lines = messages.joined().map { String(decoding: $0, as: UTF8.self) + "\n" }
    let fault = Golden.fault(lines.joined(), "agent/\(name).txt")
    #expect(fault == nil)
  }
}
