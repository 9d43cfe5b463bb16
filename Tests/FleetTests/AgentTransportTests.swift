import Fleet
import Testing

/// How ssh is told where to go.
@Suite struct TransportTests {
  /// A destination that ssh took for an option would choose the file it reads, or the command it runs.
  @Test(arguments: ["web-1", "root@10.0.0.1", "-F", "-oProxyCommand=x", "--", "ssh://[2001:db8::1]:22"])
  func `no destination can be an option of ssh`(destination: String) throws {
    let command = AgentTransport.ssh(destination).command
    let place = try #require(command.lastIndex(of: destination))
    #expect(command.first == "ssh")
    #expect(command[..<place].last == "--")
    #expect(command[..<place].dropLast().allSatisfy { $0 != "--" })
    #expect(Array(command[(place + 1)...]) == ["sudo", "-n", "sekisho", "agent"])
  }
}
