import Addressing
import Attempts
import Glibc
import Probing
import Synchronization
import Testing

/// What a witness takes, and when it has enough, on the loopback.
@Suite(.serialized, .enabled(if: geteuid() == 0, "not root")) struct WitnessTests {
  private static let ports = 61_001...64_000 as ClosedRange<UInt16>

  private static func witness() throws -> Witness {
    let own = try Address(parsing: "127.0.0.1")
    return Witness(
      WitnessRequest(
        peers: [own], firstPort: ports.lowerBound, lastPort: ports.upperBound, protocols: [.udp]))
  }

  @Test func `what is more than a turn takes is told all the same`() throws {
    let witness = try Self.witness()
    #expect(witness.unheard.isEmpty)
    let socket = Datagrams()
    for port in Self.ports { socket.send(to: port) }
    let (sightings, isCutShort) = witness.take()
    #expect(!isCutShort)
    for place in Sighting.Place.allCases {
      #expect(sightings.count { $0.place == place && $0.sourcePort == socket.port } == Self.ports.count)
    }
  }

  @Test(.timeLimit(.minutes(60)))
  func `whoever sends without an end does not keep a witness from being asked`() async throws {
    let witness = try Self.witness()
    let isOver = FloodEnd()
    let flood = Task.detached {
      let socket = Datagrams()
      while !isOver.value.load(ordering: .relaxed) { socket.send(to: Self.ports.lowerBound) }
    }
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    close(ends[1])
    while witness.take().sightings.isEmpty { witness.serve(until: -1, within: .milliseconds(10)) }
    for _ in 0..<2 {
      witness.serve(until: ends[0], within: .seconds(86_400))
      _ = witness.take()
    }
    close(ends[0])
    isOver.value.store(true, ordering: .relaxed)
    await flood.value
  }
}

private final class FloodEnd: Sendable {
  let value = Atomic(false)
}

/// Sends datagrams from one port to the loopback.
private struct Datagrams: ~Copyable {
  let port: UInt16
  private let descriptor: Int32

  init() {
    let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    Self.withAddress(0) { address, length in _ = bind(descriptor, address, length) }
    var own = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    _ = withUnsafeMutablePointer(to: &own) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
    }
    port = UInt16(bigEndian: own.sin_port)
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  func send(to port: UInt16) {
    let descriptor = descriptor
    Self.withAddress(port) { address, length in _ = sendto(descriptor, "x", 1, 0, address, length) }
  }

  private static func withAddress(_ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Void) {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }
}
