import Addressing
import Sessions
import Testing

/// By which session whoever uses a process is here.
@Suite struct PresenceTests {
  /// What a host has, which is 10.0.0.2.
  struct Situation: CustomTestStringConvertible, Sendable {
    let testDescription: String
    /// The port of the client at 10.0.0.1 that the environment names.
    var said: UInt16?
    /// Numbers of sockets, those of the nearest process first.
    var holders: [Set<UInt64>] = []
    var isListed = true
    /// Ports of clients; those of sessions that are over are below zero.
    let expected: [Int]
  }

  private static func end(_ last: Int, _ port: UInt16) throws -> SessionEnd {
    SessionEnd(try Address(parsing: "10.0.0.\(last)"), port)
  }

  private static func sockets() throws -> [TCPSocket] {
    let all = SessionEnd(try Address(parsing: "::"), 22)
    return [
      TCPSocket(local: all, remote: SessionEnd(all.address, 0), state: .listening, inode: 1),
      TCPSocket(local: try end(2, 23), remote: try end(0, 0), state: .listening, inode: 2),
      // Another of the host's addresses.
      TCPSocket(local: try end(3, 24), remote: try end(0, 0), state: .listening, inode: 3),
      TCPSocket(local: try end(2, 22), remote: try end(1, 40_022), state: .open, inode: 22),
      TCPSocket(local: try end(2, 23), remote: try end(1, 40_023), state: .open, inode: 23),
      TCPSocket(local: try end(2, 23), remote: try end(1, 40_123), state: .open, inode: 123),
      TCPSocket(local: try end(2, 24), remote: try end(1, 40_024), state: .open, inode: 24),
      // It went out from here.
      TCPSocket(local: try end(2, 50_000), remote: try end(1, 443), state: .open, inode: 50),
      TCPSocket(local: try end(2, 22), remote: try end(2, 40_022), state: .open, inode: 60),
      // No process has it any more.
      TCPSocket(local: try end(2, 22), remote: try end(1, 40_999), state: .open),
    ]
  }

  static let situations: [Situation] = [
    Situation(testDescription: "a console", holders: [[], []], expected: []),
    Situation(testDescription: "sockets of other kinds", holders: [[7, 8], [0]], expected: []),
    Situation(testDescription: "a server above", holders: [[], [7, 22]], expected: [40_022]),
    Situation(testDescription: "one that hands on its socket", holders: [[23], [7]], expected: [40_023]),
    Situation(testDescription: "the nearer of two", holders: [[], [23], [22]], expected: [40_023]),
    Situation(
      testDescription: "one that serves two", holders: [[], [123, 23], [22]], expected: [40_023, 40_123]),
    Situation(testDescription: "what went out", holders: [[50], [50, 22]], expected: [40_022]),
    Situation(testDescription: "what went out alone", holders: [[50]], expected: []),
    Situation(testDescription: "where nobody listens at that address", holders: [[24]], expected: []),
    Situation(testDescription: "the host itself", holders: [[60]], expected: []),
    Situation(testDescription: "ssh", said: 40_022, holders: [[], [22]], expected: [40_022]),
    Situation(
      testDescription: "ssh, of which nothing may be read", said: 40_022, holders: [[], []],
      expected: [40_022]),
    Situation(
      testDescription: "ssh, which forwards to others", said: 40_022, holders: [[], [22, 23]],
      expected: [40_022]),
    Situation(testDescription: "a session that is over", said: 1, holders: [[], [7]], expected: [-1]),
    Situation(
      testDescription: "a server that was started from one that is over", said: 1, holders: [[], [23]],
      expected: [40_023]),
    Situation(
      testDescription: "a server that was started from one that is there", said: 40_022,
      holders: [[], [23]], expected: [40_023, 40_022]),
    Situation(
      testDescription: "sockets that cannot be read", said: 1, holders: [[], [23]], isListed: false,
      expected: [1]),
    Situation(
      testDescription: "a console where they cannot", holders: [[], [23]], isListed: false, expected: []),
  ]

  @Test(arguments: situations) func `whoever is here is found`(_ situation: Situation) throws {
    let said = try situation.said.map { Session(client: try Self.end(1, $0), server: try Self.end(2, 22)) }
    let found = Presence.found(
      said: said, holders: situation.holders, among: situation.isListed ? try Self.sockets() : nil,
      own: Set(try [2, 3].map { try Self.end($0, 0).address }))
    #expect(found.map { Int($0.session.client.port) * ($0.isOver ? -1 : 1) } == situation.expected)
    #expect(try found.allSatisfy { try $0.session.server.address == Self.end(2, 0).address })
  }

  /// As in a namespace of a lab, and as `ssh localhost` says.
  @Test(arguments: [(1, 4), (2, 2), (3, 2)])
  func `what is said of another host, or of the host itself, is nobody's way`(client: Int, server: Int) throws
  {
    let said = Session(client: try Self.end(client, 40_022), server: try Self.end(server, 22))
    let own = Set(try [2, 3].map { try Self.end($0, 0).address })
    for sockets in [try Self.sockets(), nil] {
      #expect(Presence.found(said: said, holders: [], among: sockets, own: own).isEmpty)
    }
  }
}
