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

  private static let bounds = [
    "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=5", "-o",
    "ServerAliveCountMax=3",
  ]

  @Test func `a prefix is in front of the agent, and ssh does not wait for ever`() {
    #expect(
      AgentTransport.prefixed(["incus", "exec", "a", "--"], host: "a").command
        == ["incus", "exec", "a", "--", "sekisho", "agent"])
    #expect(
      AgentTransport.prefixed(["/usr/bin/ssh", "-J", "b", "a"], host: "a").command
        == ["/usr/bin/ssh"] + Self.bounds + ["-J", "b", "a", "sekisho", "agent"])
    #expect(
      AgentTransport.prefixed(["ssh", "a"], host: "a", Patience(answer: .seconds(3))).command.contains(
        "ConnectTimeout=3"))
  }

  /// The first that ssh is told of an option holds (ssh_config(5)).
  @Test(arguments: [
    (
      ["ssh", "-o", "ControlPath=x", "a"],
      ["ssh", "-o", "ControlPath=none"] + bounds + ["-o", "ControlPath=x", "a"]
    ),
    (
      ["timeout", "9", "/usr/bin/ssh", "a"], ["timeout", "9", "/usr/bin/ssh", "-o", "ControlPath=none", "a"]
    ),
    (["incus", "exec", "a", "--", "ssh"], ["incus", "exec", "a", "--", "ssh"]),
    (
      ["ssh", "b", "ssh", "a", "sudo"],
      ["ssh", "-o", "ControlPath=none"] + bounds + ["b", "ssh", "-o", "ControlPath=none", "a", "sudo"]
    ),
  ])
  func `the connection that confirms is one of its own`(prefix: [String], alone: [String]) {
    #expect(AgentTransport.prefixed(prefix, host: "a").alone.command == alone + ["sekisho", "agent"])
  }

  @Test func `a host called ssh is no program`() {
    let command = AgentTransport.ssh("ssh").alone.command
    #expect(command.count { $0 == "ControlPath=none" } == 1)
    for prefix in [
      ["incus", "exec", "ssh", "--"], ["wrap", "/run/netns/ssh", "sudo"], ["sudo", "--as=/x/ssh"],
    ] {
      #expect(AgentTransport.prefixed(prefix, host: "ssh").alone.command == prefix + ["sekisho", "agent"])
    }
    let led = AgentTransport.prefixed(["ssh", "-p", "2222", "ssh"], host: "ssh").alone.command
    #expect(led.first == "ssh" && Array(led.suffix(3)) == ["ssh", "sekisho", "agent"])
    #expect(led.count { $0 == "ControlPath=none" } == 1)
    let bounded = AgentTransport.prefixed(["timeout", "9", "ssh", "root@ssh"], host: "ssh").alone.command
    #expect(Array(bounded[2...4]) == ["ssh", "-o", "ControlPath=none"])
    // Of two it is not known which one is the host.
    let hop = AgentTransport.prefixed(["ssh", "b", "ssh", "ssh"], host: "ssh").alone.command
    #expect(hop.count { $0 == "ControlPath=none" } == 3)
    #expect(
      Array(command[command.index(command.endIndex, offsetBy: -6)...])
        == ["--", "ssh", "sudo", "-n", "sekisho", "agent"].suffix(6))
  }
}
