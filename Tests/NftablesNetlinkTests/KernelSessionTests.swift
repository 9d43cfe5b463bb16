import Addressing
import ChildProcess
import ConntrackNetlink
import Netlink
import Sessions
import Testing

/// Sessions that the kernel is told of.
@Suite(.enabled(if: KernelTrait.isPossible, "this user may not make network namespaces"))
struct KernelSessionTests {
  private static func session(_ client: String, _ server: String, _ port: UInt16) throws -> Session {
    Session(
      client: SessionEnd(try Address(parsing: client), port),
      server: SessionEnd(try Address(parsing: server), 5432))
  }

  @Test(.namespace) func `sessions are entered once, in both families, more than fit one send`() throws {
    let many = try (0..<450).map { try Self.session("10.0.0.1", "10.0.0.2", 20_000 + UInt16($0)) }
    let sessions = many + [try Self.session("2001:db8::1", "2001:db8::2", 40_000)]
    let connection = try ConntrackConnection()
    #expect(try connection.enter(sessions) == 451)
    #expect(try connection.enter(sessions) == 0)
    // The other end began it, to what the kernel knows.
    #expect(try connection.enter([Session(client: many[0].server, server: many[0].client)]) == 0)
    // Some kernels do not list them here.
    let listing = ChildProcess.run(["cat", "/proc/self/net/nf_conntrack"])
    if listing.status != 0 { return }
    let lines = listing.output.split(separator: "\n")
    #expect(lines.count == 451)
    #expect(lines.allSatisfy { $0.contains("ESTABLISHED") && $0.contains("[ASSURED]") })
  }

  @Test(.namespace) func `nothing to enter asks nothing`() throws {
    #expect(try ConntrackConnection().enter([]) == 0)
  }
}
