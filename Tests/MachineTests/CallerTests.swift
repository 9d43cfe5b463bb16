import Glibc
import Machine
import Testing

@Suite struct CallerTests {
  @Test func `of the sockets that a process has open each has its number`() throws {
    var ends: [Int32] = [-1, -1]
    try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
    defer { ends.forEach { close($0) } }
    let numbers = try ends.map { end in
      var status = stat()
      try #require(fstat(end, &status) == 0)
      return UInt64(status.st_ino)
    }
    let own = try #require(Caller.sockets.first)
    #expect(Set(numbers).count == 2 && own.isSuperset(of: numbers), "\(numbers), \(own)")
  }

  @Test func `this process is asked, and those above it`() {
    // Whoever runs tests started this process from another one, unless it is the first of its namespace.
    #expect(Caller.sockets.count >= (getppid() > 1 ? 2 : 1) && Caller.sockets.count <= 33)
  }
}
