import Addressing
import AgentProtocol
import Fleet
import Foundation
import LabHarness
import Nftables
import Operations
import Testing

/// What is left of a run on disk.
@Suite struct RunJournalTests {
  private static let plan = RunPlan(
    steps: [[.init(name: "a", digest: "d")]], waves: [["a"]],
    before: ["a": .init(revision: 1, digest: "x", last: 2, wasOpen: false)],
    settings: RunSettings(seconds: 60, check: ["/bin/true"], why: "a test"))

  private static var head: RunHead {
    let address = Address(.ipv4, 0x0a00_0001)
    let target = Target(
      name: "a", wanted: Table(family: .inet, name: "sekisho", chains: [], sets: []),
      reach: .through(.ssh("first")),
      identity: HostIdentity(host: "a", addresses: [address], owners: [address: "a"]),
      patience: Patience(answer: .seconds(7)))
    let request = TargetRequest(isLocal: false, isLab: false, host: "a", from: nil, patience: .init())
    return RunHead(Self.plan, Targets(hosts: [target], all: ["a"], inventory: nil), request, inventory: "/")
  }

  private static func refusal(_ body: () throws -> Void) -> RunRefusal? {
    do { try body() } catch { return error as? RunRefusal }
    return nil
  }

  @Test func `a run that was left is found with its hosts and how far it had come`() async throws {
    try await withTemporaryDirectory { base in
      let directory = try RunDirectory(base: base)
      try directory.requireNone()
      do {
        let journal = try directory.begin(Self.head)
        try journal.write(RunEntry(.trying, step: 0, wave: 0))
        // As long as it goes on, nobody else begins or takes it up.
        for begins in [true, false] {
          let refusal = Self.refusal {
            if begins { _ = try directory.begin(Self.head) } else { _ = try directory.unfinished() }
          }
          guard case .runs(let head?) = refusal else {
            Issue.record("it is not said who runs")
            continue
          }
          #expect(head == journal.head && head.words.contains(" since "))
        }
      }
      guard case .unfinished = Self.refusal({ try directory.requireNone() }) else {
        Issue.record("it is not said that a run was left")
        return
      }
      let journal = try directory.unfinished()
      #expect(journal.head.plan == Self.plan && journal.head.inventory == "/")
      #expect(journal.progress.touched(Self.plan, step: 0) == ["a"])
      let target = try #require(journal.head.targets.first)
      #expect(target.identity.addresses == [Address(.ipv4, 0x0a00_0001)])
      #expect(target.patience.answer == .seconds(7))
      guard case .through(let transport) = target.reach else {
        Issue.record("no transport")
        return
      }
      #expect(transport == .ssh("first") && transport.alone == AgentTransport.ssh("first").alone)
      try journal.write(RunEntry(.ended))
    }
  }

  @Test func `what was not brought to disk whole was not begun, and what is damaged is refused`() async throws
  {
    try await withTemporaryDirectory { base in
      let directory = try RunDirectory(base: base)
      do { _ = try directory.begin(Self.head).write(RunEntry(.goingBack, reason: "a test")) }
      let path = "\(base)/sekisho/runs"
      let name = try #require(
        try FileManager.default.contentsOfDirectory(atPath: path).first { $0.hasSuffix(".jsonl") })
      let whole = try Data(contentsOf: URL(filePath: "\(path)/\(name)"))
      func holding(_ bytes: Data, _ body: () throws -> Void) throws {
        try bytes.write(to: URL(filePath: "\(path)/\(name)"))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: "\(path)/\(name)")
        try body()
      }
      #expect(try directory.unfinished().progress.goesBack == "a test")
      let head = try #require(whole.firstIndex(of: 0x0a)) + 1
      for cut in [head, head + 1, whole.count - 1] {
        try holding(whole.prefix(cut)) {
          let found = try directory.unfinished()
          #expect(found.progress.goesBack == nil)
          // What is written next is a line of its own.
          try found.write(RunEntry(.goingBack, reason: "another"))
        }
        do {
          let again = try directory.unfinished()
          #expect(again.progress.goesBack == "another")
        }
      }
      // Of a run whose head is not there, nothing was done.
      for cut in [0, 1, head - 1] {
        try holding(whole.prefix(cut)) { try directory.requireNone() }
      }
      for damage in [whole.prefix(head) + Data("x\n".utf8), Data("{}\n".utf8)] {
        try holding(damage) {
          guard case .damaged = Self.refusal({ try directory.requireNone() }) else {
            Issue.record("damage is not told")
            return
          }
        }
      }
    }
  }

  @Test func `so many runs are kept, the newest`() async throws {
    try await withTemporaryDirectory { base in
      let directory = try RunDirectory(base: base)
      let path = "\(base)/sekisho/runs"
      for number in 100..<160 {
        try Data().write(to: URL(filePath: "\(path)/20200101T000\(number)Z-1.jsonl"))
      }
      do { try directory.begin(Self.head).write(RunEntry(.ended)) }
      let names = try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(".jsonl") }
        .sorted()
      #expect(names.count == RunDirectory.mostRuns)
      #expect(names.first?.contains("T000111Z") == true && names.last?.hasPrefix("2020") == false)
    }
  }

  @Test func `a run that was left is found whatever the clock said when others began`() async throws {
    try await withTemporaryDirectory { base in
      let directory = try RunDirectory(base: base)
      let path = "\(base)/sekisho/runs"
      func journals() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(".jsonl") }
      }
      // As many as are kept, all of which seem to have begun later.
      for number in 0..<RunDirectory.mostRuns {
        do { try directory.begin(Self.head).write(RunEntry(.ended)) }
        let name = try #require(try journals().first { !$0.hasPrefix("9") })
        try FileManager.default.moveItem(
          atPath: "\(path)/\(name)", toPath: "\(path)/9999\(1000 + number)T000000Z-1.jsonl")
      }
      do { try directory.begin(Self.head).write(RunEntry(.trying, step: 0, wave: 0)) }
      #expect(try journals().count == RunDirectory.mostRuns)
      guard case .unfinished = Self.refusal({ _ = try directory.begin(Self.head) }) else {
        Issue.record("it is not said that a run was left")
        return
      }
      do {
        let journal = try directory.unfinished()
        #expect(journal.progress.touched(Self.plan, step: 0) == ["a"])
        try journal.write(RunEntry(.ended))
      }
      try directory.requireNone()
    }
  }

  @Test func `a journal that is taken away is not made anew`() async throws {
    try await withTemporaryDirectory { base in
      let directory = try RunDirectory(base: base)
      let path = "\(base)/sekisho/runs"
      let journal = try directory.begin(Self.head)
      let name = try #require(
        try FileManager.default.contentsOfDirectory(atPath: path).first { $0.hasSuffix(".jsonl") })
      try FileManager.default.removeItem(atPath: "\(path)/\(name)")
      #expect(throws: (any Error).self) { try journal.write(RunEntry(.trying, step: 0, wave: 0)) }
      #expect(!FileManager.default.fileExists(atPath: "\(path)/\(name)"))
    }
  }

  @Test func `whoever else could write there decides what hosts go back to`() async throws {
    try await withTemporaryDirectory { base in
      _ = try RunDirectory(base: base)
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o777], ofItemAtPath: "\(base)/sekisho/runs")
      guard case .noPlace = Self.refusal({ _ = try RunDirectory(base: base) }) else {
        Issue.record("the directory is taken")
        return
      }
    }
  }
}
