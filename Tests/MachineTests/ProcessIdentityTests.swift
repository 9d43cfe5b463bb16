import Glibc
import LabHarness
import Machine
import SystemPackage
import Testing

@Suite struct ProcessIdentityTests {
  @Test func `a process is known by its number, its start and the boot`() throws {
    let own = try #require(ProcessIdentity(of: getpid()))
    #expect(own.number == getpid() && own.isAlive)
    #expect(try own.boot == Boot.identifier())
    #expect(!ProcessIdentity(number: own.number, start: own.start + 1, boot: own.boot).isAlive)
    #expect(!ProcessIdentity(number: own.number, start: own.start, boot: "another").isAlive)
    #expect(ProcessIdentity(of: 0) == nil)
  }

  @Test func `a process that is killed is gone, and killing it again is no failure`() async throws {
    let started = try await run(
      ["/usr/bin/sh", "-c", "sleep 86400 </dev/null >/dev/null 2>&1 & echo $!"])
    let number = try #require(Int32(started.lines.joined()))
    let process = try #require(ProcessIdentity(of: number))
    try ProcessIdentity(number: number, start: process.start + 1, boot: process.boot).kill(
      within: .seconds(1))
    #expect(process.isAlive, "another process had the number before")
    try process.kill(within: .seconds(60))
    #expect(!process.isAlive)
    try process.kill(within: .seconds(1))
  }
}
