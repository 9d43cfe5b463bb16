import AgentProtocol
import Operations
import Testing

/// Which hosts are in which wave, and where a host of a run stands.
@Suite struct WavesTests {
  private static func hosts(_ count: Int) -> [String] { (1...max(count, 1)).prefix(count).map { "h\($0)" } }

  static let partitions: [(text: String, hosts: Int, canary: Int, sizes: [Int])] = [
    ("1,10%,100%", 100, 0, [1, 9, 90]),
    ("1,10%,100%", 5, 0, [1, 4]),
    ("1,10%,100%", 1, 0, [1]),
    ("1,10%,100%", 0, 0, []),
    ("1,10%,100%", 11, 0, [1, 1, 9]),
    ("100%", 7, 0, [7]),
    ("50%,100%", 3, 0, [2, 1]),
    ("1%,100%", 10_000, 0, [100, 9900]),
    ("2,5", 5, 0, [2, 3]),
    ("10%,100%", 100, 3, [3, 7, 90]),
    ("10%,100%", 20, 5, [5, 15]),
    ("100%", 4, 4, [4]),
  ]

  @Test(arguments: partitions)
  func `each wave goes as far as it says, and has hosts of its own`(
    text: String, hosts: Int, canary: Int, sizes: [Int]
  ) throws {
    let all = Self.hosts(hosts)
    // The canary is not what comes first by itself.
    let first = Set(all.suffix(canary))
    let waves = try Waves(text: text).partition(all, canary: first)
    #expect(waves.map(\.count) == sizes)
    #expect(waves.joined().sorted() == all.sorted())
    if canary > 0 { #expect(Set(waves[0]) == first) }
  }

  @Test(arguments: [
    "", ",", "1,,100%", "0,100%", "1,101%", "-1", "a", "1,1", "10%,10%", "50%,10%,100%", "1.5", "1, 100%",
    "٣",
  ])
  func `what is no growing list of numbers is refused`(text: String) {
    #expect(throws: Misuse.self) { _ = try Waves(text: text) }
  }

  @Test(arguments: [("1,10%", 100), ("3", 4)])
  func `waves that leave hosts out are refused`(text: String, hosts: Int) {
    let misuse = #expect(throws: Misuse.self) { _ = try Waves(text: text).partition(Self.hosts(hosts)) }
    #expect("\(misuse, default: "")".contains("end it with 100%"))
  }

  // MARK: Standing

  struct Case: CustomTestStringConvertible, Sendable {
    let testDescription: String
    var before: Int? = 3
    var confirmed: Int? = 3
    var trial: Int?
    /// Digests of revisions from 4 on.
    var later: [String] = []
    let stands: RunStanding
  }

  static let cases = [
    Case(testDescription: "as before", stands: .at(level: 0)),
    Case(testDescription: "nothing, as before", before: nil, confirmed: nil, stands: .at(level: 0)),
    Case(
      testDescription: "the first step on trial", trial: 4, later: ["one"],
      stands: .trying(step: 0, revision: 4)),
    Case(testDescription: "the first step was on trial", later: ["one"], stands: .at(level: 0)),
    Case(testDescription: "the first step", confirmed: 4, later: ["one"], stands: .at(level: 1)),
    Case(
      testDescription: "the second step on trial", confirmed: 4, trial: 5, later: ["one", "two"],
      stands: .trying(step: 1, revision: 5)),
    Case(testDescription: "the second step", confirmed: 5, later: ["one", "two"], stands: .at(level: 2)),
    Case(testDescription: "gone back", confirmed: 5, later: ["one", "was"], stands: .at(level: 0)),
    Case(
      testDescription: "what was wanted before the run was", confirmed: 2,
      stands: .elsewhere("revision 2 by somebody was confirmed since")),
    Case(
      testDescription: "another's", confirmed: 5, later: ["one", "other"],
      stands: .elsewhere("revision 5 by somebody was confirmed since")),
    Case(
      testDescription: "another's on trial", confirmed: 4, trial: 5, later: ["one", "other"],
      stands: .elsewhere("revision 5 by somebody is on trial")),
    Case(
      testDescription: "lost", confirmed: nil, stands: .elsewhere("nothing is confirmed any more")),
  ]

  @Test(arguments: cases) func `a host stands where its books say`(_ example: Case) {
    let digests = ["old", "one", "was"] + example.later
    let books = Books(
      confirmed: example.confirmed, trial: example.trial.map { .init(revision: $0, left: 1, by: "somebody") },
      revisions: digests.enumerated().map { index, digest in
        .init(
          number: index + 1, digest: digest, time: 1, by: "somebody", why: nil, meaning: nil,
          confirmedAt: nil,
          confirmedBy: nil)
      }, events: [], chainFaults: [], chainTip: "", damage: [])
    let before = RunPlan.Before(
      revision: example.before, digest: example.before.map { digests[$0 - 1] }, last: 3, wasOpen: false)
    let plan = RunPlan(
      steps: [[.init(name: "h", digest: "one")], [.init(name: "h", digest: "two")]], waves: [["h"]],
      before: ["h": before], settings: RunSettings(seconds: 60))
    #expect(RunStanding(of: "h", in: plan, books) == example.stands)
  }
}
