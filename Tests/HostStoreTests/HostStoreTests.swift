import Foundation
import HostState
import HostStore
import Machine
import SystemPackage
import Testing

@Suite struct HostStoreTests {
  private static let actor = Actor(user: "root", invokedBy: "ada", from: "192.0.2.7")

  private static func revision(_ number: Int, _ ruleset: [UInt8]) -> Revision {
    Revision(
      number: RevisionNumber(rawValue: number), digest: HostStore.digest(ruleset), time: 1_700_000_000,
      by: actor, why: "opens \"443\"\n", meaning: "opens 1 flow")
  }

  private static func trial(_ number: Int) -> Trial {
    Trial(
      revision: RevisionNumber(rawValue: number), place: "boot:1", token: "t", seconds: 60, by: actor)
  }

  @Test func `what was written is read back, and nothing is there before`() throws {
    try withState { directory in
      let store = HostStore(directory)
      #expect(try store.load() == HostStore.Content())
      let ruleset = Array("{\"nftables\":[]}".utf8)
      try store.write(Self.revision(1, ruleset), ruleset: ruleset, keeping: HostState())
      try store.write(Self.trial(1))
      try store.write(HostState.Stop(until: 5, by: Self.actor, why: nil))
      var state = HostState(
        trial: Self.trial(1), last: RevisionNumber(rawValue: 1),
        stop: HostState.Stop(until: 5, by: Self.actor, why: nil))
      #expect(try store.load() == HostStore.Content(state: state))
      try store.writeConfirmed(RevisionNumber(rawValue: 1))
      try store.removeTrial()
      try store.removeStop()
      (state.confirmed, state.trial, state.stop) = (RevisionNumber(rawValue: 1), nil, nil)
      #expect(try store.load() == HostStore.Content(state: state))
      #expect(try store.ruleset(of: RevisionNumber(rawValue: 1)) == ruleset)
      #expect(try store.about(RevisionNumber(rawValue: 1)) == Self.revision(1, ruleset))
      // Once removed, removing is no failure: a step may be taken twice.
      try store.removeTrial()
    }
  }

  @Test func `a revision that was written in is damaged, and one that is not there is none`() throws {
    try withState { directory in
      let store = HostStore(directory)
      let number = RevisionNumber(rawValue: 1)
      let ruleset = Array("{}".utf8)
      #expect(throws: HostStore.Failure.noRevision(number)) { try store.ruleset(of: number) }
      try store.write(Self.revision(1, ruleset), ruleset: ruleset, keeping: HostState())
      let path = "\(directory.path)/revisions/1"
      try Directory(opening: path).replace("ruleset.json", with: Array("{ }".utf8))
      let failure = #expect(throws: HostStore.Failure.self) { try store.ruleset(of: number) }
      #expect(
        failure == .damaged("\(path)/ruleset.json", "its digest is not the one in about.json"))
      try Directory(opening: path).remove("about.json")
      #expect(throws: HostStore.Failure.damaged("\(path)/about.json", "it is missing")) {
        try store.about(number)
      }
      #expect(try store.revisions().map(\.number) == [number])
    }
  }

  @Test(arguments: ["", "{", "{\"format_version\":2,\"value\":1}", "{\"format_version\":1,\"value\":\"x\"}"])
  func `what cannot be read is told, and the rest is read`(text: String) throws {
    try withState { directory in
      let store = HostStore(directory)
      let ruleset: [UInt8] = [1]
      try store.write(Self.revision(3, ruleset), ruleset: ruleset, keeping: HostState())
      try store.writeConfirmed(RevisionNumber(rawValue: 3))
      for name in ["trial", "stopped"] {
        try Directory(opening: directory.path).replace(name, with: Array(text.utf8))
      }
      var content = try store.load()
      #expect(content.damage.count == 2 && !content.isConfirmedLost)
      #expect(
        content.state
          == HostState(
            confirmed: RevisionNumber(rawValue: 3), last: RevisionNumber(rawValue: 3),
            stop: content.state.stop))
      // Of a stop nobody can tell for how long: it is over.
      #expect(content.state.stop?.left(at: 0, sinceBoot: 0) == 0)
      try Directory(opening: directory.path).replace("confirmed", with: Array(text.utf8))
      content = try store.load()
      #expect(content.isConfirmedLost && content.state.confirmed == nil)
    }
  }

  @Test func `the oldest revisions go, the confirmed one and the one on trial stay, no number comes again`()
    throws
  {
    try withState { directory in
      let store = HostStore(directory)
      let state = HostState(confirmed: RevisionNumber(rawValue: 2), trial: Self.trial(3))
      for number in 1...HostStore.mostRevisions + 10 {
        try store.write(Self.revision(number, [UInt8(number)]), ruleset: [UInt8(number)], keeping: state)
      }
      let kept = try store.revisions().map(\.number.rawValue)
      #expect(kept.prefix(2) == [2, 3])
      #expect(kept.count == HostStore.mostRevisions + 3)
      #expect(try store.load().state.last == RevisionNumber(rawValue: HostStore.mostRevisions + 10))
    }
  }

  /// A disk that is full or breaks, or a process that dies, at every call.
  @Test(arguments: [Errno.noSpace, .ioError])
  func `whatever call fails, each file is the old one or the new one`(errno: Errno) throws {
    let old: [UInt8] = [1]
    let new: [UInt8] = [2]
    var failing = 0
    while failing < 100 {
      let (whole, after) = try withState { directory in
        let store = HostStore(directory)
        try store.write(Self.revision(1, old), ruleset: old, keeping: HostState())
        try store.writeConfirmed(RevisionNumber(rawValue: 1))
        let count = Counter(failing)
        let faulty = HostStore(directory) { (_, _) throws(Errno) in
          if count.isOver() { throw errno }
        }
        var whole = true
        do throws(HostStore.Failure) {
          try faulty.write(Self.revision(2, new), ruleset: new, keeping: HostState())
          try faulty.write(Self.trial(2))
          try faulty.writeConfirmed(RevisionNumber(rawValue: 2))
          try faulty.removeTrial()
        } catch {
          whole = false
        }
        let after = try store.load()
        #expect(after.damage.isEmpty)
        let confirmed = try #require(after.state.confirmed)
        #expect(try store.ruleset(of: confirmed) == (confirmed.rawValue == 1 ? old : new))
        if let trial = after.state.trial { #expect(try store.ruleset(of: trial.revision) == new) }
        return (whole, after)
      }
      if whole {
        #expect(after.state.confirmed == RevisionNumber(rawValue: 2) && failing > 8)
        return
      }
      failing += 1
    }
    Issue.record("the steps do not end")
  }

  @Test func `a directory that others may enter is refused`() throws {
    try withState { directory in
      try FileManager.default.setAttributes([.posixPermissions: 0o710], ofItemAtPath: directory.path)
      let refusal = #expect(throws: DirectoryRefusal.self) { try StateDirectory(path: directory.path) }
      #expect(refusal?.remedy == "set SEKISHO_STATE_DIR to a directory of your own with mode 0700")
    }
  }
}
