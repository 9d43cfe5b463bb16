import Addressing
import AgentProtocol
import Attempts
import Foundation
import Nftables
import Policy
import PolicyFixtures
import RulesetCompiler
import RulesetDiff
import Testing

/// What is sent is what arrives, whatever is asked and answered.
@Suite struct RoundTripTests {
  @Test func `every request arrives as it was sent`() throws {
    try check(Hello())
    try check(Status())
    try check(Read())
    try check(List())
    try check(ListRecords())
    try check(ListPeers())
    try check(FollowRecords(seconds: 60))
    try check(ListUsage(countsSessions: true)) { #expect($0.countsSessions) }
    try check(Sightings())
    try check(StartHost(revision: 7, seen: Samples.seen))
    try check(StopHost(seconds: 600, why: "a trace"))
    try check(ReadRevision(7))
    let peers = [
      QuarantineHosts.Peer(try Address(parsing: "10.0.0.7"), host: "web-1"),
      QuarantineHosts.Peer(try Address(parsing: "2001:db8::7"), host: nil),
    ]
    try check(QuarantineHosts(peers, seconds: 600, why: "a shell", lockedOut: [peers[0].address])) {
      #expect($0.peers == peers && $0.seconds == 600 && $0.lockedOut == [peers[0].address])
    }
    let doors = [
      Door(.in, [peers[0].address], .tcp, 443), Door(.through, peers.map(\.address), .udp, 53),
    ]
    let flow = OpenedFlow(from: "web", to: "db-1", service: "tcp/443")
    try check(OpenDoors(flow, doors, seconds: 600, why: "a repair", ticket: "T-1")) {
      #expect($0.doors == doors && $0.flow == flow && $0.ticket == "T-1")
    }
    try check(CloseDoors(flow, doors, why: nil)) { #expect($0.doors == doors && $0.flow == flow) }
    try check(QuarantineHosts(peers, seconds: nil, why: "a shell")) { #expect($0.seconds == nil) }
    try check(ReleaseHosts(peers.map(\.address), why: nil)) { #expect($0.addresses == peers.map(\.address)) }
    try check(ReleaseTripped(peers, why: "ours")) { #expect($0.peers == peers && $0.why == "ours") }
    try check(Probe(Samples.attempts))
    try check(BearWitness(Samples.witnessing))
    try check(Look(Samples.table)) { #expect($0.wanted == Samples.table) }
    try check(Apply(Samples.table, seen: Samples.seen, isLearning: false)) {
      #expect($0.wanted == Samples.table && $0.seen == Samples.seen && !$0.isLearning)
    }
    try check(Apply(Samples.table, seen: nil)) { #expect($0.seen == nil && $0.isLearning) }
  }

  @Test func `every answer arrives as it was given`() throws {
    let opened = OpenedDoors(until: 600, refused: [try Address(parsing: "10.0.0.7")])
    for opened in [opened, OpenedDoors(until: 600)] { try check(opened, to: OpenDoors.self) }
    try check(Samples.greeting, to: Hello.self)
    for status in Samples.statuses { try check(status, to: Status.self) }
    var tripped = Samples.statuses[0]
    tripped.tripped = [
      TripStatus(
        address: try Address(parsing: "2001:db8::7"), tripwires: ["scan"], since: 1, until: 3601, isCut: true)
    ]
    try check(tripped, to: Status.self)
    for looked in Samples.looked { try check(looked, to: Look.self) }
    try check(Applied(operations: 3, generation: .max, retries: 2), to: Apply.self)
    try check(Listed(text: nil), to: List.self)
    try check(Samples.records, to: ListRecords.self)
    try check(Samples.peers, to: ListPeers.self)
    try check(Samples.usage, to: ListUsage.self)
    try check(FollowedRecords(isOver: true), to: FollowRecords.self)
    try check(StoppedHost(until: .max, revision: 7), to: StopHost.self)
    try check(StartedHost(revision: nil), to: StartHost.self)
    let cut = CutReport(
      isDone: true, flows: [.init(flow: "f", sessions: 3)], sessions: 3, uncertain: 0, left: 0)
    try check(QuarantinedHosts(until: 1_800_000_000, cut: cut), to: QuarantineHosts.self)
    try check(OpenedDoors(until: 1_800_000_000), to: OpenDoors.self)
    try check(ClosedDoors(doors: 2, shared: 1, wasOpen: true, cut: cut), to: CloseDoors.self)
    try check(ReleasedHosts([try Address(parsing: "10.0.0.7")]), to: ReleaseHosts.self)
    try check(ReleasedHosts([try Address(parsing: "10.0.0.7")]), to: ReleaseTripped.self)
    try check(RevisionRuleset(table: Samples.table), to: ReadRevision.self)
    try check(Listed(text: "table inet sekisho {\n}\u{202e}\n"), to: List.self)
    try check(HostRuleset(generation: 7, tables: [Samples.table, Samples.others]), to: Read.self)
    try check(Probed(outcomes: Samples.outcomes), to: Probe.self)
    try check(Witnessing(unheard: Samples.unheard), to: BearWitness.self)
    try check(Samples.sighted, to: Sightings.self)
  }

  @Test func `a failure arrives with all its parts`() throws {
    for code in AgentFailure.Code.allCases {
      for happened in [AgentFailure.Happened.nothing, .applied, .unknown] {
        let failure = AgentFailure(
          code, "an element is there already", object: "set app.v4 in table inet sekisho",
          element: "10.0.0.1", errno: .init(number: 17, name: "EEXIST"), remedy: "look again",
          happened: happened)
        for sent in [failure, AgentFailure(code, "no parts", happened: happened)] {
          var reader = AnswerReader<Apply>(id: 4)
          let thrown = #expect(throws: AgentFailure.self) {
            try reader.take(Frames.failure(sent, to: 4))
          }
          #expect(thrown == sent)
        }
      }
    }
  }

  @Test func `events come ahead of the answer, each of its own`() throws {
    var reader = AnswerReader<Apply>(id: 4)
    for _ in 0..<3 {
      guard case .event(let event) = try reader.take(try Frames.event(Apply.Event(.tracking), of: 4)) else {
        Issue.record("not an event")
        return
      }
      #expect(event.step == .tracking)
    }
    let reply = Applied(operations: 1, generation: 2, retries: 0)
    guard case .reply(reply) = try reader.take(try Frames.reply(reply, to: 4)[0]) else {
      Issue.record("not the reply")
      return
    }
    #expect(RequestReader.isGo(Frames.go(4), for: 4))
    #expect(!RequestReader.isGo(Frames.go(4), for: 5))
  }

  @Test func `the same message is the same bytes`() throws {
    let seen = Seen(
      moment: Samples.seen.moment, own: nil,
      others: Dictionary(uniqueKeysWithValues: (0..<20).map { ("ip t\($0)", "\($0)") }))
    let lines = try (0..<5).map { _ in try Frames.request(Apply(Samples.table, seen: seen), id: 1) }
    #expect(Set(lines).count == 1)
  }

  private func check<Request: AgentRequest>(
    _ request: Request, _ look: (Request) -> Void = { _ in }
  ) throws {
    var reader = RequestReader()
    var arrived: RequestReader.Arrived?
    let lines = try Frames.request(request, id: 12)
    for (index, line) in lines.enumerated() {
      #expect(!line.contains(10) && line.count <= reader.longestLine)
      switch reader.take(line) {
      case .request(let whole):
        #expect(index == lines.count - 1)
        arrived = whole
      case .more: #expect(index < lines.count - 1)
      case .bad(let failure, _): Issue.record("\(failure)")
      }
    }
    let whole = try #require(arrived)
    #expect(whole.id == 12 && whole.name == Request.name)
    let read = try whole.read(as: Request.self)
    #expect(read.tables == request.tables)
    #expect(try Frames.request(read, id: 12) == lines)
    look(read)
  }

  private func check<Request: AgentRequest>(
    _ reply: Request.Reply, to type: Request.Type
  ) throws where Request.Reply: Equatable {
    var reader = AnswerReader<Request>(id: 3)
    let lines = try Frames.reply(reply, to: 3)
    var told: Request.Reply?
    for line in lines {
      #expect(!line.contains(10) && line.count <= reader.longestLine)
      if case .reply(let reply) = try reader.take(line) { told = reply }
    }
    #expect(told == reply)
  }
}
