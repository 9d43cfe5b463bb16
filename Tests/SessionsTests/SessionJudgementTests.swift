import Addressing
import Nftables
import Sessions
import Testing

@Suite struct SessionJudgementTests {
  /// Lets postgres in from everywhere and https out.
  private static func table() throws -> Table {
    func rule(_ statements: [Statement]) throws -> Rule { try Rule(statements, in: .inet) }
    return Table(
      family: .inet, name: "t",
      chains: [
        Chain(
          name: "input", base: BaseChain(hook: .input, policy: .drop),
          rules: [
            try rule([.match(.tcpFlags([.fin, .syn, .rst, .ack]), .notEqual, .tcpFlags(.syn)), .drop]),
            try rule([.match(.tcpDport, .port(5432)), .accept]),
          ]),
        Chain(
          name: "output", base: BaseChain(hook: .output, policy: .drop),
          rules: [try rule([.match(.tcpDport, .port(443)), .accept])]),
      ], sets: [])
  }

  private static func socket(
    _ local: String, _ port: UInt16, _ remote: String = "0.0.0.0", _ remotePort: UInt16 = 0
  ) throws -> TCPSocket {
    TCPSocket(
      local: SessionEnd(try Address(parsing: local), port),
      remote: SessionEnd(try Address(parsing: remote), remotePort),
      state: remotePort == 0 ? .listening : .open)
  }

  private static func kept(_ sockets: [TCPSocket]) throws -> [String] {
    try table().sessionsItAllows(of: sockets, at: 0).map {
      "\($0.client.address):\($0.client.port) > \($0.server.address):\($0.server.port)"
    }
  }

  @Test func `a session goes on in the direction in which the table would let it begin`() throws {
    let own = "10.0.0.2"
    #expect(
      try Self.kept([
        Self.socket("0.0.0.0", 5432), Self.socket(own, 5432, "10.0.0.1", 40000),
        Self.socket(own, 40001, "10.0.0.3", 443), Self.socket(own, 22, "10.0.0.1", 40002),
        Self.socket(own, 40003, "10.0.0.3", 80),
      ]) == ["10.0.0.1:40000 > 10.0.0.2:5432", "10.0.0.2:40001 > 10.0.0.3:443"])
  }

  @Test func `whoever listens did not begin it, however open the other direction is`() throws {
    // Somebody connected from port 443 to a service of ours that the table does not let in.
    let session = try Self.socket("10.0.0.2", 8080, "10.0.0.3", 443)
    #expect(try Self.kept([session]) == ["10.0.0.2:8080 > 10.0.0.3:443"])
    for listener in ["0.0.0.0", "::", "10.0.0.2"] {
      #expect(try Self.kept([Self.socket(listener, 8080), session]).isEmpty)
    }
    #expect(try Self.kept([Self.socket("10.0.0.9", 8080), session]).count == 1)
  }

  @Test func `where nobody listens any more a session that was let in goes on`() throws {
    #expect(
      try Self.kept([Self.socket("10.0.0.2", 5432, "10.0.0.1", 40000)]) == ["10.0.0.1:40000 > 10.0.0.2:5432"])
  }

  @Test func `what a host says to itself is left out`() throws {
    #expect(
      try Self.kept([
        Self.socket("10.0.0.2", 5432, "10.0.0.2", 40000), Self.socket("10.0.0.2", 40000, "10.0.0.2", 5432),
      ]).isEmpty)
  }
}
