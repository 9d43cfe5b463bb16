import Foundation
import HostState
import HostStore
import Machine
import Testing

@Suite struct AuditChainTests {
  private static func entry(_ number: Int) -> AuditEntry {
    AuditEntry(
      .armed(RevisionNumber(rawValue: number), seconds: 60), time: Int64(number),
      by: Actor(user: "root"), why: "line\nbreak \u{2028}")
  }

  private static func filled(_ directory: StateDirectory, _ count: Int) throws -> HostStore {
    let store = HostStore(directory)
    for number in 1...count { try store.append(entry(number)) }
    return store
  }

  private static func lines(_ directory: StateDirectory) throws -> [String] {
    try String(contentsOfFile: "\(directory.path)/audit.jsonl", encoding: .utf8)
      .split(separator: "\n").map(String.init)
  }

  private static func write(_ lines: [String], _ directory: StateDirectory, end: String = "\n") throws {
    try Data((lines.joined(separator: "\n") + end).utf8).write(
      to: URL(filePath: "\(directory.path)/audit.jsonl"))
  }

  @Test func `what is appended is read back in order, and holds`() throws {
    try withState { directory in
      let chain = try Self.filled(directory, 5).audit()
      #expect(chain.entries == (1...5).map(Self.entry))
      #expect(chain.faults == [])
    }
  }

  @Test func `a line that is changed, removed, moved or put in breaks the chain`() throws {
    try withState { directory in
      let store = try Self.filled(directory, 5)
      let whole = try Self.lines(directory)
      let tip = try store.audit().tip
      var changed = whole
      changed[2] = changed[2].replacing("60 s", with: "90 s")
      var removed = whole
      removed.remove(at: 2)
      var moved = whole
      moved.swapAt(1, 2)
      var added = whole
      added.insert(whole[0], at: 3)
      var unreadable = whole
      unreadable[2] = "{"
      for lines in [changed, removed, moved, added, unreadable] {
        try Self.write(lines, directory)
        #expect(try !store.audit().faults.isEmpty)
      }
      // The end alone does not show it: its digest does.
      try Self.write(Array(whole.dropLast()), directory)
      #expect(try store.audit().faults == [])
      #expect(try store.audit().tip != tip)
    }
  }

  @Test func `a line that a power cut tore is told, and the chain goes on behind it`() throws {
    try withState { directory in
      let store = try Self.filled(directory, 3)
      let whole = try Self.lines(directory)
      try Self.write(whole.dropLast() + [String(whole[2].prefix(40))], directory, end: "")
      #expect(try store.audit().faults == ["line 3 cannot be read: it was cut off"])
      try store.append(Self.entry(4))
      let chain = try store.audit()
      #expect(chain.faults == ["line 3 cannot be read"])
      #expect(chain.entries == [1, 2, 4].map(Self.entry))
    }
  }
}
